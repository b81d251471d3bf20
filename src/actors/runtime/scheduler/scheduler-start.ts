/** What the scheduler's thread is started with. */
import type { MessagePort } from 'node:worker_threads';
import type { StoreHandle } from '../../client/store-owner.ts';
import type { ErrorParts } from '../link/error-codec.ts';
import type { WorkerLimits } from './worker-threads.ts';

export interface SchedulerStart {
  readonly store: StoreHandle;
  readonly board: SharedArrayBuffer;
  readonly ownerPort: MessagePort;
  /** The owner's client number in the store. */
  readonly ownerClient: number;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly resources: { readonly [name: string]: number };
  readonly labels: { readonly [key: string]: string };
  readonly resourceLimits: WorkerLimits | undefined;
  readonly heartbeatMs: number | undefined;
}

/** What it tells its maker, once. */
export interface SchedulerStarted {
  /** Why its first workers could not start. */
  readonly failure: ErrorParts | undefined;
}
