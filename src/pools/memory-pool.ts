/** A pool: an allocator over the range of one mapped region. Looked after by the allocator actor. */
import { SystemError } from '../state/errors.ts';
import type { DiskMonitor } from '../state/queues/disk-monitor.ts';
import { UNIT_BYTES } from '../state/slot-layout.ts';
import { Allocator } from './allocator/allocator.ts';
import { bridge } from './bridge.ts';

export const PAGE_BYTES = 4096;
/** Fallback blocks are whole pages, so that freeing one can punch a hole in the file. */
const PAGE_UNITS = PAGE_BYTES / UNIT_BYTES;

/** Why a pool could not give a block. */
export type AllocationFailure =
  /** No contiguous room in the range. */
  | { readonly reason: 'full' }
  /** So much of the file system is in use that the rest is left to others. */
  | { readonly reason: 'overCapacity' }
  /** The file system could not reserve the blocks. */
  | { readonly reason: 'system'; readonly error: SystemError };

/** Where a block lies. */
export interface PlaceUnits {
  readonly offsetUnits: number;
  readonly units: number;
}

export class MemoryPool {
  readonly kind: 'primary' | 'fallback';
  readonly capacityBytes: number;
  readonly allocator: Allocator;
  readonly #region: number;
  /** Bytes populated ahead of the highest block handed out, and where the population stands. */
  readonly #populateAheadBytes: number;
  readonly #diskMonitor: DiskMonitor | undefined;
  #populatedBytes = 0;
  #highestByte = 0;

  constructor(
    kind: 'primary' | 'fallback',
    region: number,
    allocator: Allocator,
    populateAheadBytes: number,
    diskMonitor?: DiskMonitor,
  ) {
    this.kind = kind;
    this.#region = region;
    this.allocator = allocator;
    this.capacityBytes = allocator.capacityUnits * UNIT_BYTES;
    this.#populateAheadBytes = populateAheadBytes;
    this.#diskMonitor = diskMonitor;
    this.#populateAhead();
  }

  /** Up to here others may take blocks by themselves: who needs one beyond has memory populated first. */
  get ownEndUnits(): number {
    if (this.#populateAheadBytes === 0 || this.#populatedBytes >= this.capacityBytes) {
      return this.allocator.capacityUnits;
    }
    return Math.max(0, Math.floor((this.#populatedBytes - this.#populateAheadBytes / 2) / UNIT_BYTES));
  }

  /** Bytes in blocks handed out, rounded to their size classes. */
  get allocatedBytes(): number {
    return this.allocator.allocatedUnits * UNIT_BYTES;
  }

  /** About the largest object there is room for, without what small blocks would give that can still {@link merge}. */
  get largestFreeBytes(): number {
    return this.allocator.largestFreeUnits * UNIT_BYTES;
  }

  /** Merges what is free, so that {@link largestFreeBytes} is true. */
  merge(): void {
    this.allocator.flushCache();
  }

  /** A block for `units`, or why there is none. */
  allocate(units: number): number | AllocationFailure {
    if (this.#diskMonitor?.overCapacity() === true) return { reason: 'overCapacity' };
    const block = this.allocator.allocate(units);
    if (block < 0) return { reason: 'full' };
    const offset = this.allocator.offsetOf(block) * UNIT_BYTES;
    const bytes = this.allocator.unitsOf(block) * UNIT_BYTES;
    if (this.kind === 'fallback') {
      // Reserved before it is handed out: a full disk is an error here, never a SIGBUS later.
      try {
        bridge.reserveRange(this.#region, offset, bytes);
      } catch (error) {
        this.allocator.free(block);
        return { reason: 'system', error: toSystemError(error) };
      }
    }
    if (offset + bytes > this.#highestByte) {
      this.#highestByte = offset + bytes;
      this.#populateAhead();
    }
    return block;
  }

  free(block: number): void {
    const offset = this.allocator.offsetOf(block) * UNIT_BYTES;
    const bytes = this.allocator.unitsOf(block) * UNIT_BYTES;
    this.allocator.free(block);
    if (this.kind === 'fallback') this.#giveDiskBack(offset, bytes);
  }

  #giveDiskBack(offset: number, bytes: number): void {
    try {
      bridge.punchRange(this.#region, offset, bytes);
    } catch {
      // A failing disk keeps the blocks with the file. They are used again with their range: room is lost, no object.
    }
  }

  /** Gives every whole page outside these places back to the system. For the end of the store. */
  punchAllBut(places: readonly PlaceUnits[]): void {
    const kept = places
      .map(({ offsetUnits, units }) => ({
        start: offsetUnits * UNIT_BYTES,
        end: (offsetUnits + units) * UNIT_BYTES,
      }))
      .sort((one, other) => one.start - other.start);
    // Of memory, others have taken blocks as well.
    const touched = this.kind === 'primary' ? this.capacityBytes : this.#highestByte;
    let from = 0;
    for (const { start, end } of [...kept, { start: touched, end: touched }]) {
      const first = Math.ceil(from / PAGE_BYTES) * PAGE_BYTES;
      const last = Math.floor(start / PAGE_BYTES) * PAGE_BYTES;
      if (last > first) bridge.punchRange(this.#region, first, last - first);
      from = end;
    }
  }

  /** Keeps fresh pages ready in front of the highest block: a first touch costs 10 to 36 times a warm one. */
  #populateAhead(): void {
    if (this.#populateAheadBytes === 0 || this.#populatedBytes >= this.capacityBytes) return;
    // In halves, so that the background thread is started rarely and always in time.
    if (this.#populatedBytes > this.#highestByte + this.#populateAheadBytes / 2) return;
    const target = Math.min(this.capacityBytes, this.#highestByte + this.#populateAheadBytes);
    if (target <= this.#populatedBytes) return;
    bridge.populateRange(this.#region, this.#populatedBytes, target - this.#populatedBytes);
    this.#populatedBytes = target;
  }
}

/** The pool in a file, with an allocator of its own. */
export function openFallback(
  region: number,
  capacityBytes: number,
  maxObjects: number,
  diskMonitor?: DiskMonitor,
): MemoryPool {
  const allocator = Allocator.open({
    capacityUnits: Math.floor(capacityBytes / UNIT_BYTES),
    granularityUnits: PAGE_UNITS,
    // Copies under way have blocks as well, at most one for each object.
    maxBlocks: 2 * maxObjects,
  });
  return new MemoryPool('fallback', region, allocator, 0, diskMonitor);
}

/** Makes a typed error of what the bridge or Node throws when the system refuses. */
export function toSystemError(error: unknown): SystemError {
  const read = (name: string): string | number | undefined => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    return typeof value === 'string' || typeof value === 'number' ? value : undefined;
  };
  const values = {
    systemCode: read('systemCode') ?? read('code'),
    systemCall: read('systemCall') ?? read('syscall'),
    bytes: read('bytes'),
    offset: read('offset'),
    path: read('path'),
  };
  return new SystemError(error instanceof Error ? error.message : String(error), values, { cause: error });
}
