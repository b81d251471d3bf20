/**
 * The pools of a store as one allocator with Ray's rules: `allocate` takes from the primary pool only, `fallbackAllocate`
 * prefers free primary space, and the books count bytes as they were asked for.
 */
import { Allocator } from '../../src/pools/allocator/allocator.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { MemoryPool, openFallback } from '../../src/pools/memory-pool.ts';
import type { MemoryUse } from '../../src/state/objects/eviction-policy.ts';
import type { Allocation } from '../../src/state/objects/object-info.ts';
import type { ObjectAllocator } from '../../src/state/objects/object-store.ts';
import { UNIT_BYTES, unitsOf } from '../../src/state/slot-layout.ts';

/**
 * What Ray's allocator keeps of its limit for itself (256 × 8 bytes): dlmalloc's records lie in the region, between the
 * blocks. Plasmoid's are beside it, in memory of their own. The pool is therefore as large as what Ray
 * hands out, the limit without this, and needs none of it.
 */
export const ALLOCATION_OVERHEAD_BYTES = 256 * 8;

/** More than any test makes. */
const MAX_OBJECTS = 1000;

export class PoolAllocator implements ObjectAllocator, MemoryUse, Disposable {
  readonly footprintLimitBytes: number;
  readonly #primary: MemoryPool;
  readonly #fallback: MemoryPool | undefined;
  readonly #primaryRegion: number;
  readonly #fallbackRegion: number;
  #allocatedBytes = 0;
  #fallbackAllocatedBytes = 0;

  /** Without bytes for it there is no fallback. */
  constructor(fallbackDirectory: string, footprintLimitBytes: number, fallbackBytes: number) {
    const primaryBytes = footprintLimitBytes - ALLOCATION_OVERHEAD_BYTES;
    this.footprintLimitBytes = footprintLimitBytes;
    this.#primaryRegion = bridge.mapAnonymous(primaryBytes, false);
    this.#fallbackRegion = fallbackBytes > 0 ? bridge.mapFile(fallbackDirectory, fallbackBytes) : 0;
    const allocator = Allocator.open({ capacityUnits: Math.floor(primaryBytes / UNIT_BYTES) });
    this.#primary = new MemoryPool('primary', this.#primaryRegion, allocator, 0);
    if (fallbackBytes > 0) this.#fallback = openFallback(this.#fallbackRegion, fallbackBytes, MAX_OBJECTS);
  }

  /** With what is on disk. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  get fallbackAllocatedBytes(): number {
    return this.#fallbackAllocatedBytes;
  }

  /** Blocks that the pools have handed out. */
  get blockCount(): number {
    return this.#primary.allocator.blockCount + (this.#fallback?.allocator.blockCount ?? 0);
  }

  allocate(sizeBytes: number): Allocation | undefined {
    return this.#from(this.#primary, sizeBytes);
  }

  fallbackAllocate(sizeBytes: number): Allocation | undefined {
    return this.#from(this.#primary, sizeBytes) ?? this.#from(this.#fallback, sizeBytes);
  }

  free({ address, sizeBytes, fallbackAllocated }: Allocation): void {
    (fallbackAllocated ? this.#fallback : this.#primary)?.free(address);
    this.#allocatedBytes -= sizeBytes;
    if (fallbackAllocated) this.#fallbackAllocatedBytes -= sizeBytes;
  }

  /** The bytes of a block, for writing. */
  bytesOf({ region, offsetBytes, sizeBytes }: Allocation): Uint8Array {
    return new Uint8Array(bridge.regionBuffer(region), offsetBytes, sizeBytes);
  }

  verify(): void {
    this.#primary.allocator.verify();
    this.#fallback?.allocator.verify();
  }

  [Symbol.dispose](): void {
    bridge.releaseRegion(this.#primaryRegion);
    if (this.#fallback !== undefined) bridge.releaseRegion(this.#fallbackRegion);
  }

  #from(pool: MemoryPool | undefined, sizeBytes: number): Allocation | undefined {
    if (pool === undefined) return undefined;
    const address = pool.allocate(unitsOf(sizeBytes));
    if (typeof address !== 'number') return undefined;
    const fallbackAllocated = pool.kind === 'fallback';
    this.#allocatedBytes += sizeBytes;
    if (fallbackAllocated) this.#fallbackAllocatedBytes += sizeBytes;
    return {
      address,
      sizeBytes,
      region: fallbackAllocated ? this.#fallbackRegion : this.#primaryRegion,
      offsetBytes: pool.allocator.offsetOf(address) * UNIT_BYTES,
      mmapBytes: pool.capacityBytes,
      fallbackAllocated,
    };
  }
}
