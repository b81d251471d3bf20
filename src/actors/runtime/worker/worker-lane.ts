/** Calls that a worker runs one after the other: those of a lease, or of an actor. */
import { performance } from 'node:perf_hooks';
import type { PeerLink } from '../link/peer-link.ts';
import { TOOK_MAX_MICROS } from '../link/protocol.ts';

/** A call that has come in. */
export interface IncomingCall {
  readonly link: PeerLink;
  /** Its number on its link. */
  readonly number: number;
  readonly lane: WorkerLane;
  readonly code: CallCode;
  readonly isStream: boolean;
  /** The arguments; undefined when they could not be decoded. */
  readonly values: readonly unknown[] | undefined;
  /** Why they could not. */
  readonly problem: unknown;
  /** When it began, by `performance.now()`; below zero if it is not measured. */
  beganMs: number;
  /** Aborts when the caller wants it no more; made when somebody asks. */
  controller: AbortController | undefined;
}

/** What a function's number on a link stands for. */
export interface CallCode {
  /** Empty for a method. */
  readonly module: string;
  readonly name: string;
  /** Undefined until the module is imported; methods have none. */
  run: ((...values: never[]) => unknown) | undefined;
  /** Why it could not be imported. */
  problem: unknown;
}

/** One of so many calls is measured, the first included: a look at the clock costs a tenth of a short call. */
const MEASURED_EACH = 4;

/** What `async` functions are made by. */
const AsyncFunction: { new (): (...values: never[]) => unknown } = Object.getPrototypeOf(
  async () => {},
).constructor;

export class WorkerLane {
  readonly number: number;
  /** Calls that may run at once. */
  readonly limit: number;
  /** The actor; undefined in a lease's lane. */
  readonly target: object | undefined;
  /** The thread that holds the lease. */
  readonly caller: number | undefined;
  /** Called once when it is closed and nothing runs any more. */
  #whenIdle: (() => void) | undefined;
  /** Called once when nothing waits any more. */
  #whenEmpty: (() => void) | undefined;
  #calls: (IncomingCall | undefined)[] = [];
  #first = 0;
  #running = 0;
  #begun = 0;
  isClosed = false;
  /** It stands among the lanes that may run something. */
  isListed = false;

  private constructor(number: number, limit: number, target: object | undefined, caller: number | undefined) {
    this.number = number;
    this.limit = limit;
    this.target = target;
    this.caller = caller;
  }

  static ofLease(lease: number, caller: number, limit: number): WorkerLane {
    return new WorkerLane(lease, limit, undefined, caller);
  }

  static ofActor(number: number, limit: number, actor: object): WorkerLane {
    return new WorkerLane(number, limit, actor, undefined);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#calls.length - this.#first;
  }

  push(call: IncomingCall): void {
    this.#calls.push(call);
  }

  /** Whether a call may run now: its code is there. */
  get isRunnable(): boolean {
    const call = this.#calls[this.#first];
    if (call === undefined || this.#running >= this.limit) return false;
    const { module, run, problem } = call.code;
    return module === '' || run !== undefined || problem !== undefined;
  }

  /** Whether the next call goes on by promises once it has begun, as far as can be seen. */
  get isNextAsynchronous(): boolean {
    const call = this.#calls[this.#first];
    return call !== undefined && (call.isStream || call.code.run instanceof AsyncFunction);
  }

  /** Takes the next call, if one may run now. */
  next(): IncomingCall | undefined {
    if (!this.isRunnable) return undefined;
    const call = this.#calls[this.#first];
    // Its arguments are its own from now on: the list must not keep them.
    this.#calls[this.#first++] = undefined;
    // The front of the list is given back when most of it is empty.
    if (this.#first * 2 > this.#calls.length && this.#first > 16) {
      this.#calls = this.#calls.slice(this.#first);
      this.#first = 0;
    }
    return call;
  }

  /** All that has not begun. */
  takeWaiting(): IncomingCall[] {
    const waiting = this.#calls.slice(this.#first).filter((call) => call !== undefined);
    this.#calls = [];
    this.#first = 0;
    return waiting;
  }

  began(call: IncomingCall): void {
    this.#running++;
    // Who has a lease sends by it; an actor's callers do not ask.
    if (this.target === undefined && this.#begun++ % MEASURED_EACH === 0) call.beganMs = performance.now();
  }

  /** How long a call that ends now has taken, in microseconds; 0 if it was not measured, or waited for its reader. */
  microsOf({ beganMs, isStream }: IncomingCall): number {
    if (beganMs < 0 || isStream) return 0;
    return Math.min(TOOK_MAX_MICROS, Math.max(1, Math.round((performance.now() - beganMs) * 1000)));
  }

  ended(): void {
    this.#running--;
    this.tellEmpty();
    this.#tellIdle();
  }

  /** Behind whatever took calls out. */
  tellEmpty(): void {
    if (this.waiting > 0) return;
    const tell = this.#whenEmpty;
    this.#whenEmpty = undefined;
    tell?.();
  }

  whenEmpty(tell: () => void): void {
    this.#whenEmpty = tell;
  }

  /** Nothing more is begun; `whenIdle` is called when nothing runs. */
  close(whenIdle: () => void): void {
    this.isClosed = true;
    this.#whenIdle = whenIdle;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running > 0) return;
    const tell = this.#whenIdle;
    this.#whenIdle = undefined;
    tell?.();
  }
}
