/**
 * An object store without cleverness: objects in an array, every answer found by looking at all of them. The allocator
 * is one more of the kind that the real store has.
 */
import type { Allocation } from '../../../src/state/objects/object-info.ts';
import { MUTABLE_HEADER_BYTES } from '../../../src/state/objects/object-info.ts';
import {
  OBJECT_SOURCE,
  OBJECT_STATE,
  type ObjectSource,
  type ObjectState,
  PLASMA_ERROR,
  type PlasmaError,
} from '../../../src/state/objects/plasma-error.ts';
import type { FirstFitAllocator } from '../../support/objects.ts';

/** What a create asks for. */
export interface Wish {
  readonly key: number;
  readonly dataBytes: number;
  readonly metadataBytes: number;
  readonly isMutable: boolean;
  readonly source: ObjectSource;
  readonly allowFallback: boolean;
}

export interface ModelObject extends Wish {
  readonly allocation: Allocation;
  readonly createTimeMs: number;
  constructDurationMs: number;
  state: ObjectState;
  refCount: number;
  /** When it was last created or left by its last user; the order in which unused objects go. */
  lastUse: number;
}

/** What Ray aborts the process for. */
export class Fatal extends Error {}

export class LifecycleModel {
  readonly allocator: FirstFitAllocator;
  objects: ModelObject[] = [];
  readonly eager = new Set<number>();
  readonly notified: number[] = [];
  createdTotal = { objects: 0, bytes: 0 };
  nowMs = 0;
  #uses = 0;

  constructor(allocator: FirstFitAllocator) {
    this.allocator = allocator;
  }

  find(key: number): ModelObject | undefined {
    return this.objects.find((object) => object.key === key);
  }

  /** Unused objects, the one that goes first at the beginning. */
  candidates(): ModelObject[] {
    return this.objects
      .filter(({ refCount }) => refCount === 0)
      .sort((one, other) => one.lastUse - other.lastUse);
  }

  create(wish: Wish, refCount: number): PlasmaError {
    if (this.find(wish.key)) return PLASMA_ERROR.ObjectExists;
    const bytes = wish.dataBytes + wish.metadataBytes + (wish.isMutable ? MUTABLE_HEADER_BYTES : 0);
    const allocation = this.#allocate(bytes, wish.allowFallback);
    if (allocation === undefined) return PLASMA_ERROR.OutOfMemory;
    this.objects.push({
      ...wish,
      allocation,
      createTimeMs: this.nowMs,
      constructDurationMs: -1,
      state: OBJECT_STATE.PLASMA_CREATED,
      refCount,
      lastUse: ++this.#uses,
    });
    this.createdTotal = {
      objects: this.createdTotal.objects + 1,
      bytes: this.createdTotal.bytes + bytes,
    };
    return PLASMA_ERROR.OK;
  }

  seal(key: number): boolean {
    const object = this.find(key);
    if (object?.state !== OBJECT_STATE.PLASMA_CREATED) return false;
    object.state = OBJECT_STATE.PLASMA_SEALED;
    object.constructDurationMs = this.nowMs - object.createTimeMs;
    return true;
  }

  abort(key: number): PlasmaError {
    const object = this.find(key);
    if (!object) return PLASMA_ERROR.ObjectNonexistent;
    if (object.state === OBJECT_STATE.PLASMA_SEALED) return PLASMA_ERROR.ObjectSealed;
    this.#drop(object);
    return PLASMA_ERROR.OK;
  }

  delete(key: number): PlasmaError {
    const object = this.find(key);
    if (!object) return PLASMA_ERROR.ObjectNonexistent;
    const isUnsealed = object.state === OBJECT_STATE.PLASMA_CREATED;
    if (isUnsealed || object.refCount > 0) {
      this.eager.add(key);
      return isUnsealed ? PLASMA_ERROR.ObjectNotSealed : PLASMA_ERROR.ObjectInUse;
    }
    this.#drop(object);
    return PLASMA_ERROR.OK;
  }

  addReference(key: number): boolean {
    const object = this.find(key);
    if (object) object.refCount++;
    return object !== undefined;
  }

  removeReference(key: number): boolean {
    const object = this.find(key);
    if (!object || object.refCount === 0) return false;
    if (object.refCount === 1) {
      if (object.state === OBJECT_STATE.PLASMA_CREATED)
        throw new Fatal('last reference of an unsealed object');
      object.lastUse = ++this.#uses;
    }
    object.refCount--;
    if (object.refCount === 0 && this.eager.has(key)) this.#drop(object);
    return true;
  }

  requireSpace(bytes: number): number {
    let evictedBytes = 0;
    for (const victim of this.candidates()) {
      if (evictedBytes >= bytes) break;
      if (victim.state === OBJECT_STATE.PLASMA_CREATED)
        throw new Fatal('an unsealed object is to be evicted');
      evictedBytes += victim.allocation.sizeBytes;
      this.#drop(victim);
    }
    return evictedBytes;
  }

  #allocate(bytes: number, allowFallback: boolean): Allocation | undefined {
    for (let round = 1; round <= 11; round++) {
      const found = this.allocator.allocate(bytes);
      if (found) return found;
      const limit = this.allocator.footprintLimitBytes;
      const required = this.allocator.allocatedBytes + bytes - limit;
      const evicted = this.requireSpace(Math.max(required, (limit - (limit % 5)) / 5));
      if (required > evicted) break;
    }
    return allowFallback ? this.allocator.fallbackAllocate(bytes) : undefined;
  }

  #drop(object: ModelObject): void {
    this.allocator.free(object.allocation);
    this.objects = this.objects.filter((other) => other !== object);
    this.eager.delete(object.key);
    if (object.state === OBJECT_STATE.PLASMA_SEALED) this.notified.push(object.key);
  }
}

export const SOURCES = Object.values(OBJECT_SOURCE);
