/** The result of a call: here at once, with its value later. */
import { RefReleasedError } from '../../../state/errors.ts';
import type { Sealed, Storable } from '../../../state/value-format.ts';
import type { ObjectRef } from '../../client/object-ref.ts';
import type { WaitOptions } from '../../client/store-options.ts';
import { onlyItsTokenCanBeSent } from '../../client/uncloneable.ts';
import { type UnseenFailure, unwatch, watch } from './unseen-failures.ts';

/** What somebody who waits for a result is told; exactly one of the two, once. */
export interface ResultListener {
  resolved(value: unknown): void;
  rejected(error: unknown): void;
}

/** What results need of their runtime. */
export interface ResultHost {
  /** Somebody of this thread begins, or ends, to wait for a result. */
  awaiting(change: 1 | -1): void;
  /** Waits with the limits of an option object; rejects with the errors of `Store.get`'s waits. */
  wait(ref: ResultRef, options: WaitOptions | undefined): Promise<unknown>;
  waitSync(ref: ResultRef, options: WaitOptions | undefined): unknown;
  put<T extends Storable>(value: T): Promise<ObjectRef<T>>;
  /** A ref of its own to the same object. */
  share<T>(ref: ObjectRef<T>): ObjectRef<T>;
  /** A failure that nobody has asked for. */
  unobserved(what: string, error: unknown): void;
}

const PENDING = 0;
const RESOLVED = 1;
const REJECTED = 2;
const RELEASED = 3;

/**
 * The result of a call that may still be under way. Await it for the value; pass it as an argument to other calls, which
 * begin when it is there and get it in place; {@link ResultRef.ref} makes a plain `ObjectRef` of it.
 *
 * Small values arrive with the answer, as copies; typed arrays and buffers beyond a few KiB lie in the store and are read
 * in place. Forgetting a ref is safe. A failed call rejects whoever awaits it; a failure that nobody ever awaits is told
 * by a process warning when the ref is collected, or when the process ends by itself.
 *
 * Belongs to the thread that made the call.
 */
export class ResultRef<T = unknown> implements PromiseLike<Sealed<T>>, Disposable {
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  readonly #host: ResultHost;
  /** What the call is called in messages. */
  readonly #what: string;
  #state: typeof PENDING | typeof RESOLVED | typeof REJECTED | typeof RELEASED = PENDING;
  #value: unknown;
  #object: ObjectRef<T> | undefined;
  #listeners: ResultListener[] | undefined;
  #promise: Promise<Sealed<T>> | undefined;
  /** The promise's own, while it waits: most results are awaited by one, and need no listener for it. */
  #resolvePromise: ((value: unknown) => void) | undefined;
  #rejectPromise: ((error: unknown) => void) | undefined;
  #isObserved = false;
  /** As long as nobody has looked at its failure. */
  #unseen: UnseenFailure | undefined;

  /** @internal Only runtimes make them. */
  constructor(host: ResultHost, what: string) {
    this.#host = host;
    this.#what = what;
  }

  /** Whether the call has ended, with a value or an error. */
  get settled(): boolean {
    return this.#state !== PENDING;
  }

  /** @internal The name of the call. */
  get what(): string {
    return this.#what;
  }

