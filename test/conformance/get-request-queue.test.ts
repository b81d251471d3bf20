/** Ray's get_request_queue_test, and what else ray-semantics.md §6 tells of the queue. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError, InvariantError } from '../../src/state/errors.ts';
import { type GetRequest, GetRequestQueue, NO_TIMEOUT } from '../../src/state/queues/get-request-queue.ts';
import { Status } from '../../src/state/status.ts';

interface Place {
  readonly address: number;
  /** Number and unique id of the file, if the object is on disk. */
  readonly fallbackFd?: readonly [number, number];
}
type Get = GetRequest<string, string, Place>;

const CLIENT = 'client';
const PLACE: Place = { address: 64 };

class World {
  readonly sealed = new Map<string, Place>();
  readonly lookups: string[] = [];
  /** What the callbacks were told, in order: `key` or `completed`, and who. */
  readonly events: string[] = [];
  readonly completed: Get[] = [];
  readonly satisfied: { readonly key: string; readonly place: Place; readonly request: Get }[] = [];
  readonly timers = new Set<{ readonly delayMs: number; readonly onTime: () => void }>();
  readonly stopped: (() => void)[] = [];
  onSatisfied: (key: string, request: Get) => void = () => {};
  onCompleted: (request: Get) => void = () => {};

  readonly queue = new GetRequestQueue<string, string, Place>({
    findSealed: (key) => {
      this.lookups.push(key);
      return this.sealed.get(key);
    },
    objectSatisfied: (key, place, request) => {
      this.events.push(`${key} for ${request.client}`);
      this.satisfied.push({ key, place, request });
      this.onSatisfied(key, request);
    },
    requestCompleted: (request) => {
      this.events.push(`completed ${request.client}`);
      this.completed.push(request);
      this.onCompleted(request);
    },
    startTimer: (delayMs, onTime) => {
      const timer = { delayMs, onTime };
      this.timers.add(timer);
      return () => {
        this.timers.delete(timer);
        this.stopped.push(onTime);
      };
    },
  });

  /** Seals an object and tells the queue. */
  seal(key: string, place = PLACE): void {
    this.sealed.set(key, place);
    this.queue.markObjectSealed(key);
  }

  /** Time passes for all timers that run. */
  runTimers(): void {
    for (const timer of [...this.timers]) {
      this.timers.delete(timer);
      timer.onTime();
    }
  }

  /** Timers that were stopped run all the same, as in Ray's #18400. */
  runStoppedTimers(): void {
    for (const onTime of this.stopped) onTime();
  }

  assertNobodyWaits(...keys: readonly string[]): void {
    for (const key of keys) {
      assert.not.ok(this.queue.isGetRequestExist(key), key);
      assert.is(this.queue.getRequestCount(key), 0);
    }
    assert.is(this.timers.size, 0);
  }
}

test('TestObjectSealed', () => {
  const world = new World();
  world.sealed.set('id1', PLACE);
  const request = world.queue.addRequest(CLIENT, ['id1'], 1_000);
  assert.equal(world.completed, [request]);
  assert.is(request.places.get('id1'), PLACE);
  assert.equal(world.lookups, ['id1']);
  world.assertNobodyWaits('id1');
});

test('TestObjectTimeout', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, ['id1'], 1_000);
  assert.equal(world.completed, []);
  assert.is(world.queue.getRequestCount('id1'), 1);
  assert.equal(
    [...world.timers].map(({ delayMs }) => delayMs),
    [1_000],
  );
  world.runTimers();
  assert.equal(world.completed, [request]);
  assert.is(request.places.size, 0);
  assert.not.ok(request.isSatisfied);
  world.assertNobodyWaits('id1');
});

test('TestObjectNotSealed', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, ['id1'], -1);
  assert.is(world.timers.size, 0, 'it waits for ever');
  assert.equal(world.completed, []);
  world.seal('id1');
  assert.equal(world.completed, [request]);
  assert.is(request.places.get('id1'), PLACE);
  assert.equal(world.lookups, ['id1', 'id1']);
  world.assertNobodyWaits('id1');
});

test('TestMultipleObjects', () => {
  const world = new World();
  world.sealed.set('id1', PLACE);
  const request = world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  assert.equal(world.events, ['id1 for client']);
  assert.not.ok(world.queue.isGetRequestExist('id1'));
  assert.ok(world.queue.isGetRequestExist('id2'));
  world.seal('id2');
  assert.equal(world.events, ['id1 for client', 'id2 for client', 'completed client']);
  assert.ok(request.isSatisfied);
  world.runStoppedTimers();
  assert.is(world.completed.length, 1, 'a timer that was stopped too late is harmless');
  world.assertNobodyWaits('id1', 'id2');
});

test('TestFallbackAllocatedFdArePassed', () => {
  const world = new World();
  world.sealed.set('id1', PLACE);
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  world.seal('id2', { address: 128, fallbackFd: [101, 42] });
  assert.equal(
    world.satisfied.map(({ key, place }) => [key, place.fallbackFd]),
    [
      ['id1', undefined],
      ['id2', [101, 42]],
    ],
  );
});

