/** The store, as one thread sees it. */

import type { BridgeClient } from '../../pools/bridge.ts';
import type { StoreStatistics } from '../../pools/statistics.ts';
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import { StoreClosedError } from '../../state/errors.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import { isSealed } from '../../state/lifecycle/codes.ts';
import { invalidArgument } from '../../state/options.ts';
import {
  isStorableView,
  type Sealed,
  type Storable,
  type StorableView,
  type ViewByName,
} from '../../state/value-format.ts';
import { REQUEST } from '../protocol.ts';
import type { Lease } from './allocator-link.ts';
import { Connection } from './connection.ts';
import { assertTarget, type CopyableRef, type CopyTarget } from './copy-target.ts';
import type { DebugAids } from './debug/debug-aids.ts';
import { statusToError } from './failures.ts';
import { listObjects, type ObjectEntry } from './object-list.ts';
import type { ObjectName, Readable } from './object-names.ts';
import { describePlace, type ObjectPlace, type ObjectToken } from './object-place.ts';
import { isList, type Values, type WaitResult } from './object-reader.ts';
import { ObjectRef, type RefHost } from './object-ref.ts';
import { prepareWriter } from './slot-writer.ts';
import {
  type CreateOptions,
  type PutOptions,
  readPutOptions,
  readWaitForOptions,
  readWaitOptions,
  type StoreOptions,
  type WaitForOptions,
  type WaitOptions,
} from './store-options.ts';
import { assertHandle, type StoreHandle, startStore } from './store-owner.ts';
import type { WritableSlot } from './writable-slot.ts';

export type { CopyableRef, CopyTarget } from './copy-target.ts';
export type { Readable } from './object-names.ts';
export type { Values, WaitResult } from './object-reader.ts';
export type {
  CreateOptions,
  PutOptions,
  StoreOptions,
  WaitForOptions,
  WaitOptions,
} from './store-options.ts';
export type { StoreHandle } from './store-owner.ts';

/**
 * A shared-memory object store, as one thread sees it: created in one thread ({@link Store.create}), joined in others
 * ({@link Store.connect}). Semantics after Ray's Plasma store; see `docs/architecture.md`.
 *
 * Calls ending in `Sync` block the thread while they wait, like those of `node:fs`; they may be used everywhere. All
 * methods belong to the thread that has this instance. After `close()` they throw `StoreClosedError`, all but
 * {@link Store.release}: views live on.
 */
export class Store implements RefHost, AsyncDisposable {
  /** What other threads connect with: pass it in `workerData` or a message. */
  readonly handle: StoreHandle;
  /** The store's own name, in hexadecimal: what its tokens carry. */
  readonly name: string;
  readonly #connection: Connection;
  /** @internal A plain property, as is the next: every ref asks for them. */
  readonly bridge: BridgeClient;
  /** @internal */
  readonly debug: DebugAids | undefined;
  readonly #endStore: (() => Promise<void>) | undefined;
  #closing: Promise<void> | undefined;

  private constructor(handle: StoreHandle, endStore?: () => Promise<void>) {
    this.handle = handle;
    this.#connection = new Connection(handle, this);
    this.name = this.#connection.name;
    this.bridge = this.#connection.link.bridge;
    this.debug = this.#connection.debug;
    this.#endStore = endStore;
  }

  /**
   * Makes a store and starts its allocator thread. The calling thread is the store's owner: when it closes the store or
   * ends, the store ends for all.
   *
   * Throws `InvalidArgumentError` for an option, `SystemError` when the system refuses memory or the spill directory.
   */
  static async create(options?: StoreOptions): Promise<Store> {
    const owned = await startStore(options);
    return new Store(owned.handle, owned.end);
  }

  /**
   * Joins a store of another thread of this process. A thread may join a store more than once.
   *
   * Throws `InvalidArgumentError` when this is no handle, `StoreClosedError` when the store has ended,
   * `OutOfResourceError` when 256 clients are connected.
   */
  static async connect(handle: StoreHandle): Promise<Store> {
    return Store.connectSync(handle);
  }

