/** Who goes when memory is short: of the objects that nobody uses, those that nobody has used for longest. */
import { InvariantError } from '../errors.ts';
import { type EvictionChoice, LruCache } from './lru-cache.ts';
import type { ObjectKey } from './object-info.ts';

/** Looks up the size of an object; undefined when there is none. */
export interface ObjectSizes<Key extends ObjectKey> {
  sizeBytesOf(objectId: Key): number | undefined;
}

/** The allocator's books. */
export interface MemoryUse {
  /** What all objects take, in memory and on disk. */
  readonly allocatedBytes: number;
  /** What they may take in memory. */
  readonly footprintLimitBytes: number;
}

/** Objects to evict now, and what is missing afterwards: zero or less when it is enough. */
export interface SpaceDemand<Key extends ObjectKey> {
  readonly keys: readonly Key[];
  readonly requiredMinusEvictedBytes: number;
}

/** Whoever evicts, evicts this part of the memory at least, so that not every create has to. */
const EVICTED_PART = 5;

export class EvictionPolicy<Key extends ObjectKey> {
  readonly #sizes: ObjectSizes<Key>;
  readonly #memory: MemoryUse;
  readonly #cache: LruCache<Key>;
  /** Objects in use, with their sizes: what is removed while it is in use must leave the sum as well. */
  readonly #pinned = new Map<Key, number>();
  #pinnedBytes = 0;

  constructor(sizes: ObjectSizes<Key>, memory: MemoryUse) {
    this.#sizes = sizes;
    this.#memory = memory;
    this.#cache = new LruCache('global lru', memory.footprintLimitBytes);
  }

  /** Bytes of the objects in use. */
  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** A new object may be evicted until somebody uses it. */
  objectCreated(objectId: Key): void {
    this.#cache.add(objectId, this.#sizeOf(objectId));
  }

  /** The first reference: it cannot be evicted any more. */
  beginObjectAccess(objectId: Key): void {
    const sizeBytes = this.#sizeOf(objectId);
    if (this.#pinned.has(objectId)) {
      throw new InvariantError(`eviction: ${objectId} is in use already`, { objectId });
    }
    this.#cache.remove(objectId);
    this.#pinned.set(objectId, sizeBytes);
    this.#pinnedBytes += sizeBytes;
  }

  /** The last reference is gone: it can be evicted, after all others. */
  endObjectAccess(objectId: Key): void {
    if (!this.#pinned.has(objectId)) {
      throw new InvariantError(`eviction: ${objectId} is not in use`, { objectId });
    }
    this.#cache.add(objectId, this.#sizeOf(objectId));
    this.#unpin(objectId);
  }

  /** The object is gone, whether it was in use or not. Nothing happens for one that is unknown. */
  removeObject(objectId: Key): void {
    this.#cache.remove(objectId);
    this.#unpin(objectId);
  }

  /** The least recently used objects that come to so many bytes, or all. They are no longer candidates afterwards. */
  chooseObjectsToEvict(bytes: number): EvictionChoice<Key> {
    const choice = this.#cache.chooseObjectsToEvict(bytes);
    for (const key of choice.keys) this.#cache.remove(key);
    return choice;
  }

  /** Chooses objects to evict for an object of this size. */
  requireSpace(bytes: number): SpaceDemand<Key> {
    const { allocatedBytes, footprintLimitBytes } = this.#memory;
    const requiredBytes = allocatedBytes + bytes - footprintLimitBytes;
    const targetBytes = Math.max(requiredBytes, Math.floor(footprintLimitBytes / EVICTED_PART));
    const choice = this.chooseObjectsToEvict(targetBytes);
    return { keys: choice.keys, requiredMinusEvictedBytes: requiredBytes - choice.bytes };
  }

  /** Whether the object is a candidate. */
  isObjectExists(objectId: Key): boolean {
    return this.#cache.exists(objectId);
  }

  #unpin(objectId: Key): void {
    this.#pinnedBytes -= this.#pinned.get(objectId) ?? 0;
    this.#pinned.delete(objectId);
  }

  #sizeOf(objectId: Key): number {
    const sizeBytes = this.#sizes.sizeBytesOf(objectId);
    if (sizeBytes === undefined) {
      throw new InvariantError(`eviction: ${objectId} does not exist`, { objectId });
    }
    return sizeBytes;
  }
}