test('TestDuplicateObjects', () => {
  const world = new World();
  world.queue.addRequest(CLIENT, ['id1', 'id2', 'id1'], 1_000);
  assert.equal(world.lookups, ['id1', 'id2']);
  for (const key of ['id1', 'id2']) assert.is(world.queue.getRequestCount(key), 1);
});

test('TestRemoveTwice', () => {
  const world = new World();
  const dangling = world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  for (const key of ['id1', 'id2']) assert.ok(world.queue.isGetRequestExist(key));
  world.queue.removeGetRequestsForClient(CLIENT);
  world.assertNobodyWaits('id1', 'id2');
  world.queue.removeGetRequest(dangling);
  world.assertNobodyWaits('id1', 'id2');
});

test('TestRemoveAll', () => {
  const world = new World();
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  world.queue.removeGetRequestsForClient(CLIENT);
  world.assertNobodyWaits('id1', 'id2');
  assert.equal(world.events, [], 'nobody is left to be told');
});

test('duplicates count once', () => {
  const world = new World();
  world.sealed.set('id1', PLACE);
  const request = world.queue.addRequest(CLIENT, ['id2', 'id1', 'id2', 'id1'], -1);
  assert.equal(request.keys, ['id2', 'id1']);
  assert.equal(world.lookups, ['id2', 'id1']);
  assert.is(world.queue.getRequestCount('id2'), 1);
  world.seal('id2');
  assert.equal(world.events, ['id1 for client', 'id2 for client', 'completed client']);
});

test('a timeout of 0 completes at once with what is there', () => {
  const world = new World();
  world.sealed.set('id1', PLACE);
  const request = world.queue.addRequest(CLIENT, ['id1', 'id2'], 0);
  assert.equal(world.completed, [request]);
  assert.equal([...request.places.keys()], ['id1']);
  world.assertNobodyWaits('id1', 'id2');
  world.seal('id2');
  assert.equal([...request.places.keys()], ['id1'], 'and nothing later');
});

test('a wait for nothing is over at once', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, [], NO_TIMEOUT);
  assert.equal(world.completed, [request]);
  assert.ok(request.isSatisfied);
});

test('a timeout that comes when part is there completes with the part', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, ['id1', 'id2'], 5);
  world.seal('id1');
  assert.equal(world.completed, []);
  world.runTimers();
  assert.equal(world.completed, [request]);
  assert.equal([...request.places.keys()], ['id1']);
  world.assertNobodyWaits('id1', 'id2');
});

test('a wrong timeout is an error, and nobody waits', () => {
  const world = new World();
  for (const wrong of [-2, -0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => world.queue.addRequest(CLIENT, ['id1'], wrong),
      (error: unknown) => error instanceof InvalidArgumentError && error.values.name === 'timeoutMs',
    );
  }
  world.assertNobodyWaits('id1');
});

test('sealing what nobody waits for does nothing, not even a look', () => {
  const world = new World();
  world.queue.markObjectSealed('id1');
  assert.equal(world.lookups, []);
  assert.equal(world.events, []);
});

test('marking an object that is missing is fatal', () => {
  const world = new World();
  world.queue.addRequest(CLIENT, ['id1'], -1);
  assert.throws(
    () => world.queue.markObjectSealed('id1'),
    (error: unknown) => error instanceof InvariantError,
  );
});

test('all who wait for an object are told in the order they came', () => {
  const world = new World();
  world.queue.addRequest('a', ['id1'], -1);
  world.queue.addRequest('b', ['id1', 'id2'], -1);
  world.queue.addRequest('c', ['id1'], -1);
  assert.is(world.queue.getRequestCount('id1'), 3);
  world.seal('id1');
  assert.equal(world.events, ['id1 for a', 'completed a', 'id1 for b', 'id1 for c', 'completed c']);
  world.seal('id2');
  assert.equal(world.events.slice(5), ['id2 for b', 'completed b']);
});

test('completion comes first, removal after it', () => {
  const world = new World();
  const counts: number[] = [];
  world.onCompleted = () => counts.push(world.queue.getRequestCount('id2'));
  world.sealed.set('id1', PLACE);
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 5);
  world.runTimers();
  assert.equal(counts, [1]);
  world.assertNobodyWaits('id1', 'id2');
});

test('a callback of completion that throws keeps no request alive', () => {
  const world = new World();
  world.onCompleted = () => {
    throw new Error('a bug');
  };
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 5);
  assert.throws(() => world.runTimers(), /a bug/);
  world.assertNobodyWaits('id1', 'id2');
});

