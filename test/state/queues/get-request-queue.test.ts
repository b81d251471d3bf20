/** The get queue against a naive model, plain arrays, under random commands. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/state/errors.ts';
import { type GetRequest, GetRequestQueue, NO_TIMEOUT } from '../../../src/state/queues/get-request-queue.ts';
import { Status } from '../../../src/state/status.ts';

const CLIENTS = 3;
const KEYS = 5;
const RUNS = process.env.PLASMOID_TEST_LONG === '1' ? 20_000 : 1_000;
const LOST = Status.error('ObjectNotFound', 'lost');

type Command =
  | {
      readonly do: 'add';
      readonly client: number;
      readonly keys: readonly number[];
      readonly timeout: number;
    }
  | { readonly do: 'seal' | 'markMissing' | 'delete' | 'fail'; readonly key: number }
  | { readonly do: 'removeClient'; readonly client: number }
  | { readonly do: 'remove' | 'lateTimer'; readonly choice: number }
  | { readonly do: 'wait'; readonly ms: number };

const client = fc.nat(CLIENTS - 1);
const key = fc.nat(KEYS - 1);
const choice = fc.nat(20);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add'),
      client,
      keys: fc.array(key, { maxLength: 6 }),
      timeout: fc.constantFrom(NO_TIMEOUT, NO_TIMEOUT, 0, 10, 20),
    } as const),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('seal'), key } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('delete', 'delete', 'fail', 'markMissing'), key } as const),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeClient'), client } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('remove', 'lateTimer'), choice } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(5, 10) } as const) },
);

/** A request as the model sees it; it stays in the array for good. */
interface Entry {
  readonly client: number;
  readonly keys: readonly number[];
  readonly endMs: number;
  readonly places: Map<number, string>;
  readonly failures: Set<number>;
  state: 'waiting' | 'completed' | 'removed';
}

class Run {
  nowMs = 0;
  readonly sealed = new Map<number, string>();
  readonly happened: string[] = [];
  readonly expected: string[] = [];
  readonly entries: Entry[] = [];
  readonly requests: GetRequest<number, number, string>[] = [];
  readonly timers: { readonly atMs: number; readonly onTime: () => void; isStopped: boolean }[] = [];
  #sealCount = 0;

  readonly queue = new GetRequestQueue<number, number, string>({
    findSealed: (key) => this.sealed.get(key),
    objectSatisfied: (key, place, request) => {
      assert.is(request.places.get(key), place);
      this.happened.push(`${key} at ${place} for ${request.client}`);
    },
    requestCompleted: (request) => {
      this.happened.push(`completed ${request.client}: ${[...request.places.keys()].sort()}`);
    },
    startTimer: (delayMs, onTime) => {
      const timer = { atMs: this.nowMs + delayMs, onTime, isStopped: false };
      this.timers.push(timer);
      return () => {
        timer.isStopped = true;
      };
    },
  });

  /** Those that the model lets wait for this. */
  waiters(key: number): Entry[] {
    return this.entries.filter(
      ({ state, keys, places, failures }) =>
        state === 'waiting' && keys.includes(key) && !places.has(key) && !failures.has(key),
    );
  }

  execute(command: Command): void {
    switch (command.do) {
      case 'add':
        this.add(command.client, command.keys, command.timeout);
        return;
      case 'seal': {
        // What is sealed stays where it is; a second notice finds nobody.
        if (!this.sealed.has(command.key)) this.sealed.set(command.key, `place ${this.#sealCount++}`);
        const place = this.sealed.get(command.key) ?? '';
        for (const entry of this.waiters(command.key)) this.satisfy(entry, command.key, place);
        this.queue.markObjectSealed(command.key);
        return;
      }
      case 'markMissing':
        // Fatal when somebody waits, and a Ray process would be gone: so only when nobody does.
        if (!this.sealed.has(command.key) && this.waiters(command.key).length === 0) {
          this.queue.markObjectSealed(command.key);
        }
        return;
      case 'delete':
        this.sealed.delete(command.key);
        return;
      case 'fail':
        if (this.sealed.has(command.key)) return;
        for (const entry of this.waiters(command.key)) {
          entry.failures.add(command.key);
          this.completeIfSatisfied(entry);
        }
        this.queue.failObject(command.key, LOST);
        return;
      case 'removeClient':
        for (const entry of this.entries) {
          if (entry.client === command.client && entry.state === 'waiting') entry.state = 'removed';
        }
        this.queue.removeGetRequestsForClient(command.client);
        return;
      case 'remove': {
        const request = this.requests[command.choice];
        const entry = this.entries[command.choice];
        if (request === undefined || entry === undefined) return;
        if (entry.state === 'waiting') entry.state = 'removed';
        this.queue.removeGetRequest(request);
        return;
      }
      case 'lateTimer': {
        // A timer that was stopped fires all the same.
        const timer = this.timers.filter(({ isStopped }) => isStopped)[command.choice];
        timer?.onTime();
        return;
      }
      case 'wait':
        this.wait(command.ms);
        return;
    }
  }

  add(client: number, keys: readonly number[], timeout: number): void {
    const entry: Entry = {
      client,
      keys: keys.filter((key, index) => keys.indexOf(key) === index),
      endMs: timeout === NO_TIMEOUT ? Number.POSITIVE_INFINITY : this.nowMs + timeout,
      places: new Map(),
      failures: new Set(),
      state: 'waiting',
    };
    this.entries.push(entry);
    for (const key of entry.keys) {
      const place = this.sealed.get(key);
      if (place === undefined) continue;
      entry.places.set(key, place);
      this.expected.push(`${key} at ${place} for ${client}`);
    }
    if (timeout === 0) this.complete(entry);
    else this.completeIfSatisfied(entry);
    this.requests.push(this.queue.addRequest(client, keys, timeout));
  }

