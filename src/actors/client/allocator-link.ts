/**
 * A thread's line to the allocator actor: sends requests, hands replies to whoever waits, asynchronously in the event
 * loop or synchronously in `Atomics.wait`. Both may be under way at once.
 */

import { CAN_WATCH } from '../../pools/adaptive-spin.ts';
import { attachClient, collectGarbage } from '../../pools/arena.ts';
import type { BridgeClient } from '../../pools/bridge.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import { biggestHolders, describeHolders } from '../../pools/holders.ts';
import { RingConsumer } from '../../pools/ring/consumer.ts';
import { RingProducer } from '../../pools/ring/producer.ts';
import type { SharedWords } from '../../pools/ring/ring.ts';
import { RESULT } from '../../state/bridge-status.ts';
import {
  ACTOR,
  CLIENT,
  CLIENT_STATE,
  CLOSED,
  MAX_CLIENTS,
  PARKING,
  RING_CAPACITY_WORDS,
} from '../../state/control-layout.ts';
import {
  InvalidArgumentError,
  OutOfResourceError,
  StoreClosedError,
  TimedOutError,
} from '../../state/errors.ts';
import { decodeJsonText, encodeSize, PATIENCE, REPLY, REQUEST } from '../protocol.ts';
import { onAbort } from './abort-listener.ts';
import { atCaller, failureToError, interrupted } from './failures.ts';
import { timeLeftMs, type WaitLimits } from './wait-limits.ts';

/** A block that came from the actor. */
export interface Lease {
  readonly slot: number;
  readonly generation: number;
}

/** Words of a request behind its number, in as many records as it takes. */
export type Records = readonly (readonly number[])[];
const NO_WORDS: Records = [[]];
const NO_LIMITS: WaitLimits = { timeoutMs: undefined, signal: undefined };

type Answer = Lease | string;

interface Pending {
  settle(answer: Answer | undefined, error?: Error): void;
}

/** About 20 µs of loads, half a wake-up; a reply that comes while spinning saves the sleep. */
const SPIN_LOADS = CAN_WATCH ? 2_000 : 0;
/** The actor's death is native news that cannot end an `Atomics.wait`: it is looked for this often. */
const WAIT_SLICE_MS = 100;
const DRAIN_LIMIT = 1_000;
const TIMER_MAX_MS = 2 ** 31 - 1;
/** How long a client record that was just left is waited for. */
const RECOVERY_LIMIT_MS = 1_000;

export class AllocatorLink {
  readonly bridge: BridgeClient;
  readonly #control: ControlRegion;
  readonly #requests: RingProducer;
  readonly #replies: RingConsumer;
  readonly #parkingIndex: number;
  readonly #pending = new Map<number, Pending>();
  /** Called when the store ends: waits that the actor knows nothing of. */
  readonly #watchers = new Set<() => void>();
  #nextRequest = 1;
  #draining = false;
  #ended = false;

