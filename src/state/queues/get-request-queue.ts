/** Ray's `GetRequestQueue`: waits until objects are sealed, several objects at a time. */

import { InvariantError } from '../errors.ts';
import { invalidArgument } from '../options.ts';
import type { Status } from '../status.ts';
import type { ErrorName } from '../status-codes.ts';

/** Why an object will never be there. */
export type FailureReason = Status<ErrorName>;

/** One wait, as its callbacks see it. */
export interface GetRequest<Client, Key, Place> {
  readonly client: Client;
  /** What it waits for, each once, in the order asked for. */
  readonly keys: readonly Key[];
  /** Where the objects are that have been there so far. */
  readonly places: ReadonlyMap<Key, Place>;
  /** Those that will never be there. */
  readonly failures: ReadonlyMap<Key, FailureReason>;
  /** Whether each object is there or has failed. */
  readonly isSatisfied: boolean;
}

/** Starts a timer; the function returned stops it. A late call after that does no harm. */
export type StartTimer = (delayMs: number, onTime: () => void) => () => void;

/** What the queue is built with. The callbacks may call the queue. They must not throw: others wait for the same object. */
export interface GetRequestQueueOptions<Client, Key, Place> {
  /** Where the object is, if it is sealed. */
  readonly findSealed: (key: Key) => Place | undefined;
  /** An object is there for this request: the moment to take a reference for its client. */
  readonly objectSatisfied: (key: Key, place: Place, request: GetRequest<Client, Key, Place>) => void;
  /** The request is over: all is there or failed, or time is. Not called for requests that are removed. */
  readonly requestCompleted: (request: GetRequest<Client, Key, Place>) => void;
  readonly startTimer: StartTimer;
}

/** The timeout of those who wait for ever. */
export const NO_TIMEOUT = -1;

class WaitingGet<Client, Key, Place> implements GetRequest<Client, Key, Place> {
  readonly client: Client;
  readonly keys: readonly Key[];
  readonly places = new Map<Key, Place>();
  readonly failures = new Map<Key, FailureReason>();
  state: 'waiting' | 'completed' | 'removed' = 'waiting';
  stopTimer: (() => void) | undefined;

  constructor(client: Client, keys: readonly Key[]) {
    this.client = client;
    this.keys = keys;
  }

  get isSatisfied(): boolean {
    return this.places.size + this.failures.size === this.keys.length;
  }
}

/**
 * `Key` is compared as keys of a `Map` are: strings or numbers, not id objects. Unlike in Ray a client may have several requests at
 * a time, because one JavaScript thread can await many things.
 *
 * Deleting or aborting an object ends no wait by itself: an object with that id may be created again, and Ray's waits last,
 * too. When it is certain that none ever will (an automatic id names one object only; the last copy is lost), `failObject`
 * ends them.
 */
export class GetRequestQueue<Client, Key, Place extends NonNullable<unknown>> {
  readonly #options: GetRequestQueueOptions<Client, Key, Place>;
  readonly #waiters = new Map<Key, Set<WaitingGet<Client, Key, Place>>>();
  readonly #byClient = new Map<Client, Set<WaitingGet<Client, Key, Place>>>();

  constructor(options: GetRequestQueueOptions<Client, Key, Place>) {
    this.#options = options;
  }

  /** How many requests wait. */
  get numGetRequests(): number {
    let count = 0;
    for (const requests of this.#byClient.values()) count += requests.size;
    return count;
  }

  /** Whether anybody waits for this object. */
  isGetRequestExist(key: Key): boolean {
    return this.#waiters.has(key);
  }

  /** How many requests wait for this object. */
  getRequestCount(key: Key): number {
    return this.#waiters.get(key)?.size ?? 0;
  }

  /**
   * Waits for these objects; duplicates count once. Those that are there are reported at once. The request is over when all
   * are there, or after `timeoutMs` with what is there by then: at once if it is 0, never if it is `NO_TIMEOUT`.
   */
  addRequest(client: Client, keys: Iterable<Key>, timeoutMs: number): GetRequest<Client, Key, Place> {
    if (!(timeoutMs === NO_TIMEOUT || (timeoutMs >= 0 && timeoutMs < Number.POSITIVE_INFINITY))) {
      throw invalidArgument('timeoutMs', timeoutMs, 'a number of milliseconds, 0 or more, or -1');
    }
    const request = new WaitingGet<Client, Key, Place>(client, [...new Set(keys)]);
    addTo(this.#byClient, client, request);
    for (const key of request.keys) {
      // A callback has removed it, or its client.
      if (request.state !== 'waiting') return request;
      const place = this.#options.findSealed(key);
      if (place === undefined) addTo(this.#waiters, key, request);
      else this.#satisfy(request, key, place);
    }
    if (request.isSatisfied || timeoutMs === 0) this.#complete(request);
    else if (timeoutMs !== NO_TIMEOUT && request.state === 'waiting') {
      request.stopTimer = this.#options.startTimer(timeoutMs, () => this.#complete(request));
    }
    return request;
  }

  /**
   * The object has just been sealed: all who wait for it, in the order they came. It must be there. Where others may take it
   * away at any time, who has seen it says where: a second look might not find it.
   */
  markObjectSealed(key: Key, seenAt?: Place): void {
    const waiters = this.#takeWaiters(key);
    if (waiters.length === 0) return;
    const place = seenAt ?? this.#options.findSealed(key);
    if (place === undefined) throw new InvariantError('an object that was marked as sealed is not there');
    for (const request of waiters) {
      if (request.state !== 'waiting') continue;
      this.#satisfy(request, key, place);
      if (request.isSatisfied) this.#complete(request);
    }
  }

  /**
   * The object will never be there, and this is why. Counts like its being there: a request that waits for others as well goes
   * on. Ray has no such call; it stores an error as the object's value.
   */
  failObject(key: Key, reason: FailureReason): void {
    for (const request of this.#takeWaiters(key)) {
      if (request.state !== 'waiting') continue;
      request.failures.set(key, reason);
      if (request.isSatisfied) this.#complete(request);
    }
  }

  /** Forgets all requests of a client that is gone. */
  removeGetRequestsForClient(client: Client): void {
    for (const request of this.#byClient.get(client) ?? []) this.#remove(request);
  }

  /** Forgets a request whose caller gave up. Nothing happens if it is over. */
  removeGetRequest(request: GetRequest<Client, Key, Place>): void {
    if (request instanceof WaitingGet) this.#remove(request);
  }

  #satisfy(request: WaitingGet<Client, Key, Place>, key: Key, place: Place): void {
    request.places.set(key, place);
    this.#options.objectSatisfied(key, place, request);
  }

  /** Once only: the callback may seal objects that the request had been waiting for. */
  #complete(request: WaitingGet<Client, Key, Place>): void {
    if (request.state !== 'waiting') return;
    request.state = 'completed';
    try {
      this.#options.requestCompleted(request);
    } finally {
      this.#remove(request);
    }
  }

  #remove(request: WaitingGet<Client, Key, Place>): void {
    if (request.state === 'removed') return;
    request.state = 'removed';
    request.stopTimer?.();
    removeFrom(this.#byClient, request.client, request);
    for (const key of request.keys) removeFrom(this.#waiters, key, request);
  }

  /** The id's entry is gone before anybody is told: who asks for the object from a callback finds it there. */
  #takeWaiters(key: Key): readonly WaitingGet<Client, Key, Place>[] {
    const waiters = this.#waiters.get(key);
    this.#waiters.delete(key);
    return waiters === undefined ? [] : [...waiters];
  }
}

function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}

function removeFrom<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values?.delete(value) && values.size === 0) map.delete(key);
}
