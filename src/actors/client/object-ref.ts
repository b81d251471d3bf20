/** A ref: this thread's share in keeping an object. */

import type { BridgeClient } from '../../pools/bridge.ts';
import { RefReleasedError } from '../../state/errors.ts';
import type { ObjectId } from '../../state/ids/object-id.ts';
import type { Sealed } from '../../state/value-format.ts';
import type { DebugAids } from './debug/debug-aids.ts';
import type { ObjectPlace, ObjectToken } from './object-place.ts';
import type { WaitOptions } from './store-options.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What refs and slots need of their store. */
export interface RefHost {
  readonly name: string;
  readonly bridge: BridgeClient;
  readonly debug: DebugAids | undefined;
  readonly closed: boolean;
  get<T>(ref: ObjectRef<T>, options?: WaitOptions): Promise<Sealed<T>>;
  getSync<T>(ref: ObjectRef<T>, options?: WaitOptions): Sealed<T>;
  idOf(ref: ObjectPlace): ObjectId;
  chosenId(id: ObjectId | undefined): Uint8Array | undefined;
}

/**
 * Keeps one object alive. Made by `put`, by sealing, and by `store.ref`; any number may name the same object. When the
 * last ref of all threads is released or collected, the object is deleted; its bytes stay as long as a view of them
 * does. Forgetting a ref is safe: its collection releases it, also in the middle of synchronous loops.
 *
 * Belongs to the thread that made it. Not cloneable: send {@link ObjectRef.token}.
 */
export class ObjectRef<T = unknown> implements Disposable {
  /** @internal */
  readonly store: RefHost;
  /** @internal Filled in by the store in the step that makes the object. */
  slot = 0;
  /** @internal */
  generation = 0;
  /** @internal The bridge's number of this ref; below zero when it holds nothing (yet, or any more). */
  track = -1;
  #id: ObjectId | undefined;

  /** @internal Only stores make refs. */
  constructor(store: RefHost, id?: ObjectId) {
    this.store = store;
    this.#id = id;
  }

  /** @internal It has a share in the object at a place from now on. */
  hold(slot: number, generation: number, track: number): void {
    this.slot = slot;
    this.generation = generation;
    this.track = track;
  }

  /** The object's id: the one given at its creation, or one that names its place. */
  get id(): ObjectId {
    this.#id ??= this.store.idOf(this);
    return this.#id;
  }

  /** A cloneable name of the object for other threads. Throws `RefReleasedError` after a release. */
  get token(): ObjectToken<T> {
    this.assertHeld();
    return { store: this.store.name, slot: this.slot, generation: this.generation };
  }

  /** Whether this ref was released. */
  get released(): boolean {
    return this.track < 0;
  }

  /** As `store.get(ref)`. */
  get(options?: WaitOptions): Promise<Sealed<T>> {
    return this.store.get(this, options);
  }

  /** As `store.getSync(ref)`. */
  getSync(options?: WaitOptions): Sealed<T> {
    return this.store.getSync(this, options);
  }

  /** What logs and messages show: never the store behind it. */
  toJSON(): { readonly store: string; readonly slot: number; readonly generation: number } {
    return { store: this.store.name, slot: this.slot, generation: this.generation };
  }

  /** @internal As {@link toJSON}. */
  [INSPECT](): string {
    return `ObjectRef { store: '${this.store.name}', slot: ${this.slot}, generation: ${this.generation} }`;
  }

  /** Gives this thread's share up. Views stay true. Doing it again, or after the store was closed, does nothing. */
  release(): void {
    if (this.track < 0) return;
    const { track } = this;
    this.track = -1;
    this.store.debug?.givenBack(this);
    this.store.bridge.release(track, this.slot);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  assertHeld(): void {
    if (this.track >= 0) return;
    throw new RefReleasedError('the ref was released', { slot: this.slot, generation: this.generation });
  }
}
