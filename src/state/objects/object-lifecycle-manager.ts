/**
 * The rules of an object's life: created once, sealed once, deleted when nobody uses it, evicted when memory is short.
 *
 * What is to be deleted while it is unsealed or in use is remembered, and goes with its last reference.
 */
import { InvariantError } from '../errors.ts';
import { EvictionPolicy, type MemoryUse } from './eviction-policy.ts';
import {
  isSealed,
  type LocalObject,
  type ObjectInfo,
  type ObjectKey,
  objectSizeBytes,
  type StoredObject,
} from './object-info.ts';
import { ObjectStatsCollector } from './object-stats-collector.ts';
import { type ObjectAllocator, ObjectStore, type ObjectStoreParts } from './object-store.ts';
import { type ObjectSource, PLASMA_ERROR, type PlasmaError } from './plasma-error.ts';

/** How often the primary region is tried. Room enough and still no block means that it is in pieces. */
export const CREATE_ROUNDS = 11;

/** What the manager asks of the store. */
export type ManagedStore<Key extends ObjectKey> = Pick<
  ObjectStore<Key>,
  'createObject' | 'getObject' | 'sealObject' | 'deleteObject'
>;

/** What the manager tells and asks the eviction policy. */
export type ManagedPolicy<Key extends ObjectKey> = Pick<
  EvictionPolicy<Key>,
  | 'objectCreated'
  | 'beginObjectAccess'
  | 'endObjectAccess'
  | 'removeObject'
  | 'chooseObjectsToEvict'
  | 'requireSpace'
>;

/** What a manager manages with. */
export interface LifecycleParts<Key extends ObjectKey> {
  readonly store: ManagedStore<Key>;
  readonly policy: ManagedPolicy<Key>;
  /** Told about every sealed object after it has gone, deleted or evicted; never about one that was aborted. */
  readonly deleteObject: (objectId: Key) => void;
}

/** The new object, or why there is none. */
export type CreateResult<Key extends ObjectKey> =
  | { readonly object: LocalObject<Key>; readonly error: typeof PLASMA_ERROR.OK }
  | {
      readonly object: undefined;
      readonly error: typeof PLASMA_ERROR.ObjectExists | typeof PLASMA_ERROR.OutOfMemory;
    };

export class ObjectLifecycleManager<Key extends ObjectKey> {
  readonly #store: ManagedStore<Key>;
  readonly #policy: ManagedPolicy<Key>;
  readonly #deleteObject: (objectId: Key) => void;
  readonly #stats = new ObjectStatsCollector();
  readonly #eagerDeletionObjects = new Set<Key>();

  constructor(parts: LifecycleParts<Key>) {
    this.#store = parts.store;
    this.#policy = parts.policy;
    this.#deleteObject = parts.deleteObject;
  }

  /** A manager with a store and a policy of its own, over an allocator. */
  static over<Key extends ObjectKey>(
    parts: ObjectStoreParts & { readonly allocator: ObjectAllocator & MemoryUse },
    deleteObject: (objectId: Key) => void,
  ): ObjectLifecycleManager<Key> {
    const store = new ObjectStore<Key>(parts);
    return new ObjectLifecycleManager({
      store,
      policy: new EvictionPolicy(store, parts.allocator),
      deleteObject,
    });
  }

  get stats(): ObjectStatsCollector {
    return this.#stats;
  }

  /** Objects that go with their last reference, because somebody deleted them while that was not possible. */
  get eagerDeletionObjects(): ReadonlySet<Key> {
    return this.#eagerDeletionObjects;
  }

  /**
   * Ray's two steps are this one and `addReference`. In between the object can be chosen for eviction, which is fatal:
   * who creates for a client, creates with {@link createReferencedObject}.
   */
  createObject(info: ObjectInfo<Key>, source: ObjectSource, allowFallback: boolean): CreateResult<Key> {
    if (this.#store.getObject(info.objectId) !== undefined) {
      return { object: undefined, error: PLASMA_ERROR.ObjectExists };
    }
    const object = this.#allocate(info, source, allowFallback);
    if (object === undefined) return { object: undefined, error: PLASMA_ERROR.OutOfMemory };
    this.#policy.objectCreated(info.objectId);
    this.#stats.onObjectCreated(object);
    return { object, error: PLASMA_ERROR.OK };
  }

  /** Creates an object that its creator has a reference to from the start. */
  createReferencedObject(
    info: ObjectInfo<Key>,
    source: ObjectSource,
    allowFallback: boolean,
  ): CreateResult<Key> {
    const result = this.createObject(info, source, allowFallback);
    if (result.object !== undefined) this.addReference(info.objectId);
    return result;
  }