  /** As {@link Store.connect}. Connecting waits for nobody, but among 256 clients for a place that was just left. */
  static connectSync(handle: StoreHandle): Store {
    assertHandle(handle);
    const store = new Store(handle);
    if (!store.closed) return store;
    store.connection.link.end();
    throw new StoreClosedError('the store was closed');
  }

  /** The number of this connection, as `list()` and the errors of a full store say it. */
  get client(): number {
    return this.bridge.index;
  }

  /** Whether the store has ended, or this thread has left it. */
  get closed(): boolean {
    return this.#closing !== undefined || this.#connection.link.isClosed;
  }

  /**
   * Copies a value into shared memory, seals it and returns its first ref. Views of typed arrays, `DataView`, `Buffer` and
   * `ArrayBuffer` are later read in place; any other value that `v8.serialize` takes is read as a copy, as
   * its structured clone.
   *
   * Waits while memory is short. Throws `UnstorableValueError`, `InvalidArgumentError`, `ObjectExistsError`,
   * `ObjectStoreFullError` when it can never fit, `OutOfDiskError`, `TimedOutError`, `InterruptedError`.
   */
  async put<T extends Storable>(value: T, options?: PutOptions): Promise<ObjectRef<T>> {
    return this.#connection.writer.put(value, readPutOptions(options, 'Store.put'));
  }

  /** As {@link Store.put}, blocking this thread while it waits. `signal` cannot fire meanwhile. */
  putSync<T extends Storable>(value: T, options?: PutOptions): ObjectRef<T> {
    return this.#connection.writer.putSync(value, readPutOptions(options, 'Store.putSync'));
  }

  /**
   * Reserves an object of `byteLength` bytes to be written in place. Waits and throws as {@link Store.put}.
   */
  async create<Name extends keyof ViewByName = 'Uint8Array'>(
    byteLength: number,
    options?: CreateOptions<Name>,
  ): Promise<WritableSlot<ViewByName[Name]>> {
    const writer = prepareWriter(this, byteLength, options, 'Store.create');
    let lease: Lease | undefined;
    for (;;) {
      const slot = writer.open(lease);
      if (slot !== undefined) return slot;
      lease = await this.#connection.link.lease(byteLength, writer.limits);
    }
  }

  /** As {@link Store.create}, blocking this thread while it waits. */
  createSync<Name extends keyof ViewByName = 'Uint8Array'>(
    byteLength: number,
    options?: CreateOptions<Name>,
  ): WritableSlot<ViewByName[Name]> {
    const writer = prepareWriter(this, byteLength, options, 'Store.createSync');
    let lease: Lease | undefined;
    for (;;) {
      const slot = writer.open(lease);
      if (slot !== undefined) return slot;
      lease = this.#connection.link.leaseSync(byteLength, writer.limits);
    }
  }

  /**
   * The value of a sealed object: for views one on the object's own bytes, without a copy, readonly by its type. The view
   * keeps its bytes for as long as it is reachable, whatever happens to the ref, the object and the store.
   *
   * Waits while the object is being written; for an id of somebody's choice also until it is created. Of several objects
   * gives all values, in their order, once all are sealed.
   *
   * Throws `ObjectNotFoundError` when an object was deleted or aborted, `RefReleasedError`, `ForeignRefError`,
   * `TimedOutError` (with `timeout: 0`: without waiting), `InterruptedError`, `StoreClosedError`.
   */
  get<T>(name: ObjectRef<T> | ObjectId, options?: WaitOptions): Promise<Sealed<T>>;
  get<const Names extends readonly Readable[]>(names: Names, options?: WaitOptions): Promise<Values<Names>>;
  async get(names: Readable | readonly Readable[], options?: WaitOptions): Promise<unknown> {
    const limits = readWaitOptions(options, 'Store.get');
    return isList(names)
      ? this.#connection.reader.getAll(names, limits)
      : this.#connection.reader.get(names, limits);
  }

