/** Ids of tasks: 8 unique bytes and the id of the actor they run in. */

import { ActorId } from './actor-id.ts';
import { checkU32, FixedLengthId, fillRandomly, randomBytes } from './fixed-length-id.ts';
import { JobId } from './job-id.ts';
import { type Origin, uniqueBytes } from './unique-bytes.ts';

const UNIQUE_BYTES = 8;
const NO_UNIQUE = new Uint8Array(UNIQUE_BYTES).fill(0xff);

export class TaskId extends FixedLengthId {
  static override readonly SIZE = UNIQUE_BYTES + ActorId.SIZE;
  /** The id of no task. */
  static readonly nil: TaskId = new TaskId();

  /** The main program of a job counts as a task, the root of all. */
  static forDriverTask(job: JobId): TaskId {
    return withActor(NO_UNIQUE, ActorId.nilFromJob(job));
  }

  /** The task that runs an actor's constructor. */
  static forActorCreationTask(actor: ActorId): TaskId {
    return withActor(NO_UNIQUE, actor);
  }

  /** A call of an actor's method. */
  static forActorTask(origin: Origin, actor: ActorId): TaskId {
    return withActor(uniqueBytes(UNIQUE_BYTES, origin), actor);
  }

  /** A task that belongs to no actor. */
  static forNormalTask(origin: Origin): TaskId {
    return withActor(uniqueBytes(UNIQUE_BYTES, origin), ActorId.nilFromJob(origin.job));
  }

  /** A new id nobody else has: 20 random bytes and the job id. */
  static fromRandom(job: JobId, fill = fillRandomly): TaskId {
    return new TaskId(Buffer.concat([randomBytes(TaskId.SIZE - JobId.SIZE, fill), job.toBinary()]));
  }

  /**
   * The id under which a task's attempt of this number is kept: the first eight bytes as a little-endian number, its lowest
   * byte cleared, plus the attempt. Large numbers carry into the other bytes, so no two attempts of a task are one.
   */
  static forExecutionAttempt(task: TaskId, attempt: number): TaskId {
    checkU32(attempt, 'attempt');
    const bytes = task.toBinary();
    const view = new DataView(bytes.buffer);
    const base = view.getBigUint64(0, true) & ~0xffn;
    view.setBigUint64(0, BigInt.asUintN(64, base + BigInt(attempt)), true);
    return new TaskId(bytes);
  }

  get kind(): 'TaskId' {
    return 'TaskId';
  }

  /** The actor it runs in; of other tasks, the one that only names the job. */
  get actorId(): ActorId {
    return new ActorId(this.part(UNIQUE_BYTES));
  }

  /** The job it belongs to. The nil task has none; asking is a bug. */
  get jobId(): JobId {
    return this.actorId.jobId;
  }

  /**
   * Whether it creates an actor. As in Ray the ids of driver tasks look the same, because the actor that names their job is not
   * nil: ask only about tasks that are no driver's.
   */
  get isForActorCreationTask(): boolean {
    return this.part(0, UNIQUE_BYTES).every((byte) => byte === 0xff) && !this.actorId.isNil;
  }
}

function withActor(unique: Uint8Array, actor: ActorId): TaskId {
  return new TaskId(Buffer.concat([unique, actor.toBinary()]));
}
