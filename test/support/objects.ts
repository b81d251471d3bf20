/** Objects, allocators and clocks for tests of the object store's units. */
import type { MemoryUse } from '../../src/state/objects/eviction-policy.ts';
import type { Allocation, ObjectInfo, ObjectKey, StoredObject } from '../../src/state/objects/object-info.ts';
import type { ObjectAllocator } from '../../src/state/objects/object-store.ts';
import { OBJECT_SOURCE, OBJECT_STATE } from '../../src/state/objects/plasma-error.ts';

/** An object of so many bytes of data, if nothing else is said. */
export function infoOf<Key extends ObjectKey>(
  objectId: Key,
  dataBytes: number,
  rest: Partial<ObjectInfo<Key>> = {},
): ObjectInfo<Key> {
  return {
    objectId,
    isMutable: false,
    dataBytes,
    metadataBytes: 0,
    ownerNodeId: 'node',
    ownerIpAddress: '127.0.0.1',
    ownerPort: 1,
    ownerWorkerId: 'worker',
    ...rest,
  };
}

export function allocationOf(sizeBytes: number, rest: Partial<Allocation> = {}): Allocation {
  return {
    address: 1,
    sizeBytes,
    region: 1,
    offsetBytes: 0,
    mmapBytes: 2 ** 20,
    fallbackAllocated: false,
    ...rest,
  };
}

/** An object as a store would have it: unsealed, without references, if nothing else is said. */
export function objectOf<Key extends ObjectKey>(
  objectId: Key,
  sizeBytes: number,
  rest: Partial<StoredObject<Key>> = {},
): StoredObject<Key> {
  return {
    objectInfo: infoOf(objectId, sizeBytes),
    allocation: allocationOf(sizeBytes),
    source: OBJECT_SOURCE.CreatedByWorker,
    createTimeMs: 0,
    constructDurationMs: -1,
    state: OBJECT_STATE.PLASMA_CREATED,
    refCount: 0,
    ...rest,
  };
}

/**
 * First fit in a range of bytes, and blocks on a disk of so many bytes, by Ray's rules. Finds room only in one piece, so
 * it can be short of room while enough bytes are free.
 */
export class FirstFitAllocator implements ObjectAllocator, MemoryUse {
  readonly footprintLimitBytes: number;
  readonly diskBytes: number;
  /** How often the primary region was asked for a block. */
  attempts = 0;
  readonly #live = new Set<Allocation>();

  constructor(footprintLimitBytes: number, diskBytes = 0) {
    this.footprintLimitBytes = footprintLimitBytes;
    this.diskBytes = diskBytes;
  }

  get allocatedBytes(): number {
    return this.#sum(() => true);
  }

  get fallbackAllocatedBytes(): number {
    return this.#sum((allocation) => allocation.fallbackAllocated);
  }

  allocate(sizeBytes: number): Allocation | undefined {
    this.attempts++;
    return this.#findRoom(sizeBytes);
  }

  fallbackAllocate(sizeBytes: number): Allocation | undefined {
    const found = this.#findRoom(sizeBytes);
    if (found !== undefined) return found;
    if (this.fallbackAllocatedBytes + sizeBytes > this.diskBytes) return undefined;
    return this.#keep(allocationOf(sizeBytes, { region: 2, fallbackAllocated: true }));
  }

  free(allocation: Allocation): void {
    if (!this.#live.delete(allocation)) throw new Error('freed twice, or never allocated');
  }

  #findRoom(sizeBytes: number): Allocation | undefined {
    const blocks = [...this.#live]
      .filter((allocation) => !allocation.fallbackAllocated)
      .sort((one, other) => one.offsetBytes - other.offsetBytes);
    let offsetBytes = 0;
    for (const block of blocks) {
      if (block.offsetBytes - offsetBytes >= sizeBytes) break;
      offsetBytes = Math.max(offsetBytes, block.offsetBytes + block.sizeBytes);
    }
    if (offsetBytes + sizeBytes > this.footprintLimitBytes) return undefined;
    return this.#keep(allocationOf(sizeBytes, { address: offsetBytes, offsetBytes }));
  }

  #keep(allocation: Allocation): Allocation {
    this.#live.add(allocation);
    return allocation;
  }

  #sum(counts: (allocation: Allocation) => boolean): number {
    return [...this.#live].filter(counts).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}