  /**
   * As {@link Store.get}, blocking this thread while it waits. Throws `ObjectNotSealedError` for what this very thread is
   * writing: it would wait for ever.
   */
  getSync<T>(name: ObjectRef<T> | ObjectId, options?: WaitOptions): Sealed<T>;
  getSync<const Names extends readonly Readable[]>(names: Names, options?: WaitOptions): Values<Names>;
  getSync(names: Readable | readonly Readable[], options?: WaitOptions): unknown {
    const limits = readWaitOptions(options, 'Store.getSync');
    return isList(names)
      ? this.#connection.reader.getAllSync(names, limits)
      : this.#connection.reader.getSync(names, limits);
  }

  /**
   * Copies the bytes of a sealed object to the beginning of memory of the caller's, shared or not, and answers how many they
   * are. No view is made: nothing is left to release or to collect, and the memory may be used again for the next object.
   * Of small objects this is the fastest way to read; large ones are better read in place.
   *
   * Waits and throws as {@link Store.get}; `InvalidArgumentError` when the target has less room than the object has bytes,
   * when it is memory of a store (but for a slot that this thread is writing), and when the object is no view but a structured value.
   * Then the target is as it was. In debug mode `ObjectDamagedError` when somebody wrote into the object.
   */
  async getInto<T>(
    name: CopyableRef<T> | ObjectId,
    target: CopyTarget,
    options?: WaitOptions,
  ): Promise<number> {
    const limits = readWaitOptions(options, 'Store.getInto');
    assertTarget(target, 'Store.getInto');
    return this.#connection.reader.getInto(name, target, limits);
  }

  /** As {@link Store.getInto}, blocking this thread while it waits, as {@link Store.getSync} does. */
  getIntoSync<T>(name: CopyableRef<T> | ObjectId, target: CopyTarget, options?: WaitOptions): number {
    const limits = readWaitOptions(options, 'Store.getIntoSync');
    assertTarget(target, 'Store.getIntoSync');
    return this.#connection.reader.getIntoSync(name, target, limits);
  }

  /**
   * Waits until `count` of the objects (default 1) are sealed, or until the timeout, and says which are: `get` answers at
   * once for those. Deleted ones count as ready, for `get` to say so. After Ray's `wait`.
   *
   * Throws `InvalidArgumentError`, `RefReleasedError`, `ForeignRefError`, `InterruptedError`, `StoreClosedError`.
   */
  async wait<Name extends Readable>(
    names: readonly Name[],
    options?: WaitForOptions,
  ): Promise<WaitResult<Name>> {
    const { count, ...limits } = readWaitForOptions(options, names, 'Store.wait');
    return this.#connection.reader.wait(names, count, limits);
  }

  /** As {@link Store.wait}, blocking this thread while it waits. */
  waitSync<Name extends Readable>(names: readonly Name[], options?: WaitForOptions): WaitResult<Name> {
    const { count, ...limits } = readWaitForOptions(options, names, 'Store.waitSync');
    return this.#connection.reader.waitSync(names, count, limits);
  }

  /**
   * Calls back with the value and releases its view when the callback's promise is settled: for big objects, whose memory
   * shall return at once. The callback must not leave native operations on the view under way. Waits and throws as
   * {@link Store.get}.
   */
  async use<T, R>(
    ref: ObjectRef<T> | ObjectId,
    callback: (value: Sealed<T>) => R | Promise<R>,
    options?: WaitOptions,
  ): Promise<R> {
    if (typeof callback !== 'function')
      throw invalidArgument('callback', callback, 'a function', 'Store.use');
    if (isList(ref)) throw invalidArgument('ref', ref, 'one ObjectRef or ObjectId', 'Store.use');
    const value = await this.get(ref, options);
    try {
      return await callback(value);
    } finally {
      // Whatever the callback did with the view, or with the store: its outcome counts.
      if (isStorableView(value)) this.#connection.reader.releaseQuietly(value);
    }
  }

  /**
   * Lets a view go early: it and every other view of its buffer are empty from now on, and the memory is free at once if
   * nobody else views it. Only where this thread got an object of at most 64 KiB several times may it stay until the last
   * of its views is collected: from Node 24 on they share a buffer. Never needed: views that are forgotten come back by
   * themselves. Who calls it promises that no native operation (a pending `fs.write`, `zlib`) still works on the view. A view
   * that was transferred here from another thread may be released as well; also after `close()`.
   *
   * Throws `NotAWindowError` when it is no view that a store gave out to be read, or was released before; in debug mode
   * `ObjectDamagedError` when somebody wrote into it.
   */
  release(view: StorableView): void {
    this.#connection.reader.release(view);
  }

