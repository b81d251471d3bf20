/** Ids of placement groups: 14 random bytes and the job id. */

import { InvariantError } from '../errors.ts';
import { FixedLengthId, fillRandomly, randomBytes } from './fixed-length-id.ts';
import { JobId } from './job-id.ts';

const UNIQUE_BYTES = 14;

export class PlacementGroupId extends FixedLengthId {
  static override readonly SIZE = UNIQUE_BYTES + JobId.SIZE;
  /** The id of no placement group. */
  static readonly nil: PlacementGroupId = new PlacementGroupId();

  /** The id of a new placement group of this job. */
  static of(job: JobId, fill = fillRandomly): PlacementGroupId {
    return new PlacementGroupId(Buffer.concat([randomBytes(UNIQUE_BYTES, fill), job.toBinary()]));
  }

  get kind(): 'PlacementGroupId' {
    return 'PlacementGroupId';
  }

  /** The job it belongs to. The nil group has none; asking is a bug. */
  get jobId(): JobId {
    if (this.isNil) throw new InvariantError('the nil placement group id belongs to no job');
    return new JobId(this.part(UNIQUE_BYTES));
  }
}
