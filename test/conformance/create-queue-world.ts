/** What the tests of the create queue share: a queue, the world around it, and creations that end as they are told. */
import * as assert from 'uvu/assert';
import {
  CreateRequestQueue,
  type CreateRequestQueueOptions,
  type TryCreate,
} from '../../src/state/queues/create-request-queue.ts';
import { DiskMonitor } from '../../src/state/queues/disk-monitor.ts';
import { Status } from '../../src/state/status.ts';
import type { ErrorName, StatusName } from '../../src/state/status-codes.ts';
import { StatusOr } from '../../src/state/status-or.ts';

export interface Created {
  readonly dataSize: number;
}

export const SIZE = 1_234;
export const ONE = 'client 1';
export const TWO = 'client 2';

export const created: StatusOr<Created> = StatusOr.of({ dataSize: SIZE });
export const failed = (code: ErrorName, message = ''): StatusOr<Created> =>
  StatusOr.error(Status.error(code, message));
export const succeed: TryCreate<Created> = () => created;
export const oom: TryCreate<Created> = () => failed('OutOfMemory', 'the sizes');
export const oomUnlessFallback: TryCreate<Created> = (fallback) =>
  fallback ? created : failed('OutOfMemory');

/** What a test can set, and what it can count. Grace 1 s and disk threshold 1 unless said, as in Ray. */
export class World {
  nowMs = 0;
  spill = false;
  gcCount = 0;
  dumpCount = 0;
  spillCount = 0;
  readonly queue: CreateRequestQueue<string, Created>;

  constructor(options: Partial<CreateRequestQueueOptions> & { readonly threshold?: number } = {}) {
    this.queue = new CreateRequestQueue({
      diskMonitor: new DiskMonitor({
        paths: ['/tmp'],
        capacityThreshold: options.threshold ?? 1,
        statDisk: () => ({ capacityBytes: 100, availableBytes: 50 }),
      }),
      oomGracePeriodMs: 1_000,
      spillObjects: () => {
        this.spillCount++;
        return this.spill;
      },
      triggerGlobalGc: () => {
        this.gcCount++;
      },
      dumpDebugInfo: () => {
        this.dumpCount++;
      },
      nowMs: () => this.nowMs,
      ...options,
    });
  }

  add(tryCreate: TryCreate<Created>, client = ONE, sizeBytes = SIZE): number {
    return this.queue.addRequest(client, tryCreate, sizeBytes);
  }

  assertUnfinished(...ids: readonly number[]): void {
    for (const id of ids) assert.is(this.queue.getRequestResult(id), undefined);
  }

  /** The request is finished with this; and its outcome can be read once. */
  assertFinished(id: number, code: StatusName): void {
    const outcome = this.queue.getRequestResult(id);
    assert.is(outcome?.code, code);
    if (code === 'OK') assert.is(outcome?.value.dataSize, SIZE);
    assert.is(this.queue.getRequestResult(id)?.code, 'UnknownError');
  }

  assertNoLeaks(): void {
    assert.is(this.queue.numPendingRequests, 0);
    assert.is(this.queue.numPendingBytes, 0);
    assert.is(this.queue.numFinishedRequests, 0);
  }
}

/** A creation that fails or succeeds as it is told. */
export function switchable() {
  return { code: 'OutOfMemory' as ErrorName | 'OK', calls: 0, fallbackCalls: 0 };
}
export function trying(way: ReturnType<typeof switchable>): TryCreate<Created> {
  return (fallback) => {
    way.calls++;
    if (fallback) way.fallbackCalls++;
    return way.code === 'OK' ? created : failed(way.code);
  };
}