  /** As of a promise of the value: so `await ref` gives it. */
  // biome-ignore lint/suspicious/noThenProperty: it is one
  then<A = Sealed<T>, B = never>(
    onResolved?: ((value: Sealed<T>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#promise ??= this.#makePromise();
    return this.#promise.then(onResolved, onRejected);
  }

  /** As of a promise. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Sealed<T> | B> {
    return this.then(null, onRejected);
  }

  /** As of a promise. */
  finally(onSettled?: (() => void) | null): Promise<Sealed<T>> {
    return this.then().finally(onSettled);
  }

  /**
   * The value, with a limit for the wait, which leaves the call itself alone. Throws what the call failed with;
   * `TimedOutError`, `InterruptedError`, `RuntimeClosedError`, `RefReleasedError`.
   */
  async get(options?: WaitOptions): Promise<Sealed<T>> {
    const value: unknown = await this.#host.wait(this, options);
    return value as Sealed<T>;
  }

  /**
   * As {@link ResultRef.get}, blocking this thread while it waits. In a worker other synchronous tasks run on this thread
   * meanwhile, and `async` ones on another, which is started for them if need be: so tasks may wait for tasks of their own, on
   * however few workers. What is asynchronous without saying so (a plain function that gives a promise) may stand still here
   * as long as the thread blocks; so do this thread's own promises, timers and the asynchronous methods of its actors.
   */
  getSync(options?: WaitOptions): Sealed<T> {
    const value: unknown = this.#host.waitSync(this, options);
    return value as Sealed<T>;
  }

  /**
   * A ref to the value as an object of the store, for other threads, for `store.get`, to keep it when this one is
   * released. A value that came with its answer is put into the store for it. Throws as {@link ResultRef.get}, and as
   * `store.put`.
   */
  async ref(): Promise<ObjectRef<T>> {
    const value = await this.get();
    if (this.#object !== undefined) return this.#host.share(this.#object);
    return this.#host.put(value as Storable) as Promise<ObjectRef<T>>;
  }

  /**
   * Lets the value go: its memory returns when nobody else has it. The call goes on if it is still under way. Views stay
   * true. Doing it again does nothing.
   */
  release(): void {
    if (this.#state === RELEASED) return;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.#object?.release();
    this.#object = undefined;
    this.#value = undefined;
    // A promise keeps its value, too.
    this.#promise = undefined;
    this.#state = RELEASED;
    this.#seen();
    const rejectPromise = this.#rejectPromise;
    if (rejectPromise !== undefined) {
      this.#endWaiting();
      rejectPromise(this.#releasedError());
    }
    for (const listener of listeners ?? []) listener.rejected(this.#releasedError());
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal Calls back once it is settled: at once if it is. */
  observe(listener: ResultListener): void {
    this.#isObserved = true;
    switch (this.#state) {
      case PENDING:
        if (this.#listeners === undefined) this.#listeners = [listener];
        else this.#listeners.push(listener);
        return;
      case RESOLVED:
        listener.resolved(this.#value);
        return;
      case REJECTED:
        this.#seen();
        listener.rejected(this.#value);
        return;
      case RELEASED:
        listener.rejected(this.#releasedError());
        return;
    }
  }

  /** @internal The object that is the whole value; undefined when the value came with its answer. */
  get object(): ObjectRef<T> | undefined {
    return this.#object;
  }

  /** @internal The end of the call. `object`: the one that is the whole value. */
  resolve(value: unknown, object: ObjectRef | undefined): void {
    if (this.#state !== PENDING) {
      object?.release();
      return;
    }
    this.#state = RESOLVED;
    this.#value = value;
    this.#object = object as ObjectRef<T> | undefined;
    const resolvePromise = this.#resolvePromise;
    if (resolvePromise !== undefined) {
      this.#endWaiting();
      resolvePromise(value);
    }
    const listeners = this.#listeners;
    if (listeners === undefined) return;
    this.#listeners = undefined;
    for (const listener of listeners) listener.resolved(value);
  }

  /** @internal The end of the call. */
  reject(error: unknown): void {
    if (this.#state !== PENDING) return;
    this.#state = REJECTED;
    this.#value = error;
    const rejectPromise = this.#rejectPromise;
    if (rejectPromise !== undefined) {
      this.#endWaiting();
      rejectPromise(error);
    }
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener.rejected(error);
    if (!this.#isObserved) this.#watch(error);
  }

  #watch(error: unknown): void {
    const [host, what] = [this.#host, this.#what];
    this.#unseen = { tell: () => host.unobserved(what, error) };
    watch(this, this.#unseen);
  }

  #seen(): void {
    if (this.#unseen !== undefined) unwatch(this, this.#unseen);
    this.#unseen = undefined;
  }

  #makePromise(): Promise<Sealed<T>> {
    this.#isObserved = true;
    switch (this.#state) {
      case PENDING:
        this.#host.awaiting(1);
        return new Promise((resolve, reject) => {
          this.#resolvePromise = resolve as (value: unknown) => void;
          this.#rejectPromise = reject;
        });
      case RESOLVED:
        return Promise.resolve(this.#value as Sealed<T>);
      case REJECTED:
        this.#seen();
        return Promise.reject(this.#value);
      case RELEASED:
        return Promise.reject(this.#releasedError());
    }
  }

  #endWaiting(): void {
    this.#resolvePromise = undefined;
    this.#rejectPromise = undefined;
    this.#host.awaiting(-1);
  }

  #releasedError(): RefReleasedError {
    return new RefReleasedError(`the result of ${this.#what} was released`, { call: this.#what });
  }
}
