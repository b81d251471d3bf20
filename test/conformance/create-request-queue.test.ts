/** Ray's create_request_queue_test: ray-semantics.md §5. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TryCreate } from '../../src/state/queues/create-request-queue.ts';
import {
  type Created,
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

test('TestOomTimerWithSpilling', () => {
  const world = new World();
  const ids = [world.add(oom), world.add(succeed)] as const;
  world.spill = true;
  for (let round = 0; round < 10; round++) {
    world.nowMs += 100;
    assert.is(world.queue.processRequests(), 'TransientObjectStoreFull');
    world.assertUnfinished(...ids);
    assert.is(world.gcCount, round + 1);
  }
  world.spill = false;
  for (let round = 0; round < 10; round++) {
    world.nowMs += 100;
    assert.is(world.queue.processRequests(), 'ObjectStoreFull');
    world.assertUnfinished(...ids);
  }
  world.nowMs += 2_000;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(ids[0], 'OutOfDisk');
  world.assertFinished(ids[1], 'OK');
  world.assertNoLeaks();
});

test('TestTransientOomThenOom', () => {
  const world = new World();
  const ids = [world.add(oom), world.add(succeed)] as const;
  world.spill = true;
  for (let round = 0; round < 3; round++) {
    world.nowMs += 100;
    assert.is(world.queue.processRequests(), 'TransientObjectStoreFull');
    world.assertUnfinished(...ids);
    assert.is(world.gcCount, round + 1);
  }
  world.spill = false;
  for (let round = 0; round < 2; round++) assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.assertUnfinished(...ids);
  assert.is(world.gcCount, 5);
  world.nowMs += 2_000;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(ids[0], 'OutOfDisk');
  world.assertFinished(ids[1], 'OK');
  assert.is(world.gcCount, 6);
  world.assertNoLeaks();
});

test('TestNoEvictIfFull', () => {
  const world = new World();
  world.add(oom);
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.nowMs += 100;
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
});

test('TestClientDisconnected', () => {
  const world = new World();
  const one = world.add(succeed, ONE);
  assert.is(world.queue.processRequests(), 'OK');
  const two = world.add(succeed, ONE);
  const three = world.add(succeed, TWO);
  world.queue.removeDisconnectedClientRequests(ONE);
  world.assertFinished(one, 'UnknownError');
  world.assertFinished(two, 'UnknownError');
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(three, 'OK');
  world.assertNoLeaks();
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

test('TestFallbackAllocationFailled', () => {
  const world = new World();
  const fallbacks: boolean[] = [];
  const one = world.add((fallback) => {
    fallbacks.push(fallback);
    return failed('OutOfMemory');
  });
  assert.is(world.queue.processRequests(), 'ObjectStoreFull');
  world.nowMs += 2_000;
  assert.is(world.queue.processRequests(), 'OK');
  world.assertFinished(one, 'OutOfDisk');
  assert.equal(fallbacks, [false, false, true]);
  world.assertNoLeaks();
});

test.run();
