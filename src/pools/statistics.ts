/** Sums over the object table and the pools: what `stats()` tells. */

import type { ObjectLocation } from '../state/header-word.ts';
import type { ObjectState } from '../state/lifecycle/codes.ts';
import { isBeingWritten } from '../state/lifecycle/codes.ts';
import type { ControlRegion } from './control-region.ts';
import type { MemoryPool } from './memory-pool.ts';

/** What one pool holds, in bytes. */
export interface PoolStatistics {
  /** The footprint limit of the primary pool; the size of the disk arena of the fallback pool. */
  readonly capacityBytes: number;
  /** Blocks of objects: as rounded to size classes. Blocks in stocks are not counted here. */
  readonly allocatedBytes: number;
  /** Blocks that stand in clients' stocks, waiting to be written. */
  readonly leasedBytes: number;
  /** Objects' own sizes, as asked for. */
  readonly objectBytes: number;
  /** Of these, objects being written. */
  readonly unsealedBytes: number;
  /**
   * About the largest free piece: beside the free bytes, how fragmented the pool is. Without the small blocks that the
   * allocator keeps whole for the next of their size, which it puts together when a create finds no room.
   */
  readonly largestFreeBytes: number;
}

/** A snapshot of the store. Exact at a quiet point; a moving picture otherwise. */
export interface StoreStatistics {
  readonly primary: PoolStatistics;
  readonly fallback: PoolStatistics;
  /** Objects that exist: being written, sealed, or deleted and still viewed. */
  readonly objectCount: number;
  /** Objects being written. */
  readonly unsealedCount: number;
  /** Objects with at least one window on them. */
  readonly viewedCount: number;
  /** Deleted objects whose bytes a window still keeps. */
  readonly deletingCount: number;
  /** Blocks that stand in clients' stocks. */
  readonly leasedCount: number;
  /** Connected threads. */
  readonly clientCount: number;
  /** Creates that wait for memory. */
  readonly waitingCreates: number;
  /** Calls that wait for objects to be sealed or created. */
  readonly waitingGets: number;
  /** Objects moved from memory to disk since the store was made, and their bytes. */
  readonly spilledObjects: number;
  readonly spilledBytes: number;
  /** Objects that nobody held any more and that were given up because their memory was needed, and their bytes. */
  readonly evictedObjects: number;
  readonly evictedBytes: number;
  /** Objects created on disk, because memory had no room for them and nothing more could be moved, or never had, and their bytes. */
  readonly fellBackObjects: number;
  readonly fellBackBytes: number;
  /** Collections of garbage that creates without memory asked for: one per thread asked; and the bytes that came back meanwhile. */
  readonly requestedCollections: number;
  readonly collectedBytes: number;
}

/** What only the actor knows. */
export type ActorCounts = Pick<
  StoreStatistics,
  | 'waitingCreates'
  | 'waitingGets'
  | 'spilledObjects'
  | 'spilledBytes'
  | 'evictedObjects'
  | 'evictedBytes'
  | 'fellBackObjects'
  | 'fellBackBytes'
  | 'requestedCollections'
  | 'collectedBytes'
>;

const OBJECT_STATES: readonly ObjectState[] = ['created', 'writing', 'sealed', 'referenced', 'deleting'];
const UNSEALED_STATES: readonly ObjectState[] = ['created', 'writing'];

/** Scans the table. On the actor's thread, after everything freed was reclaimed. */
export function storeStatistics(
  control: ControlRegion,
  primary: MemoryPool,
  fallback: MemoryPool | undefined,
  actorCounts: ActorCounts,
): StoreStatistics {
  const leased: Record<ObjectLocation, number> = { primary: 0, fallback: 0 };
  const object: Record<ObjectLocation, number> = { primary: 0, fallback: 0 };
  const unsealed: Record<ObjectLocation, number> = { primary: 0, fallback: 0 };
  const counts = new Map<ObjectState, number>();
  const end = control.objectHighWater;
  for (let slot = 0; slot < end; slot++) {
    const { state, location } = control.header(slot);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (state === 'leased') leased[location] += control.blockBytes(slot);
    if (OBJECT_STATES.includes(state)) object[location] += control.sizeBytes(slot);
    if (isBeingWritten(state)) unsealed[location] += control.sizeBytes(slot);
  }
  const count = (...states: ObjectState[]): number =>
    states.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
  const pool = (kind: ObjectLocation, memory: MemoryPool | undefined): PoolStatistics => ({
    capacityBytes: memory?.capacityBytes ?? 0,
    allocatedBytes: (memory?.allocatedBytes ?? 0) - leased[kind],
    leasedBytes: leased[kind],
    objectBytes: object[kind],
    unsealedBytes: unsealed[kind],
    largestFreeBytes: memory?.largestFreeBytes ?? 0,
  });
  return {
    primary: pool('primary', primary),
    fallback: pool('fallback', fallback),
    objectCount: count(...OBJECT_STATES),
    unsealedCount: count(...UNSEALED_STATES),
    viewedCount: count('writing', 'referenced', 'deleting'),
    deletingCount: count('deleting'),
    leasedCount: count('leased'),
    clientCount: control.liveClients.length,
    ...actorCounts,
  };
}
