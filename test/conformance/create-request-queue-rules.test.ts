/** What ray-semantics.md §5 tells of the create queue beyond Ray's own tests, and what this port adds. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { DEFAULT_OOM_GRACE_PERIOD_MS, type TryCreate } from '../../src/state/queues/create-request-queue.ts';
import {
  type Created,
  created,
  failed,
  ONE,
  oom,
  oomUnlessFallback,
  succeed,
  switchable,
  TWO,
  trying,
  World,
} from './create-queue-world.ts';

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