  constructor(control: ControlRegion, arena: number, stockLimitBytes: number) {
    const attached = attachInTurn(control, () => attachClient(arena, () => this.#onRing(), stockLimitBytes));
    if (attached === null) throw new StoreClosedError('the store was closed');
    if (attached === undefined) {
      throw new OutOfResourceError('all client records of this store are taken', { maxClients: MAX_CLIENTS });
    }
    this.bridge = attached;
    this.#control = control;
    const { index } = attached;
    const { buffer } = control;
    const owner = index + 2;
    try {
      const state = control.clientState(index) & CLIENT_STATE.MASK;
      if (state !== CLIENT_STATE.LIVE) {
        throw new InvalidArgumentError('the parts of the handle belong to two stores', { name: 'handle' });
      }
      const requests = control.ringOffset(index, 'request');
      this.#requests = RingProducer.acquire(buffer, requests, RING_CAPACITY_WORDS, owner);
      const replies = control.ringOffset(index, 'reply');
      this.#replies = RingConsumer.acquire(buffer, replies, RING_CAPACITY_WORDS, owner);
    } catch (error) {
      attached.disconnect();
      throw error;
    }
    this.#parkingIndex = control.clientIndex(index, CLIENT.PARKING);
  }

  get isClosed(): boolean {
    return this.#ended || this.#control.actorWord(ACTOR.CLOSED) !== CLOSED.OPEN;
  }

  /** A block for `sizeBytes`, from the actor. */
  async lease(sizeBytes: number, limits: WaitLimits): Promise<Lease> {
    const { records, wait } = createCall(sizeBytes, limits);
    const { result } = this.bridge;
    result[RESULT.WAITING_CREATES] = (result[RESULT.WAITING_CREATES] ?? 0) + 1;
    try {
      return expectLease(await this.#call(REQUEST.CREATE, records, wait));
    } finally {
      result[RESULT.WAITING_CREATES] = (result[RESULT.WAITING_CREATES] ?? 1) - 1;
    }
  }

  leaseSync(sizeBytes: number, limits: WaitLimits): Lease {
    const { records, wait } = createCall(sizeBytes, limits);
    return expectLease(this.#callSync(REQUEST.CREATE, records, wait));
  }

  /** Waits until enough of the objects that these AWAIT records name are not being written any more. */
  async settled(records: Records, limits: WaitLimits): Promise<void> {
    // The caller has looked already.
    if (timeLeftMs(limits) === 0) throw this.#timedOut(limits);
    await this.#call(REQUEST.AWAIT, records, limits);
  }

  settledSync(records: Records, limits: WaitLimits): void {
    if (timeLeftMs(limits) === 0) throw this.#timedOut(limits);
    this.#callSync(REQUEST.AWAIT, records, limits);
  }

  /** A request without arguments; its answer as JSON text. */
  async ask(type: number): Promise<string> {
    return expectText(await this.#call(type, NO_WORDS, NO_LIMITS));
  }

  askSync(type: number): string {
    return expectText(this.#callSync(type, NO_WORDS, NO_LIMITS));
  }

  /**
   * For a wait that needs no answer of the actor: the event loop stays alive, and `onEnd` is called when the store ends.
   * Call the function returned when the wait is over.
   */
  watch(onEnd: () => void): () => void {
    this.#watchers.add(onEnd);
    this.bridge.keepAlive(true);
    return () => {
      this.#watchers.delete(onEnd);
      this.#rest();
    };
  }

  /** Throws `StoreClosedError` once the store has ended, or this thread has left it. */
  assertOpen(): void {
    if (this.isClosed) throw this.#closedError();
  }

  /** Ends this thread's part. Waits under way fail with `StoreClosedError`. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failAll();
    this.bridge.disconnect();
  }

  async #call(type: number, records: Records, limits: WaitLimits): Promise<Answer> {
    try {
      return await this.#request(type, records, limits);
    } catch (error) {
      throw atCaller(error);
    }
  }

  #request(type: number, records: Records, limits: WaitLimits): Promise<Answer> {
    const { signal } = limits;
    const leftMs = timeLeftMs(limits);
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(this.#closedError());
      if (signal?.aborted === true) return reject(interrupted(signal));
      const request = this.#send(type, records);
      let timer: NodeJS.Timeout | undefined;
      const giveUp = (error: Error): void => {
        this.#cancel(request);
        finish(undefined, error);
      };
      const finish = (answer: Answer | undefined, error?: Error): void => {
        clearTimeout(timer);
        endListening();
        if (answer === undefined) reject(error ?? new StoreClosedError('the store was closed'));
        else resolve(answer);
      };
      this.#pending.set(request, { settle: finish });
      const endListening = onAbort(signal, () => giveUp(interrupted(signal)));
      if (leftMs <= TIMER_MAX_MS) {
        timer = setTimeout(() => giveUp(this.#timedOut(limits)), leftMs);
      }
      this.bridge.keepAlive(true);
      this.#park();
    });
  }

  #callSync(type: number, records: Records, limits: WaitLimits): Answer {
    if (this.isClosed) throw this.#closedError();
    const deadline = performance.now() + timeLeftMs(limits);
    const request = this.#send(type, records);
    let outcome: { answer: Answer | undefined; error: Error | undefined } | undefined;
    this.#pending.set(request, {
      settle: (answer, error) => {
        outcome = { answer, error };
      },
    });
    try {
      for (;;) {
        this.#drain();
        if (outcome !== undefined) break;
        const left = deadline - performance.now();
        if (left <= 0) {
          this.#cancel(request);
          throw this.#timedOut(limits);
        }
        this.#waitForReply(Math.min(left, WAIT_SLICE_MS));
      }
    } finally {
      this.#park();
    }
    const { answer, error } = outcome;
    if (answer === undefined) throw error ?? new StoreClosedError('the store was closed');
    return answer;
  }

  #waitForReply(limitMs: number): void {
    for (let load = 0; load < SPIN_LOADS; load++) if (!this.#replies.isEmpty()) return;
    // SYNC ring-sleep: how this thread sleeps is said before that it does.
    Atomics.store(this.#control.words, this.#parkingIndex, PARKING.IN_WAIT);
    this.#replies.park(limitMs);
  }

  #send(type: number, records: Records): number {
    const request = this.#nextRequest;
    this.#nextRequest = request === 0xffffffff ? 1 : request + 1;
    for (const words of records) this.#write(type, [request, ...words]);
    return request;
  }

  #write(type: number, words: readonly number[]): void {
    while (!this.#requests.tryWrite(type, words)) {
      // Full: a thousand requests are on their way. The actor is awake or being woken, and never waits for us.
      this.#failIfClosed();
      this.bridge.wakeActor();
      Atomics.wait(
        this.#control.words,
        this.#parkingIndex,
        Atomics.load(this.#control.words, this.#parkingIndex),
        1,
      );
    }
    // SYNC actor-sleep: published before the flag is looked at (wakeActor exchanges it).
    Atomics.add(this.#control.words, ACTOR.ACTIVITY, 1);
    if (Atomics.load(this.#control.words, ACTOR.SLEEPING) !== 0) this.bridge.wakeActor();
  }

  #cancel(request: number): void {
    this.#pending.delete(request);
    if (!this.isClosed) this.#write(REQUEST.CANCEL, [request]);
    this.#rest();
  }

  #onRing(): void {
    this.#drain();
    this.#park();
  }

  /** Handles every reply that is there. */
  #drain(): void {
    // A collection run by a handler below may not come back here: it runs no JavaScript.
    if (this.#draining || this.#ended) return;
    this.#draining = true;
    try {
      while (this.#replies.drain(this.#onReply, DRAIN_LIMIT) > 0);
    } finally {
      this.#draining = false;
    }
    this.#failIfClosed(false);
    this.#rest();
  }

  readonly #onReply = (type: number, words: SharedWords, start: number): void => {
    const request = (words[start] ?? 0) >>> 0;
    switch (type) {
      case REPLY.LEASED: {
        const lease = { slot: (words[start + 1] ?? 0) >>> 0, generation: (words[start + 2] ?? 0) >>> 0 };
        const waiter = this.#take(request);
        if (waiter === undefined) this.bridge.handBack(lease.slot, lease.generation);
        else waiter.settle(lease);
        return;
      }
      case REPLY.COLLECT:
        collectGarbage((words[start + 1] ?? 0) === 1);
        this.#write(REQUEST.COLLECTED, [request]);
        return;
      case REPLY.ANSWER:
        this.#take(request)?.settle(decodeJsonText(words, start));
        return;
      case REPLY.SETTLED:
        this.#take(request)?.settle('');
        return;
      case REPLY.FAILED:
        this.#take(request)?.settle(undefined, failureToError(decodeJsonText(words, start)));
        return;
    }
  };

  #take(request: number): Pending | undefined {
    const waiter = this.#pending.get(request);
    this.#pending.delete(request);
    return waiter;
  }

  /** Sleeps in the event loop while calls are pending: from now on a reply rings this thread's doorbell. */
  #park(): void {
    while (this.#pending.size > 0 && !this.#ended) {
      Atomics.store(this.#control.words, this.#parkingIndex, PARKING.IN_LOOP);
      if (this.#replies.announceSleep()) break;
      this.#drain();
    }
    if (this.isClosed) this.#failIfClosed(false);
  }

  #rest(): void {
    const isIdle = this.#pending.size === 0 && this.#watchers.size === 0;
    if (isIdle && !this.#ended) this.bridge.keepAlive(false);
  }

  #failIfClosed(throws = true): void {
    if (!this.isClosed) return;
    this.#failAll();
    if (throws) throw this.#closedError();
  }

  #failAll(): void {
    for (const [request, { settle }] of [...this.#pending]) {
      this.#pending.delete(request);
      settle(undefined, this.#closedError());
    }
    for (const onEnd of [...this.#watchers]) onEnd();
    this.#rest();
  }

  #closedError(): StoreClosedError {
    const died = this.#control.actorWord(ACTOR.CLOSED) === CLOSED.ACTOR_DIED;
    return new StoreClosedError(
      died ? 'the thread that created the store, or its allocator thread, has ended' : 'the store was closed',
    );
  }

  #timedOut({ timeoutMs = 0, purpose }: WaitLimits): TimedOutError {
    const within = `within ${timeoutMs} ms`;
    if (purpose !== undefined) return new TimedOutError(`${purpose} ${within}`, { timeoutMs });
    const holders = biggestHolders(this.#control);
    const what = this.#control.hasFreeSlot ? 'no memory' : 'no slot of the object table';
    const message = `${what} became free ${within}; held by ${describeHolders(holders)}`;
    return new TimedOutError(message, { timeoutMs, holders });
  }
}

/** The record of a client that has just left is free from the actor's next turn on. It was rung for that. */
function attachInTurn<Attached>(control: ControlRegion, attach: () => Attached): Attached {
  const deadline = performance.now() + RECOVERY_LIMIT_MS;
  for (;;) {
    // Asked first: a record may become free between the two steps, and then the attempt finds it.
    const mayBecomeFree = control.hasDeadClient;
    const attached = attach();
    if (attached !== undefined || !mayBecomeFree || performance.now() > deadline) return attached;
    Atomics.wait(control.words, ACTOR.CLIENT_HIGH_WATER, MAX_CLIENTS, 1);
  }
}

/** The words of a create, and how long its answer is waited for. */
function createCall(sizeBytes: number, limits: WaitLimits): { records: Records; wait: WaitLimits } {
  const records = (patience: number): Records => [[...encodeSize(sizeBytes), patience]];
  // Without time the actor itself answers at once: a timer would be over before any answer.
  if (limits.timeoutMs === 0)
    return { records: records(PATIENCE.NONE), wait: { ...limits, timeoutMs: undefined } };
  const hasLimit = limits.timeoutMs !== undefined;
  return { records: records(hasLimit ? PATIENCE.UNTIL_CANCELLED : PATIENCE.NORMAL), wait: limits };
}

function expectLease(answer: Answer): Lease {
  if (typeof answer === 'string') throw new TypeError('a lease was expected');
  return answer;
}

function expectText(answer: Answer): string {
  if (typeof answer !== 'string') throw new TypeError('a text was expected');
  return answer;
}
