/** The create queue against a naive model, a plain array, under random commands. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CreateRequestQueue, type ProcessStatus } from '../../../src/state/queues/create-request-queue.ts';
import { Status } from '../../../src/state/status.ts';
import type { StatusName } from '../../../src/state/status-codes.ts';
import { StatusOr } from '../../../src/state/status-or.ts';

const CLIENTS = 3;
const GRACE_MS = 100;
const RUNS = process.env.PLASMOID_TEST_LONG === '1' ? 20_000 : 1_000;

/** What a creation does: what it answers without and with the disk while memory is short, and whether it fails anyway. */
const BEHAVIOURS = [
  { plain: 'OK', fallback: 'OK' },
  { plain: 'OutOfMemory', fallback: 'OK' },
  { plain: 'OutOfMemory', fallback: 'OutOfMemory' },
  { plain: 'OutOfMemory', fallback: 'ObjectExists' },
  { plain: 'ObjectExists', fallback: 'ObjectExists' },
] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

type Command =
  | { readonly do: 'add'; readonly client: number; readonly behaviour: Behaviour; readonly sizeBytes: number }
  | { readonly do: 'process' }
  | { readonly do: 'read' | 'cancel'; readonly choice: number }
  | { readonly do: 'immediately'; readonly behaviour: Behaviour }
  | { readonly do: 'disconnect'; readonly client: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'setSpill' | 'setDisk' | 'setMemory'; readonly on: boolean };

const client = fc.nat(CLIENTS - 1);
const behaviour = fc.constantFrom(...BEHAVIOURS);
const choice = fc.nat(30);
const on = fc.boolean();
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('add'), client, behaviour, sizeBytes: fc.nat(100) } as const),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('process') } as const) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read'), choice } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), choice } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('immediately'), behaviour } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect'), client } as const) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 50, 99, 100) } as const),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('setSpill', 'setSpill', 'setDisk', 'setMemory', 'setMemory'),
      on,
    } as const),
  },
);

/** Long ones: fast-check prefers short, which meet little. */
const commands = fc.array(command, { maxLength: 80, size: 'max' });

/** A request as the model sees it; it stays in the array for good. */
interface Entry {
  readonly id: number;
  readonly client: number;
  readonly behaviour: Behaviour;
  readonly sizeBytes: number;
  state: 'pending' | 'finished' | 'read' | 'gone';
  code: StatusName | undefined;
}

class Run {
  nowMs = 0;
  isSpilling = false;
  isDiskFull = false;
  hasMemory = false;
  /** Ids of those tried, with and without the disk, and the steps between, as they happened. */
  readonly happened: string[] = [];
  readonly expected: string[] = [];
  readonly entries: Entry[] = [];
  oomStartMs = -1;

  readonly queue = new CreateRequestQueue<number, number>({
    diskMonitor: { overCapacity: () => this.isDiskFull },
    oomGracePeriodMs: GRACE_MS,
    spillObjects: () => {
      this.happened.push('spill');
      return this.isSpilling;
    },
    triggerGlobalGc: () => this.happened.push('gc'),
    dumpDebugInfo: () => this.happened.push('dump'),
    nowMs: () => this.nowMs,
  });

  answer({ plain, fallback }: Behaviour, isFallback: boolean): StatusName {
    if (isFallback) return fallback;
    return plain === 'OutOfMemory' && this.hasMemory ? 'OK' : plain;
  }

  attempt(id: number, behaviour: Behaviour, isFallback: boolean): StatusOr<number> {
    this.happened.push(`try ${id} ${isFallback}`);
    const code = this.answer(behaviour, isFallback);
    return code === 'OK' ? StatusOr.of(id) : StatusOr.error(Status.error(code, ''));
  }

  pending(): Entry[] {
    return this.entries.filter(({ state }) => state === 'pending');
  }

  execute(command: Command): void {
    switch (command.do) {
      case 'add': {
        const expectedId = this.entries.length + 1;
        const { client, behaviour, sizeBytes } = command;
        const attempt = (isFallback: boolean) => this.attempt(expectedId, behaviour, isFallback);
        assert.is(this.queue.addRequest(client, attempt, sizeBytes), expectedId);
        this.entries.push({
          id: expectedId,
          client,
          behaviour,
          sizeBytes,
          state: 'pending',
          code: undefined,
        });
        return;
      }
      case 'process':
        assert.is(this.queue.processRequests(), this.process());
        return;
      case 'read':
        this.read(command.choice);
        return;
      case 'cancel': {
        const entry = this.entries[command.choice - 1];
        assert.is(this.queue.cancelRequest(command.choice), entry?.state === 'pending');
        if (entry?.state === 'pending') entry.state = 'gone';
        return;
      }
      case 'immediately': {
        const outcome = this.queue.tryRequestImmediately((fallback) =>
          this.attempt(0, command.behaviour, fallback),
        );
        this.expected.push('try 0 true');
        assert.is(outcome.code, command.behaviour.fallback);
        return;
      }
      case 'disconnect':
        this.queue.removeDisconnectedClientRequests(command.client);
        for (const entry of this.entries) {
          const isLeft = entry.state === 'pending' || entry.state === 'finished';
          if (entry.client === command.client && isLeft) entry.state = 'gone';
        }
        return;
      case 'wait':
        this.nowMs += command.ms;
        return;
      case 'setSpill':
        this.isSpilling = command.on;
        return;
      case 'setDisk':
        this.isDiskFull = command.on;
        return;
      case 'setMemory':
        this.hasMemory = command.on;
        return;
    }
  }