  getObject(objectId: Key): LocalObject<Key> | undefined {
    return this.#store.getObject(objectId);
  }

  /** Ray's `Contains`: whether there is such an object, and it may be read. */
  isObjectSealed(objectId: Key): boolean {
    const object = this.#store.getObject(objectId);
    return object !== undefined && isSealed(object);
  }

  /** The object, sealed by this call; undefined when there is none or it was sealed before. */
  sealObject(objectId: Key): LocalObject<Key> | undefined {
    const object = this.#store.sealObject(objectId);
    if (object !== undefined) this.#stats.onObjectSealed(object);
    return object;
  }

  /** Gives an unsealed object up, whoever has references to it. Nobody is told. */
  abortObject(objectId: Key): PlasmaError {
    const object = this.#store.getObject(objectId);
    if (object === undefined) return PLASMA_ERROR.ObjectNonexistent;
    if (isSealed(object)) return PLASMA_ERROR.ObjectSealed;
    this.#remove(objectId);
    return PLASMA_ERROR.OK;
  }

  /** Deletes an object, now or, when it is unsealed or in use, with its last reference. */
  deleteObject(objectId: Key): PlasmaError {
    const object = this.#store.getObject(objectId);
    if (object === undefined) return PLASMA_ERROR.ObjectNonexistent;
    if (!isSealed(object)) {
      this.#eagerDeletionObjects.add(objectId);
      return PLASMA_ERROR.ObjectNotSealed;
    }
    if (object.refCount !== 0) {
      this.#eagerDeletionObjects.add(objectId);
      return PLASMA_ERROR.ObjectInUse;
    }
    this.#remove(objectId);
    return PLASMA_ERROR.OK;
  }

  /** One more user. False when there is no such object. */
  addReference(objectId: Key): boolean {
    const object = this.#store.getObject(objectId);
    if (object === undefined) return false;
    if (object.refCount === 0) this.#policy.beginObjectAccess(objectId);
    object.refCount++;
    this.#stats.onObjectRefIncreased(object);
    return true;
  }

  /** One user less. False when there is no such object, or nobody uses it. */
  removeReference(objectId: Key): boolean {
    const object = this.#store.getObject(objectId);
    if (object === undefined || object.refCount === 0) return false;
    if (object.refCount === 1 && !isSealed(object)) {
      // Nobody would be left to seal or abort it.
      throw new InvariantError(`life cycle: the last reference to ${objectId} goes, and it is not sealed`, {
        objectId,
      });
    }
    object.refCount--;
    this.#stats.onObjectRefDecreased(object);
    if (object.refCount > 0) return true;
    this.#policy.endObjectAccess(objectId);
    if (this.#eagerDeletionObjects.has(objectId)) this.#remove(objectId);
    return true;
  }

  /** Evicts objects that come to so many bytes, or all that can be: what they came to. */
  requireSpace(bytes: number): number {
    const choice = this.#policy.chooseObjectsToEvict(bytes);
    this.#evict(choice.keys);
    return choice.bytes;
  }

  #allocate(
    info: ObjectInfo<Key>,
    source: ObjectSource,
    allowFallback: boolean,
  ): StoredObject<Key> | undefined {
    for (let round = 0; round < CREATE_ROUNDS; round++) {
      const object = this.#store.createObject(info, source, false);
      if (object !== undefined) return object;
      const { keys, requiredMinusEvictedBytes } = this.#policy.requireSpace(objectSizeBytes(info));
      this.#evict(keys);
      if (requiredMinusEvictedBytes > 0) break;
    }
    return allowFallback ? this.#store.createObject(info, source, true) : undefined;
  }

  #evict(objectIds: readonly Key[]): void {
    for (const objectId of objectIds) {
      const object = this.#store.getObject(objectId);
      if (object === undefined || !isSealed(object) || object.refCount !== 0) {
        throw new InvariantError(
          `life cycle: ${objectId} is to be evicted, and is missing, unsealed or in use`,
          {
            objectId,
            state: object?.state,
            refCount: object?.refCount,
          },
        );
      }
      this.#remove(objectId);
    }
  }

  /** The one way out: statistics, remembered deletion, policy, store, and then whoever wants to know. */
  #remove(objectId: Key): void {
    const object = this.#store.getObject(objectId);
    if (object === undefined) {
      throw new InvariantError(`life cycle: ${objectId} is to be removed, and is missing`, { objectId });
    }
    const wasSealed = isSealed(object);
    this.#stats.onObjectDeleting(object);
    this.#eagerDeletionObjects.delete(objectId);
    this.#policy.removeObject(objectId);
    this.#store.deleteObject(objectId);
    if (wasSealed) this.#deleteObject(objectId);
  }
}
