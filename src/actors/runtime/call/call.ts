/** A call that a thread has made, until it is settled. */
import type { Queueable } from '../../../state/runtime/call-queue.ts';
import type { ObjectRef } from '../../client/object-ref.ts';
import type { Payload } from '../link/payload.ts';
import type { Definition } from '../task-registry.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Why a call could not be answered by the thread that it was sent to. */
export interface LinkLoss {
  /** The error for calls that had begun. */
  errorFor(call: Call): Error;
}

/** Who sends a call and hears what became of it: the class of its task, or its actor. */
export interface CallRoute {
  /** It was answered, skipped or returned; its link has forgotten it. */
  left(call: Call, tookMs?: number): void;
  /** Its lane was closed before it began: it wants another. */
  returned(call: Call): void;
  /** The thread it was sent to has died. */
  lost(call: Call, hasBegun: boolean, loss: LinkLoss): void;
  /** The caller does not want it any more, and it is on no lane. */
  dropped(call: Call): void;
  /** It failed by an error of its own, which its policy accepts: it is run again. */
  again(call: Call): void;
  /** The caller has heard its end. */
  settled(call: Call): void;
}

/** How far a generator may run ahead of its reader. */
export interface StreamRoom {
  readonly items: number;
  readonly bytes: number;
}

/** The link that a call was sent on. */
export interface CallLink {
  /** Takes a call back that has not begun; false when it has. Its number comes back when the peer has skipped it. */
  takeBack(number: number): boolean;
  /** Says that a call which has begun is wanted no more. */
  cancel(number: number): void;
  /** The reader of a stream has room for so much more. */
  credit(number: number, items: number, bytes: number): void;
}

/** Where a call was sent. */
export interface CallLane {
  readonly link: CallLink;
}

/** What hears the answer: a result, or a stream. */
export interface CallSink {
  /** `object`: the one that is the whole value. */
  resolve(value: unknown, object: ObjectRef | undefined): void;
  reject(error: unknown): void;
  /** Whether the call may be run from its beginning again; absent: yes. */
  readonly isRepeatable?: boolean;
  /** An item of a stream; `sizeBytes` as it was sent. */
  item?(value: unknown, sizeBytes: number): void;
}

let lastSerial = 0;

export class Call implements Queueable {
  /** Calls of this thread in the order in which they were made. */
  readonly serial = ++lastSerial;
  nextQueued: Queueable | undefined = undefined;
  previousQueued: Queueable | undefined = undefined;
  queuedIn: object | undefined = undefined;
  readonly priority: number;
  readonly definition: Definition;
  readonly route: CallRoute;
  readonly sink: CallSink;
  payload: Payload;
  /** Its number on its link; below zero while it is on none. */
  number = -1;
  /** Set for a generator, whose items are wanted one by one. */
  ahead: StreamRoom | undefined = undefined;
  /** The lane it was sent on. */
  lane: CallLane | undefined = undefined;
  readonly policy: RetryPolicy;
  /** How often it was begun and lost, or failed and was tried again. */
  attempts = 0;
  /** Ends what was set up for it: time limits, listeners. */
  whenSettled: (() => void) | undefined = undefined;
  isSettled = false;
  /** Its route has it, and hears when it is settled. */
  isRouted = false;

  constructor(
    definition: Definition,
    payload: Payload,
    route: CallRoute,
    sink: CallSink,
    policy: RetryPolicy,
    priority: number,
  ) {
    this.definition = definition;
    this.payload = payload;
    this.route = route;
    this.sink = sink;
    this.policy = policy;
    this.priority = priority;
  }

  /** Once; later ends are those of attempts that nobody waits for any more. */
  resolve(value: unknown, object: ObjectRef | undefined): void {
    if (this.#settle()) this.sink.resolve(value, object);
    else object?.release();
  }

  reject(error: unknown): void {
    if (this.#settle()) this.sink.reject(error);
  }

  /** The call was answered with an error of its own. */
  failed(error: unknown): void {
    let isAccepted: boolean;
    try {
      isAccepted = !this.isSettled && this.isRepeatable && this.policy.retryIf?.(error) === true;
    } catch (problem) {
      // The predicate's own: whoever waits for the call hears of it.
      this.reject(problem);
      return;
    }
    if (isAccepted) {
      this.attempts++;
      this.route.again(this);
    } else {
      this.reject(error);
    }
  }

  /** Whether it may be begun once more. */
  get isRepeatable(): boolean {
    return this.attempts < this.policy.retries && this.sink.isRepeatable !== false;
  }

  /** It is on no lane any more: answered, taken back, or lost. */
  leave(): void {
    this.lane = undefined;
    if (this.isSettled) this.payload.release();
  }

  /** Ends it from the caller's side, wherever it is. Its worker hears of it if it has begun. */
  cancel(error: unknown): void {
    if (this.isSettled) return;
    this.reject(error);
    const { lane, number } = this;
    if (lane === undefined) {
      this.route.dropped(this);
      return;
    }
    if (lane.link.takeBack(number)) this.route.left(this);
    else lane.link.cancel(number);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.whenSettled?.();
    if (this.isRouted) this.route.settled(this);
    // Still to be written while it is on its way: the objects are the receiver's when it is answered.
    if (this.lane === undefined) this.payload.release();
    return true;
  }
}
