/**
 * The allocator of a pool: says which part of a range of memory belongs to whom, and touches none of it.
 *
 * Requests are rounded to size classes; a small freed block waits in the cache of its class for the next request of that
 * size; everything else comes from a TLSF and goes back to it. When that finds nothing, the cached blocks go back to it,
 * merge, and the search is made once more. Single owner, private memory: no locks, no atomics.
 */

import { InvalidArgumentError } from '../../state/errors.ts';
import { NIL, OFFSET, RECORD_SHIFT, UNITS } from './block-records.ts';
import { ClassCache } from './class-cache.ts';
import { CLASS_COUNT, classOf, roundToClass } from './size-class.ts';
import { NO_BLOCK, Tlsf } from './tlsf.ts';
import { verifyAllocator } from './verification.ts';

const LARGEST_CAPACITY_UNITS = 2 ** 32 - 1;
/**
 * Blocks of more than this (4 KiB) merge at once: what waits for its own size is a hole of that size meanwhile, in memory that the
 * next large object needs in one piece. Writing them takes longer than the TLSF does; small ones are worth the cache.
 */
const LARGEST_CACHED_UNITS = 64;

export interface AllocatorOptions {
  /** Size of the range, in units of 64 bytes: 1 to 2^32 - 1 (256 GiB), a multiple of `granularityUnits`. */
  readonly capacityUnits: number;
  /** Offsets and sizes are multiples of this power of two (64 for pages of 4 KiB). Default 1. */
  readonly granularityUnits?: number;
}

export class Allocator {
  readonly capacityUnits: number;
  readonly granularityUnits: number;
  protected readonly tlsf: Tlsf;
  protected readonly cache: ClassCache;
  /** Classes count granules, not units, so that every class size is a multiple of the granularity. */
  private readonly granularityShift: number;
  private liveUnits = 0;
  private liveBlocks = 0;

  constructor(options: AllocatorOptions) {
    const { capacityUnits, granularityUnits = 1 } = options;
    checkGranularity(granularityUnits);
    checkCapacity(capacityUnits, granularityUnits);
    this.capacityUnits = capacityUnits;
    this.granularityUnits = granularityUnits;
    this.granularityShift = 31 - Math.clz32(granularityUnits);
    this.tlsf = new Tlsf(capacityUnits);
    this.cache = new ClassCache(this.tlsf.records);
  }

  /** Units of the blocks handed out, as rounded. Allocated, cached and free units add up to the capacity. */
  get allocatedUnits(): number {
    return this.liveUnits;
  }

  /** Units that belong to no block. */
  get freeUnits(): number {
    return this.tlsf.freeUnits;
  }

  /** About the size of the largest block to be had, once an allocation has failed: what the caches held is merged then. */
  get largestFreeUnits(): number {
    return this.tlsf.lists.largestUnits;
  }

  /** Units of freed blocks that wait in the caches. They are as available as free units are. */
  get cachedUnits(): number {
    return this.cache.cachedUnits;
  }

  /** Number of blocks handed out. */
  get blockCount(): number {
    return this.liveBlocks;
  }

  /**
   * A block of at least this many units (of one, when 0 are asked for), or -1 when there is no space for it. Throws an
   * `OutOfResourceError`, with no block handed out, in the case that the table of blocks cannot grow.
   */
  allocate(units: number): number {
    if (!(units >= 0) || Math.floor(units) !== units || units === Infinity) throw invalidSize(units);
    if (units > this.capacityUnits) return NO_BLOCK;
    const shift = this.granularityShift;
    const granules = units === 0 ? 1 : ((units - 1) >>> shift) + 1;
    const classGranules = roundToClass(granules);
    const granularity = this.granularityUnits;

    let block = NO_BLOCK;
    if (classGranules * granularity <= this.capacityUnits) {
      const cached = this.cache.pop(classOf(classGranules));
      block = cached !== NIL ? cached : this.tlsf.allocate(classGranules * granularity);
    }
    if (block === NO_BLOCK) {
      block = this.allocateHard(classGranules * granularity, granules * granularity);
      if (block === NO_BLOCK) return NO_BLOCK;
    }
    this.liveUnits += this.tlsf.records.words[(block << RECORD_SHIFT) + UNITS]!;
    this.liveBlocks++;
    return block;
  }

