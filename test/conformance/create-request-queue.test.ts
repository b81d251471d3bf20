/** Ray's create_request_queue_test, and what else ray-semantics.md §5 tells of the queue. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import {
  CreateRequestQueue,
  type CreateRequestQueueOptions,
  DEFAULT_OOM_GRACE_PERIOD_MS,
  type TryCreate,
} from '../../src/state/queues/create-request-queue.ts';
import { DiskMonitor } from '../../src/state/queues/disk-monitor.ts';
import { Status } from '../../src/state/status.ts';
import type { ErrorName, StatusName } from '../../src/state/status-codes.ts';
import { StatusOr } from '../../src/state/status-or.ts';

interface Created {
  readonly dataSize: number;
}

const SIZE = 1_234;
const ONE = 'client 1';
const TWO = 'client 2';

const created: StatusOr<Created> = StatusOr.of({ dataSize: SIZE });
const failed = (code: ErrorName, message = ''): StatusOr<Created> =>
  StatusOr.error(Status.error(code, message));
const succeed: TryCreate<Created> = () => created;
const oom: TryCreate<Created> = () => failed('OutOfMemory', 'the sizes');
const oomUnlessFallback: TryCreate<Created> = (fallback) => (fallback ? created : failed('OutOfMemory'));

/** What a test can set, and what it can count. Grace 1 s and disk threshold 1 unless said, as in Ray. */
class World {
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
function switchable() {
  return { code: 'OutOfMemory' as ErrorName | 'OK', calls: 0, fallbackCalls: 0 };
}
function trying(way: ReturnType<typeof switchable>): TryCreate<Created> {
  return (fallback) => {
    way.calls++;
    if (fallback) way.fallbackCalls++;
    return way.code === 'OK' ? created : failed(way.code);
  };
}

test('TestSimple', () => {
  const world = new World();
  world.nowMs += 10_000;
  const first = world.add(succeed);
  world.assertUnfinished(first);
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(first, 'OK');
  assert.is(world.gcCount, 0);

  const three = [world.add(succeed), world.add(succeed), world.add(succeed)];
  world.assertUnfinished(...three);
  assert.is(world.queue.processRequests(), 'OK');
  for (const id of three) world.assertFinished(id, 'OK');
  assert.is(world.gcCount, 0);
  world.assertNoLeaks();
});

test('TestOom', () => {
  const world = new World();
  const one = world.add(oom);
  const two = world.add(succeed);
  for (const round of [1, 2]) {
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.assertUnfinished(one, two);
    assert.is(world.gcCount, round);
  }
  world.nowMs += 2_000;
  assert.is(world.queue.processRequests(), 'OK');
  assert.is(world.gcCount, 3);
  world.assertFinished(one, 'OutOfDisk');
  world.assertFinished(two, 'OK');
  world.assertNoLeaks();
});

test('TestFallbackAllocator', () => {
  const world = new World();
  let fallbackCount = 0;
  const tryCreate: TryCreate<Created> = (fallback) => {
    if (fallback) fallbackCount++;
    return oomUnlessFallback(fallback);
  };
  const ids = [world.add(tryCreate), world.add(tryCreate)];
  for (let round = 0; round < 2; round++) {
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    assert.is(fallbackCount, 0);
    world.assertUnfinished(...ids);
  }
  world.nowMs += 2_000;
  assert.is(world.queue.processRequests(), 'OK');
  assert.is(fallbackCount, 2);
  for (const id of ids) world.assertFinished(id, 'OK');
  world.assertNoLeaks();
});

test('TestOomInfiniteRetry', () => {
  const world = new World({ oomGracePeriodMs: 100_000 });
  const ids = [world.add(oom), world.add(succeed)];
  for (let round = 0; round < 10; round++) {
    world.nowMs += 1_000;
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.assertUnfinished(...ids);
    assert.is(world.gcCount, round + 1);
  }
});

test('TestTransientOom', () => {
  const world = new World();
  const way = switchable();
  const ids = [world.add(trying(way)), world.add(succeed)];
  world.spill = true;
  for (let round = 0; round < 9; round++) {
    world.nowMs += 100;
    assert.is(world.queue.processRequests(), 'TransientObjectStoreFull');
    world.assertUnfinished(...ids);
    assert.is(world.gcCount, round + 1);
  }
  world.nowMs += 2_000;
  way.code = 'OK';
  assert.is(world.queue.processRequests(), 'OK');
  for (const id of ids) world.assertFinished(id, 'OK');
  world.assertNoLeaks();
});

test('TestNoEvictIfFull', () => {
  const world = new World();
  world.add(oom);
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.nowMs += 100;
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
});

test('TestTryRequestImmediately', () => {
  const world = new World();
  const { queue } = world;
  const immediately = () => {
    const outcome = queue.tryRequestImmediately(succeed);
    assert.is(outcome.code, 'OK');
    assert.is(outcome.value.dataSize, 1_234);
  };
  immediately();
  const waiting = world.add(succeed);
  immediately();
  immediately();
  world.assertUnfinished(waiting);
  assert.is(queue.processRequests(), 'OK');
  immediately();
  const refused = queue.tryRequestImmediately(oom);
  assert.is(refused.code, 'OutOfMemory', 'as it is');
  assert.is(refused.valueOr({ dataSize: 0 }).dataSize, 0);
  world.assertFinished(waiting, 'OK');
  assert.is(world.gcCount + world.spillCount, 0, 'one attempt and nothing else');
  const fallbacks: boolean[] = [];
  queue.tryRequestImmediately((fallback) => {
    fallbacks.push(fallback);
    return failed('OutOfMemory');
  });
  assert.equal(fallbacks, [true]);
});

test('TestOOMAndOOD', () => {
  const world = new World({ threshold: 0 });
  world.spill = true;
  const one = world.add(oom);
  const two = world.add(oom);
  assert.is(world.queue.processRequests(), 'OutOfDisk');
  world.assertFinished(one, 'OutOfDisk');
  world.assertUnfinished(two);
  assert.is(world.gcCount + world.spillCount, 0, 'nobody is troubled for nothing');
  assert.is(world.queue.processRequests(), 'OutOfDisk');
  world.assertFinished(two, 'OutOfDisk');
  assert.is(world.queue.processRequests(), 'OK');
});

test('a client that is disconnected: its queued requests and unread outcomes go', () => {
  const world = new World();
  const finished = [world.add(succeed, ONE), world.add(succeed, TWO)] as const;
  world.queue.processRequests();
  const pending = [world.add(succeed, ONE, 100), world.add(succeed, TWO, 10)] as const;
  assert.is(world.queue.numPendingBytes, 110);
  world.queue.removeDisconnectedClientRequests(ONE);
  assert.is(world.queue.numPendingRequests, 1);
  assert.is(world.queue.numPendingBytes, 10);
  assert.is(world.queue.numFinishedRequests, 1);
  world.assertFinished(finished[0], 'UnknownError');
  world.assertFinished(finished[1], 'OK');
  world.assertFinished(pending[0], 'UnknownError');
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(pending[1], 'OK');
  world.assertNoLeaks();
});

test('ids count from 1, an unknown one is ready with an error', () => {
  const world = new World();
  assert.is(world.queue.getRequestResult(0)?.code, 'UnknownError');
  assert.is(world.queue.getRequestResult(1)?.code, 'UnknownError');
  assert.equal([world.add(succeed), world.add(succeed)], [1, 2]);
});

test('pending requests and bytes are counted until they are finished', () => {
  const world = new World();
  world.add(succeed, ONE, 100);
  world.add(oom, ONE, 20);
  world.add(succeed, ONE, 3);
  assert.is(world.queue.numPendingRequests, 3);
  assert.is(world.queue.numPendingBytes, 123);
  world.queue.processRequests();
  assert.is(world.queue.numPendingRequests, 2);
  assert.is(world.queue.numPendingBytes, 23);
});

test('only the head is tried: who waits behind it keeps its place', () => {
  const world = new World();
  const tried: string[] = [];
  const note =
    (name: string, tryCreate: TryCreate<Created>): TryCreate<Created> =>
    (fallback) => {
      tried.push(`${name} ${fallback}`);
      return tryCreate(fallback);
    };
  world.add(note('a', succeed));
  world.add(note('b', oom));
  world.add(note('c', succeed));
  world.queue.processRequests();
  assert.equal(tried, ['a false', 'b false']);
  world.nowMs += 1_000;
  world.queue.processRequests();
  assert.equal(tried.slice(2), ['b false', 'b true', 'c false']);
});

test('the grace period is over when it has passed, not before', () => {
  const world = new World();
  const id = world.add(oom);
  for (const nowMs of [5_000, 5_999.9]) {
    world.nowMs = nowMs;
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.assertUnfinished(id);
  }
  world.nowMs = 6_000;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'OutOfDisk');
});