test('a client may have several requests at a time, unlike in Ray', () => {
  const world = new World();
  const first = world.queue.addRequest(CLIENT, ['id1'], -1);
  const second = world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  world.queue.addRequest('other', ['id2'], -1);
  world.queue.removeGetRequest(first);
  assert.is(world.queue.getRequestCount('id1'), 1);
  world.queue.addRequest(CLIENT, ['id3'], -1);
  world.queue.removeGetRequestsForClient(CLIENT);
  world.assertNobodyWaits('id1', 'id3');
  assert.is(world.queue.getRequestCount('id2'), 1, 'those of others stay');
  assert.is(second.places.size, 0);
  world.queue.removeGetRequestsForClient(CLIENT);
  world.queue.removeGetRequestsForClient('nobody');
});

test('removeGetRequest: timers are stopped, and a second time does nothing', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  world.queue.removeGetRequest(request);
  world.assertNobodyWaits('id1', 'id2');
  world.queue.removeGetRequest(request);
  assert.is(world.stopped.length, 1);
  world.runStoppedTimers();
  world.seal('id1');
  assert.equal(world.events, []);
});

test('failObject: those who wait learn why, and the rest of the batch goes on', () => {
  const world = new World();
  const lost = Status.error('ObjectNotFound', 'its last copy is lost');
  const one = world.queue.addRequest('a', ['id1'], -1);
  const both = world.queue.addRequest('b', ['id1', 'id2'], 1_000);
  world.queue.failObject('id1', lost);
  assert.equal(world.events, ['completed a']);
  assert.is(one.failures.get('id1'), lost);
  assert.ok(one.isSatisfied);
  assert.not.ok(both.isSatisfied);
  assert.not.ok(world.queue.isGetRequestExist('id1'));
  world.seal('id2');
  assert.equal(world.events.slice(1), ['id2 for b', 'completed b']);
  assert.equal([...both.failures.keys()], ['id1']);
  assert.equal([...both.places.keys()], ['id2']);
  world.queue.failObject('id1', lost);
  world.assertNobodyWaits('id1', 'id2');
});

test('an object that is deleted or aborted meanwhile is waited for until it is there', () => {
  const world = new World();
  const request = world.queue.addRequest(CLIENT, ['id1', 'id2'], -1);
  world.seal('id1');
  world.sealed.delete('id1');
  assert.ok(request.places.has('id1'), 'what was found stays found: its client has a reference');
  const second = world.queue.addRequest(CLIENT, ['id1'], -1);
  world.seal('id1', { address: 256 });
  assert.is(second.places.get('id1')?.address, 256);
  world.seal('id2');
  assert.equal(world.completed, [second, request]);
});

test('callbacks may call the queue: a client that goes in the middle hears no more', () => {
  const world = new World();
  world.onSatisfied = (key) => {
    if (key === 'id1') world.queue.removeGetRequestsForClient(CLIENT);
  };
  world.sealed.set('id1', PLACE);
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 1_000);
  world.assertNobodyWaits('id1', 'id2');
  assert.equal(world.events, ['id1 for client']);

  world.sealed.clear();
  world.queue.addRequest(CLIENT, ['id1'], -1);
  world.queue.addRequest(CLIENT, ['id1'], -1);
  world.queue.addRequest('other', ['id1'], -1);
  world.seal('id1');
  assert.equal(world.events.slice(1), ['id1 for client', 'id1 for other', 'completed other']);
});

test('callbacks may call the queue: no timer starts for a request that is gone', () => {
  const world = new World();
  world.onSatisfied = () => world.queue.removeGetRequestsForClient(CLIENT);
  world.sealed.set('id1', PLACE);
  world.queue.addRequest(CLIENT, ['id2', 'id1'], 1_000);
  world.assertNobodyWaits('id1', 'id2');
  assert.is(world.queue.numGetRequests, 0);
  assert.equal(world.events, ['id1 for client']);
});

test('callbacks may call the queue: a request completes once', () => {
  const world = new World();
  world.onCompleted = () => world.seal('id2');
  world.queue.addRequest(CLIENT, ['id1', 'id2'], 5);
  world.runTimers();
  assert.equal(world.events, ['completed client']);

  world.onCompleted = () => {};
  world.onSatisfied = (key) => {
    if (key === 'id3') world.seal('id4');
  };
  world.sealed.set('id3', PLACE);
  world.queue.addRequest('nested', ['id4', 'id3'], 5);
  assert.equal(world.events.slice(1), ['id3 for nested', 'id4 for nested', 'completed nested']);
  assert.is(world.timers.size, 0, 'and starts no timer afterwards');
});

test('callbacks may call the queue: who asks for what is being sealed has it at once', () => {
  const world = new World();
  world.onCompleted = ({ client }) => {
    if (client === 'a') world.queue.addRequest('b', ['id1'], -1);
  };
  world.queue.addRequest('a', ['id1'], -1);
  world.seal('id1');
  assert.equal(world.events, ['id1 for a', 'completed a', 'id1 for b', 'completed b']);
  world.assertNobodyWaits('id1');
});

test.run();
