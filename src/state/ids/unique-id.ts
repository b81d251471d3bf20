// biome-ignore-all lint/complexity/noThisInStatic: `this` is the subclass whose id is wanted.
/** Ids without parts: 28 random bytes. Each class is a type of its own, and all of them are a `UniqueId`. */

import { FixedLengthId, fillRandomly, type IdClass, randomBytes } from './fixed-length-id.ts';
import { JobId } from './job-id.ts';

export class UniqueId extends FixedLengthId {
  static override readonly SIZE = 28;
  static readonly nil: UniqueId = new UniqueId();

  /** A new id nobody else has. */
  static fromRandom<Id>(this: IdClass<Id>, fill = fillRandomly): Id {
    return new this(randomBytes(this.SIZE, fill));
  }

  get kind(): string {
    return 'UniqueId';
  }
}

/** A worker: a thread that runs tasks, or a job's main program. */
export class WorkerId extends UniqueId {
  static override readonly nil: WorkerId = new WorkerId();

  /** The main program of a job: the bytes of the job id, then FF. */
  static forDriver(job: JobId): WorkerId {
    return new WorkerId(
      Buffer.concat([job.toBinary(), new Uint8Array(WorkerId.SIZE - JobId.SIZE).fill(0xff)]),
    );
  }

  override get kind(): 'WorkerId' {
    return 'WorkerId';
  }
}

/** A machine, or what stands for one. */
export class NodeId extends UniqueId {
  static override readonly nil: NodeId = new NodeId();

  override get kind(): 'NodeId' {
    return 'NodeId';
  }
}

/** A function that tasks run. */
export class FunctionId extends UniqueId {
  static override readonly nil: FunctionId = new FunctionId();

  override get kind(): 'FunctionId' {
    return 'FunctionId';
  }
}

/** A class that actors are made of. */
export class ActorClassId extends UniqueId {
  static override readonly nil: ActorClassId = new ActorClassId();

  override get kind(): 'ActorClassId' {
    return 'ActorClassId';
  }
}

/** A configuration. */
export class ConfigId extends UniqueId {
  static override readonly nil: ConfigId = new ConfigId();

  override get kind(): 'ConfigId' {
    return 'ConfigId';
  }
}

/** A cluster: all nodes that know of each other. */
export class ClusterId extends UniqueId {
  static override readonly nil: ClusterId = new ClusterId();

  override get kind(): 'ClusterId' {
    return 'ClusterId';
  }
}
