/** The table of objects, each with its block of memory. Knows no rule but that a sealed object is not sealed again. */
import { InvariantError } from '../errors.ts';
import {
  type Allocation,
  isSealed,
  type ObjectInfo,
  type ObjectKey,
  objectSizeBytes,
  type StoredObject,
} from './object-info.ts';
import { OBJECT_STATE, type ObjectSource } from './plasma-error.ts';

/** Gives blocks of memory. */
export interface ObjectAllocator {
  /** A block of the primary region, or undefined. */
  allocate(sizeBytes: number): Allocation | undefined;
  /** A block of the primary region if one fits after all, else one on disk, or undefined. */
  fallbackAllocate(sizeBytes: number): Allocation | undefined;
  free(allocation: Allocation): void;
}

/** What a store works with. */
export interface ObjectStoreParts {
  readonly allocator: ObjectAllocator;
  readonly nowMs: () => number;
  /** Makes the shared header of a mutable object, in its block. Needed only when there are such objects. */
  readonly initialiseHeader?: (allocation: Allocation) => void;
}

export class ObjectStore<Key extends ObjectKey> {
  readonly #parts: ObjectStoreParts;
  readonly #objects = new Map<Key, StoredObject<Key>>();

  constructor(parts: ObjectStoreParts) {
    this.#parts = parts;
  }

  /** An object that may be written, with nobody's reference; undefined when there is no memory for it. */
  createObject(
    info: ObjectInfo<Key>,
    source: ObjectSource,
    fallback: boolean,
  ): StoredObject<Key> | undefined {
    const { allocator, nowMs, initialiseHeader } = this.#parts;
    const { objectId } = info;
    if (this.#objects.has(objectId)) {
      throw new InvariantError(`object store: ${objectId} exists already`, { objectId });
    }
    if (info.isMutable && initialiseHeader === undefined) {
      throw new InvariantError(`object store: nobody makes the header of ${objectId}`, { objectId });
    }
    const sizeBytes = objectSizeBytes(info);
    const allocation = fallback ? allocator.fallbackAllocate(sizeBytes) : allocator.allocate(sizeBytes);
    if (allocation === undefined) return undefined;
    if (info.isMutable) initialiseHeader?.(allocation);
    const object: StoredObject<Key> = {
      objectInfo: info,
      allocation,
      source,
      createTimeMs: nowMs(),
      constructDurationMs: -1,
      state: OBJECT_STATE.PLASMA_CREATED,
      refCount: 0,
    };
    this.#objects.set(objectId, object);
    return object;
  }

  getObject(objectId: Key): StoredObject<Key> | undefined {
    return this.#objects.get(objectId);
  }

  /** The object, sealed by this call; undefined when there is none or it was sealed before. */
  sealObject(objectId: Key): StoredObject<Key> | undefined {
    const object = this.#objects.get(objectId);
    if (object === undefined || isSealed(object)) return undefined;
    object.state = OBJECT_STATE.PLASMA_SEALED;
    object.constructDurationMs = this.#parts.nowMs() - object.createTimeMs;
    return object;
  }

  /** Gives the block back, whatever the object's state and however many references it has. */
  deleteObject(objectId: Key): boolean {
    const object = this.#objects.get(objectId);
    if (object === undefined) return false;
    this.#parts.allocator.free(object.allocation);
    this.#objects.delete(objectId);
    return true;
  }

  /** For the eviction policy. */
  sizeBytesOf(objectId: Key): number | undefined {
    const object = this.#objects.get(objectId);
    return object === undefined ? undefined : objectSizeBytes(object.objectInfo);
  }

  /** All objects, the oldest first. */
  objects(): IterableIterator<StoredObject<Key>> {
    return this.#objects.values();
  }
}
