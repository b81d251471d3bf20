/** Ids of jobs: numbers. A job is one program that uses the runtime. */

import { bytesOfU32, checkU32, FixedLengthId } from './fixed-length-id.ts';

/** A number of 32 bits, little-endian; the largest one is nil. Jobs are counted, so none is made at random. */
export class JobId extends FixedLengthId {
  static override readonly SIZE = 4;
  /** The id of no job. */
  static readonly nil: JobId = new JobId();

  /** The job with this number. */
  static fromInt(value: number): JobId {
    checkU32(value, 'value');
    return new JobId(bytesOfU32(value));
  }

  get kind(): 'JobId' {
    return 'JobId';
  }

  /** Its number. */
  toInt(): number {
    return this.u32(0);
  }
}