  wait(ms: number): void {
    this.nowMs += ms;
    const due = this.entries.filter(({ state, endMs }) => state === 'waiting' && endMs <= this.nowMs);
    for (const entry of due) this.complete(entry);
    for (const timer of this.timers) {
      if (timer.isStopped || timer.atMs > this.nowMs) continue;
      timer.onTime();
      assert.ok(timer.isStopped, 'a timer that ran is given back');
    }
  }

  satisfy(entry: Entry, key: number, place: string): void {
    entry.places.set(key, place);
    this.expected.push(`${key} at ${place} for ${entry.client}`);
    this.completeIfSatisfied(entry);
  }

  completeIfSatisfied(entry: Entry): void {
    if (entry.places.size + entry.failures.size === entry.keys.length) this.complete(entry);
  }

  complete(entry: Entry): void {
    assert.is(entry.state, 'waiting');
    entry.state = 'completed';
    this.expected.push(`completed ${entry.client}: ${[...entry.places.keys()].sort()}`);
  }

  check(): void {
    assert.equal(this.happened, this.expected);
    this.happened.length = 0;
    this.expected.length = 0;
    for (let key = 0; key < KEYS; key++) {
      const waiters = this.waiters(key);
      assert.is(this.queue.getRequestCount(key), waiters.length, `waiters for ${key}`);
      assert.is(this.queue.isGetRequestExist(key), waiters.length > 0);
    }
    const waiting = this.entries.filter(({ state }) => state === 'waiting');
    assert.is(this.queue.numGetRequests, waiting.length);
    const running = this.timers.filter(({ isStopped }) => !isStopped).length;
    const timed = this.entries.filter(
      ({ state, endMs }) => state === 'waiting' && endMs < Number.POSITIVE_INFINITY,
    );
    assert.is(running, timed.length, 'no timer runs for those that are over');
    for (const [index, entry] of this.entries.entries()) {
      const request = this.requests[index];
      assert.equal(request?.keys, entry.keys);
      assert.equal([...(request?.places ?? [])].sort(), [...entry.places].sort());
      assert.equal([...(request?.failures.keys() ?? [])].sort(), [...entry.failures].sort());
    }
  }
}

/** Long ones: fast-check prefers short, which meet little. */
const commands = fc.array(command, { maxLength: 60, size: 'max' });

test('the queue does what the arrays do', () => {
  fc.assert(
    fc.property(commands, (given) => {
      const run = new Run();
      for (const one of given) {
        run.execute(one);
        run.check();
      }
    }),
    { numRuns: RUNS },
  );
});

test('every request completes exactly once or is removed; once all objects are there, nobody waits', () => {
  fc.assert(
    fc.property(commands, (given) => {
      const completions = new Map<object, number>();
      const removed = new Set<object>();
      const sealed = new Set<number>();
      const timers: (() => void)[] = [];
      const queue = new GetRequestQueue<number, number, string>({
        findSealed: (key) => (sealed.has(key) ? 'here' : undefined),
        objectSatisfied: (_key, _place, request) =>
          assert.not.ok(completions.has(request) || removed.has(request)),
        requestCompleted: (request) => completions.set(request, (completions.get(request) ?? 0) + 1),
        // Timers that nobody can stop.
        startTimer: (_delayMs, onTime) => {
          timers.push(onTime);
          return () => {};
        },
      });
      const requests: GetRequest<number, number, string>[] = [];
      const remove = (request: GetRequest<number, number, string>): void => {
        if (!completions.has(request)) removed.add(request);
      };
      for (const one of given) {
        switch (one.do) {
          case 'add':
            requests.push(queue.addRequest(one.client, one.keys, one.timeout));
            break;
          case 'seal':
            sealed.add(one.key);
            queue.markObjectSealed(one.key);
            break;
          case 'delete':
            sealed.delete(one.key);
            break;
          case 'fail':
            queue.failObject(one.key, LOST);
            break;
          case 'removeClient':
            requests.filter((request) => request.client === one.client).forEach(remove);
            queue.removeGetRequestsForClient(one.client);
            break;
          case 'remove': {
            const request = requests[one.choice];
            if (request === undefined) break;
            remove(request);
            queue.removeGetRequest(request);
            break;
          }
          default:
            for (const onTime of timers) onTime();
        }
      }
      for (let key = 0; key < KEYS; key++) {
        sealed.add(key);
        queue.markObjectSealed(key);
      }
      for (const onTime of timers) onTime();
      for (const request of requests) {
        assert.is(completions.get(request) ?? 0, removed.has(request) ? 0 : 1);
      }
      assert.is(queue.numGetRequests, 0);
      for (let key = 0; key < KEYS; key++) assert.not.ok(queue.isGetRequestExist(key));
    }),
    { numRuns: RUNS },
  );
});

test('marking a missing object is fatal exactly when somebody waits for it', () => {
  fc.assert(
    fc.property(commands, key, (given, missing) => {
      const run = new Run();
      for (const one of given) run.execute(one);
      run.sealed.delete(missing);
      if (run.waiters(missing).length === 0) run.queue.markObjectSealed(missing);
      else
        assert.throws(
          () => run.queue.markObjectSealed(missing),
          (error: unknown) => error instanceof InvariantError,
        );
    }),
    { numRuns: RUNS / 4 },
  );
});

test.run();