  /**
   * A ref for this thread, from a token sent by another or from an object's id. Throws `ObjectNotFoundError`,
   * `ForeignRefError` for another store's token, `InvalidArgumentError`.
   */
  ref<T = unknown>(name: ObjectToken<T> | ObjectId): ObjectRef<T> {
    const place = this.#connection.names.placeOf(name);
    const ref = new ObjectRef<T>(this, name instanceof ObjectId ? name : undefined);
    const status =
      place === undefined ? STATUS.NOT_FOUND : this.bridge.hold(ref, place.slot, place.generation);
    if (place === undefined || status !== STATUS.OK) {
      throw statusToError(status, name instanceof ObjectId ? `object ${name.hex}` : describePlace(name));
    }
    ref.hold(place.slot, place.generation, this.bridge.result[RESULT.TRACK] ?? 0);
    this.debug?.made(ref, 'ref');
    return ref;
  }

  /** Whether the object exists and is sealed. */
  contains(name: ObjectName): boolean {
    this.#assertOpen();
    const place = this.#connection.names.placeOf(name);
    return place !== undefined && isSealed(this.#connection.control.stateAt(place));
  }

  /**
   * Deletes an object, whoever has refs to it: from now on it cannot be got. Its bytes return when the last view of them
   * is gone. False when it was deleted before. Throws `ObjectNotSealedError` (abort the slot instead).
   */
  delete(name: ObjectName): boolean {
    this.#assertOpen();
    const place = this.#connection.names.placeOf(name);
    if (place === undefined || place.slot >= this.#connection.control.layout.maxObjects) return false;
    const status = this.bridge.delete(place.slot, place.generation);
    if (status === STATUS.NOT_FOUND) return false;
    if (status !== STATUS.OK) throw statusToError(status, describePlace(place));
    return true;
  }

  /** Numbers of objects and bytes. */
  async stats(): Promise<StoreStatistics> {
    return JSON.parse(await this.#connection.link.ask(REQUEST.STATS));
  }

  /** As {@link Store.stats}, blocking this thread. */
  statsSync(): StoreStatistics {
    return JSON.parse(this.#connection.link.askSync(REQUEST.STATS));
  }

  /** Every object there is, with its state, size, place and holders. Reads shared memory only. */
  list(): ObjectEntry[] {
    this.#assertOpen();
    return listObjects(this.#connection.control, this.debug);
  }

  /** Takes back the blocks that stand ready in the clients' stocks: `stats()` then counts nothing as leased. */
  async trim(): Promise<void> {
    await this.#connection.link.ask(REQUEST.TRIM);
  }

  /** Checks every invariant of the store at a quiet point. Throws `InvariantError` with the values that break one. */
  async verify(): Promise<void> {
    await this.#connection.link.ask(REQUEST.VERIFY);
  }

  /**
   * Leaves the store; in the thread that created it: ends it for all. Refs are released, calls that wait fail with
   * `StoreClosedError`, views stay true. Doing it again returns the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  get connection(): Connection {
    return this.#connection;
  }

  /** @internal */
  idOf(place: ObjectPlace): ObjectId {
    return this.#connection.names.idOf(place);
  }

  /** @internal */
  chosenId(id: ObjectId | undefined): Uint8Array | undefined {
    return this.#connection.names.chosenId(id);
  }

  async #end(): Promise<void> {
    this.debug?.report(this.name);
    if (this.#endStore === undefined) return this.#connection.link.end();
    // The actor may have died before: then there is nobody to be asked, and the rest still has to go.
    if (!this.#connection.link.isClosed) await this.#connection.link.ask(REQUEST.CLOSE).catch(ignoreClosed);
    this.#connection.link.end();
    await this.#endStore();
  }

  #assertOpen(): void {
    if (this.closed) throw new StoreClosedError('the store was closed');
  }
}

function ignoreClosed(error: unknown): string {
  if (error instanceof StoreClosedError) return 'null';
  throw error;
}