test('without a grace period the disk is used at once', () => {
  const world = new World({ oomGracePeriodMs: 0 });
  const id = world.add(oomUnlessFallback);
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'OK');
  assert.is(world.gcCount, 1);
  assert.is(DEFAULT_OOM_GRACE_PERIOD_MS, 2_000);
});

test('the timer is not reset by a fallback: the next request goes straight there', () => {
  for (const first of [oomUnlessFallback, oom]) {
    const world = new World();
    world.add(first);
    world.queue.processRequests();
    world.nowMs += 1_000;
    assert.is(world.queue.processRequests(), 'OK');
    const next = world.add(oomUnlessFallback);
    assert.is(world.queue.processRequests(), 'OK', 'no second grace period');
    world.assertFinished(next, 'OK');
    assert.is(world.gcCount, 3, 'collected for all the same');
  }
});

test('any other outcome resets the timer', () => {
  for (const code of ['OK', 'ObjectExists', 'Invalid'] as const) {
    const world = new World();
    const way = switchable();
    const first = world.add(trying(way));
    world.queue.processRequests();
    world.nowMs += 999;
    way.code = code;
    assert.is(world.queue.processRequests(), 'OK');
    world.assertFinished(first, code);
    const second = world.add(oom);
    world.nowMs += 999;
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.nowMs += 999;
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.assertUnfinished(second);
    world.nowMs += 1;
    assert.is(world.queue.processRequests(), 'OK');
    world.assertFinished(second, 'OutOfDisk');
  }
});

