/** Ids of actors: 12 unique bytes and the job id. */

import { InvariantError } from '../errors.ts';
import { FixedLengthId } from './fixed-length-id.ts';
import { JobId } from './job-id.ts';
import { type Origin, uniqueBytes } from './unique-bytes.ts';

const UNIQUE_BYTES = 12;

export class ActorId extends FixedLengthId {
  static override readonly SIZE = UNIQUE_BYTES + JobId.SIZE;
  /** The id of no actor. */
  static readonly nil: ActorId = new ActorId();

  /**
   * The id of the actor that a task creates as its child of this number. The time goes in, too, so it is *not* the same when
   * the task runs again: the first run's actor may still live.
   */
  static of(origin: Origin, nowNs: bigint): ActorId {
    return withJob(uniqueBytes(UNIQUE_BYTES, origin, nowNs), origin.job);
  }

  /** What stands in the ids of tasks that belong to no actor. Not nil: it names the job. */
  static nilFromJob(job: JobId): ActorId {
    return withJob(new Uint8Array(UNIQUE_BYTES).fill(0xff), job);
  }

  get kind(): 'ActorId' {
    return 'ActorId';
  }

  /** The job it belongs to. The nil actor has none; asking is a bug. */
  get jobId(): JobId {
    if (this.isNil) throw new InvariantError('the nil actor id belongs to no job');
    return new JobId(this.part(UNIQUE_BYTES));
  }
}

function withJob(unique: Uint8Array, job: JobId): ActorId {
  return new ActorId(Buffer.concat([unique, job.toBinary()]));
}
