/**
 * Running totals over the objects of a store. The store is told about changes one by one, so that reading costs nothing;
 * `verifyAgainst` counts everything again by definition, from the objects, and compares. Only what is gone cannot be
 * counted again: `createdTotal` is taken on trust.
 */
import { InvariantError } from '../errors.ts';
import { isSealed, type LocalObject, type ObjectKey, objectSizeBytes } from './object-info.ts';
import { OBJECT_SOURCE, type ObjectSource } from './plasma-error.ts';

/** What is counted of the objects that exist. */
const CURRENT_COUNTERS = [
  'createdByWorker',
  'restoredFromStorage',
  'receivedFromRemoteRaylet',
  'errorStoredByRaylet',
  'unsealed',
  /** With references. */
  'inUse',
  /** Sealed, without references. */
  'evictable',
  /** Sealed, created by a worker, with exactly one reference: the raylet's own, so it may move the bytes to disk. */
  'spillable',
  'primaryUnsealed',
  'primarySealed',
  'fallbackUnsealed',
  'fallbackSealed',
] as const;

/** The name of a counter. `createdTotal` alone counts also what is gone, and never sinks. */
export type ObjectCounter = (typeof CURRENT_COUNTERS)[number] | 'createdTotal';

/** What a counter counts: objects, and their sizes. */
export interface Tally {
  readonly objects: number;
  readonly bytes: number;
}

/** All counters. */
export type ObjectStats = { readonly [Counter in ObjectCounter]: Tally };

type MutableStats = { [Counter in ObjectCounter]: { objects: number; bytes: number } };

function emptyStats(): MutableStats {
  const none = { objects: 0, bytes: 0 };
  return {
    createdTotal: { ...none },
    createdByWorker: { ...none },
    restoredFromStorage: { ...none },
    receivedFromRemoteRaylet: { ...none },
    errorStoredByRaylet: { ...none },
    unsealed: { ...none },
    inUse: { ...none },
    evictable: { ...none },
    spillable: { ...none },
    primaryUnsealed: { ...none },
    primarySealed: { ...none },
    fallbackUnsealed: { ...none },
    fallbackSealed: { ...none },
  };
}

export class ObjectStatsCollector {
  readonly #stats = emptyStats();

  /** All counters as they are now. */
  get stats(): ObjectStats {
    return structuredClone(this.#stats);
  }

  /** Bytes of the objects that exist. */
  get bytesCreatedCurrent(): number {
    const { createdByWorker, restoredFromStorage, receivedFromRemoteRaylet, errorStoredByRaylet } =
      this.#stats;
    return (
      createdByWorker.bytes +
      restoredFromStorage.bytes +
      receivedFromRemoteRaylet.bytes +
      errorStoredByRaylet.bytes
    );
  }

  /**
   * What Ray tells those who fetch objects that there is room for, of so many bytes: only what is sealed and in use counts
   * as taken. What can be evicted goes when it has to, and what is unsealed may be what they fetch.
   */
  availableBytes(footprintLimitBytes: number): number {
    const { inUse, unsealed } = this.#stats;
    return Math.max(0, footprintLimitBytes - (inUse.bytes - unsealed.bytes));
  }

  /** After the creation. */
  onObjectCreated(object: LocalObject<ObjectKey>): void {
    checkSealed(object, false);
    this.#add('createdTotal', object);
    this.#add(sourceCounter(object.source), object);
    this.#add('unsealed', object);
    this.#add(placeCounter(object, false), object);
  }

  /** After the sealing. */
  onObjectSealed(object: LocalObject<ObjectKey>): void {
    checkSealed(object, true);
    this.#take('unsealed', object);
    this.#take(placeCounter(object, false), object);
    this.#add(placeCounter(object, true), object);
    if (object.refCount === 0) this.#add('evictable', object);
    if (object.refCount === 1 && isSpillSource(object)) this.#add('spillable', object);
  }

  /** Before the object goes. */
  onObjectDeleting(object: LocalObject<ObjectKey>): void {
    const sealed = isSealed(object);
    this.#take(sourceCounter(object.source), object);
    this.#take(placeCounter(object, sealed), object);
    if (object.refCount > 0) this.#take('inUse', object);
    if (!sealed) this.#take('unsealed', object);
    else if (object.refCount === 0) this.#take('evictable', object);
    else if (object.refCount === 1 && isSpillSource(object)) this.#take('spillable', object);
  }

  /** After the count was raised. */
  onObjectRefIncreased(object: LocalObject<ObjectKey>): void {
    if (object.refCount === 1) {
      this.#add('inUse', object);
      if (isSealed(object)) this.#take('evictable', object);
    }
    if (!isSealed(object) || !isSpillSource(object)) return;
    if (object.refCount === 1) this.#add('spillable', object);
    if (object.refCount === 2) this.#take('spillable', object);
  }

  /** After the count was lowered. */
  onObjectRefDecreased(object: LocalObject<ObjectKey>): void {
    if (object.refCount === 0) {
      this.#take('inUse', object);
      if (isSealed(object)) this.#add('evictable', object);
    }
    if (!isSealed(object) || !isSpillSource(object)) return;
    if (object.refCount === 1) this.#add('spillable', object);
    if (object.refCount === 0) this.#take('spillable', object);
  }

  /** Throws for the first counter that is not what these objects, which must be all, come to. */
  verifyAgainst(objects: Iterable<LocalObject<ObjectKey>>): void {
    const recounted = emptyStats();
    for (const object of objects) {
      for (const counter of CURRENT_COUNTERS) {
        if (!counts(counter, object)) continue;
        recounted[counter].objects++;
        recounted[counter].bytes += objectSizeBytes(object.objectInfo);
      }
    }
    for (const counter of CURRENT_COUNTERS) {
      for (const what of ['objects', 'bytes'] as const) {
        const [actual, expected] = [this.#stats[counter][what], recounted[counter][what]];
        if (actual !== expected) {
          const message = `statistics: ${what} ${counter}: ${actual} instead of ${expected}`;
          throw new InvariantError(message, { counter, what, actual, expected });
        }
      }
    }
  }

  #add(counter: ObjectCounter, { objectInfo }: LocalObject<ObjectKey>): void {
    this.#stats[counter].objects++;
    this.#stats[counter].bytes += objectSizeBytes(objectInfo);
  }

  #take(counter: ObjectCounter, { objectInfo }: LocalObject<ObjectKey>): void {
    this.#stats[counter].objects--;
    this.#stats[counter].bytes -= objectSizeBytes(objectInfo);
  }
}

