/** What a thread has of its runtime: everything behind the public class, in the thread that started it and in workers. */
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import type { SharedWords } from '../../pools/ring/ring.ts';
import { InterruptedError, RuntimeClosedError, TimedOutError } from '../../state/errors.ts';
import type { Storable } from '../../state/value-format.ts';
import { onAbort } from '../client/abort-listener.ts';
import { interrupted } from '../client/failures.ts';
import type { ObjectRef } from '../client/object-ref.ts';
import type { Store } from '../client/store.ts';
import { readWaitOptions, type WaitOptions } from '../client/store-options.ts';
import { ActorClient } from './actor/actor-client.ts';
import type { LinkLoss } from './call/call.ts';
import { hearRecord, loseCalls } from './call/caller.ts';
import { lossOf } from './call/loss.ts';
import type { ResultRef } from './call/result-ref.ts';
import { Submitter } from './call/submitter.ts';
import { decodeError } from './link/error-codec.ts';
import type { Question, SchedulerMessage } from './link/messages.ts';
import { Participant, type ParticipantHandlers } from './link/participant.ts';
import type { PeerLink } from './link/peer-link.ts';
import type { RuntimeAccess } from './runtime-access.ts';

const PROCESSORS = availableParallelism();

/** What only workers do. */
export interface WorkerPart {
  record(link: PeerLink, type: number, words: SharedWords, start: number): boolean;
  mail(message: SchedulerMessage): boolean;
  work(): boolean;
  linkLost(link: PeerLink): void;
  /** Leases and actors that run something at the moment. */
  runningLanes(): number[];
  /** Those of streams that wait for their readers. */
  pausedLanes(): number[];
  /** The thread has come out of its blocking waits. */
  unblocked(): void;
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class RuntimeCore implements ParticipantHandlers, RuntimeAccess {
  readonly participant: Participant;
  readonly submitter: Submitter;
  readonly actors: ActorClient;
  /** Set before anything can come. */
  worker: WorkerPart | undefined;
  readonly #asked = new Map<number, Asked>();
  #lastRequest = 0;
  /** Failures that nobody has looked at, and that were told. */
  readonly #told = new WeakSet<object>();
  /** Results that code of this thread waits for. */
  #awaited = 0;
  /** Lanes that the scheduler knows to be blocked. */
  #blocked: readonly number[] = [];
  #closed: RuntimeClosedError | undefined;
  #refusal: RuntimeClosedError | undefined;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(index: number, store: Store, board: SharedArrayBuffer, mailbox: MessagePort) {
    this.actors = new ActorClient(this);
    this.participant = new Participant(index, store, board, mailbox, this, this.actors);
    this.submitter = new Submitter(this.participant);
  }

  get store(): Store {
    return this.participant.store;
  }

  get closed(): RuntimeClosedError | undefined {
    return this.#closed;
  }

  /** Why it takes nothing new: it is closed, or about to be. */
  get refusal(): RuntimeClosedError | undefined {
    return this.#closed ?? this.#refusal;
  }

