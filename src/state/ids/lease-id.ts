/** Ids of leases of workers: a number, and the worker that counts them. */

import { bytesOfU32, checkU32, FixedLengthId, fillRandomly, randomBytes } from './fixed-length-id.ts';
import { WorkerId } from './unique-id.ts';

const COUNTER_BYTES = 4;

/** Counter u32 little-endian ‖ worker id. */
export class LeaseId extends FixedLengthId {
  static override readonly SIZE = COUNTER_BYTES + WorkerId.SIZE;
  /** The id of no lease. */
  static readonly nil: LeaseId = new LeaseId();

  /** The lease of this number among those that the worker asked for. */
  static fromWorker(worker: WorkerId, counter: number): LeaseId {
    checkU32(counter, 'counter');
    return new LeaseId(Buffer.concat([bytesOfU32(counter), worker.toBinary()]));
  }

  /** A new id nobody else has. */
  static fromRandom(fill = fillRandomly): LeaseId {
    return new LeaseId(randomBytes(LeaseId.SIZE, fill));
  }

  get kind(): 'LeaseId' {
    return 'LeaseId';
  }

  /** Its number among the worker's. */
  get counter(): number {
    return this.u32(0);
  }

  /** The worker that asked for it. */
  get workerId(): WorkerId {
    return new WorkerId(this.part(COUNTER_BYTES));
  }
}