function checkSealed(object: LocalObject<ObjectKey>, expected: boolean): void {
  if (isSealed(object) === expected) return;
  const { objectId } = object.objectInfo;
  throw new InvariantError(`statistics: ${objectId} is ${expected ? 'not sealed' : 'sealed'}`, { objectId });
}

function isSpillSource({ source }: LocalObject<ObjectKey>): boolean {
  return source === OBJECT_SOURCE.CreatedByWorker;
}

function sourceCounter(source: ObjectSource): ObjectCounter {
  switch (source) {
    case OBJECT_SOURCE.CreatedByWorker:
      return 'createdByWorker';
    case OBJECT_SOURCE.RestoredFromStorage:
      return 'restoredFromStorage';
    case OBJECT_SOURCE.ReceivedFromRemoteRaylet:
      return 'receivedFromRemoteRaylet';
    case OBJECT_SOURCE.ErrorStoredByRaylet:
      return 'errorStoredByRaylet';
  }
}

function placeCounter({ allocation }: LocalObject<ObjectKey>, sealed: boolean): ObjectCounter {
  if (allocation.fallbackAllocated) return sealed ? 'fallbackSealed' : 'fallbackUnsealed';
  return sealed ? 'primarySealed' : 'primaryUnsealed';
}

/** The definition of each counter. */
function counts(counter: (typeof CURRENT_COUNTERS)[number], object: LocalObject<ObjectKey>): boolean {
  const { source, refCount, allocation } = object;
  const sealed = isSealed(object);
  switch (counter) {
    case 'createdByWorker':
      return source === OBJECT_SOURCE.CreatedByWorker;
    case 'restoredFromStorage':
      return source === OBJECT_SOURCE.RestoredFromStorage;
    case 'receivedFromRemoteRaylet':
      return source === OBJECT_SOURCE.ReceivedFromRemoteRaylet;
    case 'errorStoredByRaylet':
      return source === OBJECT_SOURCE.ErrorStoredByRaylet;
    case 'unsealed':
      return !sealed;
    case 'inUse':
      return refCount > 0;
    case 'evictable':
      return sealed && refCount === 0;
    case 'spillable':
      return sealed && refCount === 1 && source === OBJECT_SOURCE.CreatedByWorker;
    case 'primaryUnsealed':
      return !allocation.fallbackAllocated && !sealed;
    case 'primarySealed':
      return !allocation.fallbackAllocated && sealed;
    case 'fallbackUnsealed':
      return allocation.fallbackAllocated && !sealed;
    case 'fallbackSealed':
      return allocation.fallbackAllocated && sealed;
  }
}