  read(id: number): void {
    const outcome = this.queue.getRequestResult(id);
    const entry = this.entries[id - 1];
    if (entry?.state === 'pending') {
      assert.is(outcome, undefined);
      return;
    }
    if (entry?.state !== 'finished') {
      assert.is(outcome?.code, 'UnknownError');
      return;
    }
    assert.is(outcome?.code, entry.code);
    assert.is.not(outcome?.code, 'OutOfMemory');
    if (outcome?.ok) assert.is(outcome.value, id);
    entry.state = 'read';
  }

  /** The loop of the digest, step by step. */
  process(): ProcessStatus {
    let dumped = false;
    for (;;) {
      const head = this.pending()[0];
      if (head === undefined) return 'OK';
      this.expected.push(`try ${head.id} false`);
      const first = this.answer(head.behaviour, false);
      if (first !== 'OutOfMemory') {
        finish(head, first);
        this.oomStartMs = -1;
        continue;
      }
      if (this.isDiskFull) {
        finish(head, 'OutOfDisk');
        return 'OutOfDisk';
      }
      this.expected.push('gc', 'spill');
      if (this.oomStartMs === -1) this.oomStartMs = this.nowMs;
      if (this.isSpilling) {
        this.oomStartMs = -1;
        return 'TransientObjectStoreFull';
      }
      if (this.nowMs - this.oomStartMs < GRACE_MS) return 'ObjectStoreFull';
      this.expected.push(`try ${head.id} true`);
      const last = this.answer(head.behaviour, true);
      if (last === 'OutOfMemory' && !dumped) {
        this.expected.push('dump');
        dumped = true;
      }
      finish(head, last === 'OutOfMemory' ? 'OutOfDisk' : last);
    }
  }

  check(): void {
    assert.equal(this.happened, this.expected);
    this.happened.length = 0;
    this.expected.length = 0;
    assert.is(this.queue.numPendingRequests, this.pending().length);
    assert.is(
      this.queue.numPendingBytes,
      this.pending().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    );
    const unread = this.entries.filter(({ state }) => state === 'finished');
    assert.is(this.queue.numFinishedRequests, unread.length);
  }
}

function finish(entry: Entry, code: StatusName): void {
  assert.is(entry.state, 'pending');
  entry.state = 'finished';
  entry.code = code;
}

test('the queue does what the array does', () => {
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

test('requests are finished in the order they came, and each exactly once', () => {
  fc.assert(
    fc.property(commands, (given) => {
      const run = new Run();
      const settled = new Map<number, StatusName>();
      const order: number[] = [];
      for (const one of given) {
        // Nobody but this loop reads, cancels or leaves.
        if (one.do === 'read' || one.do === 'cancel' || one.do === 'disconnect') continue;
        run.execute(one);
        for (const { id } of run.entries) {
          const outcome = run.queue.getRequestResult(id);
          if (outcome === undefined) continue;
          if (settled.has(id)) {
            assert.is(outcome.code, 'UnknownError');
            continue;
          }
          settled.set(id, outcome.code);
          order.push(id);
        }
      }
      run.isSpilling = false;
      run.isDiskFull = false;
      while (run.queue.numPendingRequests > 0) {
        run.nowMs += GRACE_MS;
        run.queue.processRequests();
      }
      for (const { id } of run.entries) {
        const outcome = run.queue.getRequestResult(id);
        assert.is.not(outcome, undefined);
        if (settled.has(id)) assert.is(outcome?.code, 'UnknownError');
        else if (outcome !== undefined) {
          settled.set(id, outcome.code);
          order.push(id);
        }
      }
      assert.equal(
        order,
        [...order].sort((one, other) => one - other),
      );
      assert.is(order.length, run.entries.length);
      for (const code of settled.values())
        assert.ok(['OK', 'OutOfDisk', 'ObjectExists'].includes(code), code);
      assert.is(run.queue.numFinishedRequests, 0);
    }),
    { numRuns: RUNS / 4 },
  );
});

test.run();