  /** Gives a block back. Throws, and changes nothing, when it is not allocated. */
  free(block: number): void {
    const records = this.tlsf.records;
    const units = records.words[records.rowOfAllocated(block) + UNITS]!;
    this.liveUnits -= units;
    this.liveBlocks--;
    const granules = units >>> this.granularityShift;
    // A block that was allocated unrounded is of no class; nobody would ask for its size again.
    const isCached = units <= LARGEST_CACHED_UNITS && roundToClass(granules) === granules;
    if (isCached) this.cache.push(block, classOf(granules));
    else this.tlsf.free(block);
  }

  /** Where an allocated block starts, in units. */
  offsetOf(block: number): number {
    const records = this.tlsf.records;
    return records.words[records.rowOfAllocated(block) + OFFSET]!;
  }

  /** The size of an allocated block in units, as rounded. */
  unitsOf(block: number): number {
    const records = this.tlsf.records;
    return records.words[records.rowOfAllocated(block) + UNITS]!;
  }

  /** Gives all cached blocks back to the TLSF, where they merge with their free neighbours. */
  flushCache(): void {
    if (this.cache.cachedUnits === 0) return;
    for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
      for (let block = this.cache.pop(sizeClass); block !== NIL; block = this.cache.pop(sizeClass)) {
        this.tlsf.free(block);
      }
    }
  }

  /** Checks every invariant of the bookkeeping; throws an `InvariantError` with the values that break one. */
  verify(): void {
    verifyAllocator({
      tlsf: this.tlsf,
      cache: this.cache,
      granularityUnits: this.granularityUnits,
      allocatedUnits: this.liveUnits,
      blockCount: this.liveBlocks,
    });
  }

  /** The way of last resort: merge what is cached, search again, then do without the rounding. */
  private allocateHard(classUnits: number, plainUnits: number): number {
    this.flushCache();
    const block = classUnits <= this.capacityUnits ? this.tlsf.allocate(classUnits) : NO_BLOCK;
    // Better a block of odd size than none: an object as large as the range could never be stored otherwise.
    return block === NO_BLOCK && classUnits !== plainUnits ? this.tlsf.allocateTight(plainUnits) : block;
  }
}

function checkGranularity(granularityUnits: number): void {
  const isPowerOfTwo =
    Number.isInteger(granularityUnits) &&
    granularityUnits >= 1 &&
    granularityUnits <= 2 ** 31 &&
    Number.isInteger(Math.log2(granularityUnits));
  if (isPowerOfTwo) return;
  throw new InvalidArgumentError(`granularityUnits must be a power of two, not ${granularityUnits}`, {
    name: 'granularityUnits',
    value: granularityUnits,
  });
}

function checkCapacity(capacityUnits: number, granularityUnits: number): void {
  const fits = capacityUnits >= granularityUnits && capacityUnits <= LARGEST_CAPACITY_UNITS;
  // Also false for fractions, because the granularity is a whole number.
  if (fits && capacityUnits % granularityUnits === 0) return;
  throw new InvalidArgumentError(
    `capacityUnits must be a multiple of ${granularityUnits} up to ${LARGEST_CAPACITY_UNITS}, not ${capacityUnits}`,
    { name: 'capacityUnits', value: capacityUnits, granularityUnits },
  );
}

function invalidSize(units: number): InvalidArgumentError {
  return new InvalidArgumentError(`a size must be a whole number of units, not ${units}`, {
    name: 'units',
    value: units,
  });
}