  /** A question to the scheduler. */
  ask(question: Question): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      const request = ++this.#lastRequest;
      this.#asked.set(request, { resolve, reject });
      this.participant.tell({ type: 'ask', request, question });
      this.participant.nudge();
    });
    // These wait for room, which the asking task itself may have.
    if (question.kind === 'spawn' || question.kind === 'createGroup') {
      this.awaiting(1);
      const answered = (): void => this.awaiting(-1);
      answer.then(answered, answered);
    }
    return answer;
  }

  /** Takes nothing new from this thread: what is under way goes on. */
  refuse(): void {
    this.#refusal = new RuntimeClosedError('the runtime is being closed');
    this.submitter.refuse(this.#refusal);
  }

  /** Resolves when no call of this thread is under way any more. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed !== undefined) return resolve();
      this.#idleWaiters.push(resolve);
      this.participant.nudge();
    });
  }

  /** Ends this thread's part: whatever waits fails. */
  end(error = new RuntimeClosedError('the runtime was closed')): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.submitter.end(error);
    this.actors.end(error);
    for (const link of this.participant.links()) loseCalls(link, { errorFor: () => error });
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
    for (const tell of this.#idleWaiters.splice(0)) tell();
    this.participant.end();
  }

  // Of the participant.

  record(link: PeerLink, type: number, words: SharedWords, start: number): void {
    if (hearRecord(this.participant, link, type, words, start)) return;
    this.worker?.record(link, type, words, start);
  }

  mail(message: SchedulerMessage): void {
    if (this.submitter.mail(message) || this.actors.mail(message) || this.worker?.mail(message) === true)
      return;
    switch (message.type) {
      case 'link':
        this.participant.addLink(message.peer, message.memory, message.client);
        return;
      case 'gone':
        this.participant.dropLink(message.peer, lossOf(message.worker, decodeError(message.error)));
        return;
      case 'reply':
        this.#hearReply(message);
        return;
    }
  }

  work(): boolean {
    this.submitter.advance();
    this.actors.advance();
    return this.worker?.work() ?? false;
  }

  isWaiting(): boolean {
    return this.#hasCalls() || this.#asked.size > 0;
  }

  expectsMore(): boolean {
    if (this.worker !== undefined) return true;
    // Who watches while all processors work for it keeps one of them from working. What the scheduler answers comes by mail,
    // which the event loop brings: who watches does not see it.
    return this.participant.busyLinks < PROCESSORS && this.#hasCalls();
  }

  /** A worker whose tasks all wait, for others' results or for readers, can do something else meanwhile: the scheduler is told. */
  beforeSleep(): void {
    if (this.#idleWaiters.length > 0 && !this.isWaiting())
      for (const tell of this.#idleWaiters.splice(0)) tell();
    if (this.worker === undefined) return;
    const lanes = this.#awaited === 0 ? this.worker.pausedLanes() : this.worker.runningLanes();
    const news = lanes.filter((lane) => !this.#blocked.includes(lane));
    if (news.length > 0) this.participant.tell({ type: 'blocked', lanes: news });
    const gone = this.#awaited === 0 ? this.#blocked.filter((lane) => !lanes.includes(lane)) : [];
    if (gone.length > 0) this.participant.tell({ type: 'unblocked', lanes: gone });
    this.#blocked = [...this.#blocked.filter((lane) => !gone.includes(lane)), ...news];
  }

  linkLost(link: PeerLink, loss: LinkLoss): void {
    this.submitter.linkLost(link);
    loseCalls(link, loss);
    this.worker?.linkLost(link);
    this.participant.nudge();
  }

  // Of results.

  awaiting(change: 1 | -1): void {
    this.#awaited += change;
    // The next sleep is one of a worker that waits.
    if (change > 0 && this.worker !== undefined) this.participant.nudge();
    if (this.#awaited > 0 || this.#blocked.length === 0) return;
    this.participant.tell({ type: 'unblocked', lanes: this.#blocked });
    this.#blocked = [];
  }

  async wait(ref: ResultRef, options: WaitOptions | undefined): Promise<unknown> {
    const { timeoutMs, signal } = readWaitOptions(options, 'ResultRef.get');
    if (signal?.aborted === true) throw interrupted(signal);
    if (timeoutMs === undefined && signal === undefined) return ref;
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => finish(() => reject(timedOut(ref, timeoutMs))), timeoutMs);
      const endListening = onAbort(signal, () => finish(() => reject(interrupted(signal))));
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        endListening();
        settle();
      };
      ref.then(
        (value) => finish(() => resolve(value)),
        (error: unknown) => finish(() => reject(error)),
      );
    });
  }

  waitSync(ref: ResultRef, options: WaitOptions | undefined): unknown {
    const { timeoutMs, signal } = readWaitOptions(options, 'ResultRef.getSync');
    if (signal?.aborted === true) throw interrupted(signal);
    if (!ref.settled) {
      const deadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
      this.awaiting(1);
      try {
        this.participant.waitSync(() => ref.settled, deadlineMs);
      } finally {
        this.awaiting(-1);
        if (!this.participant.isBlocked) this.worker?.unblocked();
      }
    }
    let outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
    if (ref.settled) {
      ref.observe({
        resolved: (value) => {
          outcome = { value };
        },
        rejected: (error) => {
          outcome = { error };
        },
      });
    }
    if (outcome === undefined) throw this.#closed ?? timedOut(ref, timeoutMs ?? 0);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  put<T extends Storable>(value: T): Promise<ObjectRef<T>> {
    return this.store.put(value);
  }

  share<T>(ref: ObjectRef<T>): ObjectRef<T> {
    return this.store.ref(ref.token);
  }

  unobserved(what: string, error: unknown): void {
    if (error instanceof InterruptedError || error instanceof RuntimeClosedError) return;
    if (typeof error === 'object' && error !== null) {
      // Many calls may have failed with one and the same: those of an actor that has died.
      if (this.#told.has(error)) return;
      this.#told.add(error);
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(
      `nobody looked at the failure of ${what}: ${text}`,
      'PlasmoidUnobservedFailureWarning',
    );
  }

  #hasCalls(): boolean {
    return this.submitter.underWay > 0 || this.actors.underWay > 0;
  }

  #hearReply({ request, value, error }: SchedulerMessage & { readonly type: 'reply' }): void {
    const asked = this.#asked.get(request);
    this.#asked.delete(request);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(decodeError(error));
  }
}

function timedOut(ref: ResultRef, timeoutMs: number): TimedOutError {
  return new TimedOutError(`the result of ${ref.what} was not there within ${timeoutMs} ms`, {
    timeoutMs,
    call: ref.what,
  });
}