test('progress in spilling resets the timer', () => {
  const world = new World();
  const id = world.add(oom);
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.nowMs += 5_000;
  world.spill = true;
  assert.is(world.queue.processRequests(), 'TransientObjectStoreFull');
  world.spill = false;
  world.nowMs += 5_000;
  assert.is(world.queue.processRequests(), 'ObjectStoreFull', 'a new grace period begins here');
  world.nowMs += 999;
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.assertUnfinished(id);
  world.nowMs += 1;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'OutOfDisk');
});

test('a create may wait without limit while spilling makes progress', () => {
  const world = new World();
  world.spill = true;
  const id = world.add(oomUnlessFallback);
  for (let round = 0; round < 1_000; round++) {
    world.nowMs += 10_000;
    assert.is(world.queue.processRequests(), 'TransientObjectStoreFull');
  }
  world.assertUnfinished(id);
});

test('a full disk leaves the timer as it is', () => {
  let isOver = false;
  const world = new World({ diskMonitor: { overCapacity: () => isOver } });
  const ids = [world.add(oom), world.add(oomUnlessFallback)] as const;
  world.queue.processRequests();
  world.nowMs += 1_000;
  isOver = true;
  assert.is(world.queue.processRequests(), 'OutOfDisk');
  world.assertFinished(ids[0], 'OutOfDisk');
  isOver = false;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(ids[1], 'OK');
});

test('the disk is looked at only when there is no memory', () => {
  const world = new World({ threshold: 0 });
  const [ok, exists] = [world.add(succeed), world.add(() => failed('ObjectExists'))];
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(ok, 'OK');
  world.assertFinished(exists, 'ObjectExists');
});

test('an error of the fallback that is not about memory is told as it is', () => {
  const world = new World({ oomGracePeriodMs: 0 });
  const id = world.add((fallback) => failed(fallback ? 'ObjectExists' : 'OutOfMemory'));
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'ObjectExists');
  assert.is(world.dumpCount, 0);
});

test('OutOfDisk keeps the message with the sizes', () => {
  for (const world of [new World({ oomGracePeriodMs: 0 }), new World({ threshold: 0 })]) {
    const id = world.add(oom);
    world.queue.processRequests();
    assert.is(String(world.queue.getRequestResult(id)?.status), 'OutOfDisk: the sizes');
  }
});

test('what holds the memory is dumped at most once per call', () => {
  const world = new World({ oomGracePeriodMs: 0 });
  for (let count = 0; count < 3; count++) world.add(oom);
  assert.is(world.queue.processRequests(), 'OK');
  assert.is(world.dumpCount, 1);
  world.add(oom);
  world.queue.processRequests();
  assert.is(world.dumpCount, 2);
  world.add(oomUnlessFallback);
  world.queue.processRequests();
  assert.is(world.dumpCount, 2, 'only for those that are refused');
});

test('the garbage collection and the dump may be left out', () => {
  const world = new World({ triggerGlobalGc: undefined, dumpDebugInfo: undefined, oomGracePeriodMs: 0 });
  const id = world.add(oom);
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'OutOfDisk');
});

test('cancelRequest: a pending request goes, a finished one keeps its outcome', () => {
  const world = new World();
  const done = world.add(succeed);
  const head = world.add(oom, ONE, 100);
  const behind = world.add(succeed, ONE, 10);
  world.queue.processRequests();
  assert.not.ok(world.queue.cancelRequest(done));
  world.assertFinished(done, 'OK');
  assert.not.ok(world.queue.cancelRequest(done));
  assert.not.ok(world.queue.cancelRequest(77));
  assert.ok(world.queue.cancelRequest(head));
  assert.not.ok(world.queue.cancelRequest(head), 'once');
  assert.is(world.queue.numPendingBytes, 10);
  world.assertFinished(head, 'UnknownError');
  assert.is(world.queue.processRequests(), 'OK', 'who waited behind it is served');
  world.assertFinished(behind, 'OK');
  world.assertNoLeaks();
});

test('a callback may queue requests, but neither process nor forget any', () => {
  const world = new World();
  const late: number[] = [];
  const wrong: (() => void)[] = [
    () => world.queue.processRequests(),
    () => world.queue.cancelRequest(1),
    () => world.queue.removeDisconnectedClientRequests(ONE),
  ];
  const first = world.add(() => {
    for (const call of wrong) assert.throws(call, (error: unknown) => error instanceof InvariantError);
    late.push(world.add(succeed));
    return created;
  });
  assert.is(world.queue.processRequests(), 'OK');
  for (const id of [first, ...late]) world.assertFinished(id, 'OK');
});

test('an attempt that throws leaves its request and the queue as they were', () => {
  const world = new World();
  let isBroken = true;
  const id = world.add(() => {
    if (isBroken) throw new Error('a bug');
    return created;
  });
  assert.throws(() => world.queue.processRequests(), /a bug/);
  world.assertUnfinished(id);
  isBroken = false;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(id, 'OK');
});

test.run();
