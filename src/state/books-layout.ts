/**
 * Layout of an allocator's books: which part of a range of memory belongs to whom. Changed by the native allocator alone
 * (`native-bridge/allocator.h`); read by it, by whoever wants the sums, and by the check of all invariants.
 *
 *     sums │ bits of the free lists │ heads of the free lists │ heads of the caches │ rows, one per block
 *
 * Nothing is kept in the object bytes, because those are mapped by others, may lie on disk and must not be touched just to
 * be freed. One row of adjacent words per block, rather than one array per field, costs one cache miss instead of seven
 * when a block is touched that has not been touched for long.
 */
import { InvalidArgumentError } from './errors.ts';

/** Free lists: octaves of sizes, each in so many equal steps. */
export const LIST_STEPS_SHIFT = 5;
/** Octaves for sizes up to 2^32 - 1; the sizes below 32 share the first. */
export const OCTAVE_COUNT = 28;
export const LIST_COUNT = OCTAVE_COUNT << LIST_STEPS_SHIFT;
/** Caches: one for each size class. */
export const CACHE_COUNT = 240;

/** Words of the books; all sizes are in units of 64 bytes. */
export const BOOKS = Object.freeze({
  /** Size of the range. */
  CAPACITY: 0,
  /** Offsets and sizes are multiples of two to the power of this. */
  GRANULARITY_SHIFT: 1,
  /** Rows that the region has room for. */
  ROW_COUNT: 2,
  /** Rows from here on have never been used. */
  ROW_LIMIT: 3,
  /** First row of the list of spare rows below the limit. */
  SPARE_HEAD: 4,
  /** Units in the free lists, in the caches, and handed out. They add up to the capacity. */
  FREE: 5,
  CACHED: 6,
  ALLOCATED: 7,
  /** Number of blocks handed out. */
  BLOCKS: 8,
  /** One bit per octave that has a free block. */
  OCTAVE_BITS: 9,
  /** Per octave, one bit per list that has a block. */
  STEP_BITS: 16,
  /** First block of each free list. */
  LIST_HEADS: 64,
  /** Top block of each cache. */
  CACHE_HEADS: 64 + LIST_COUNT,
  ROWS: 64 + LIST_COUNT + CACHE_COUNT,
});

/** Words of a block's row. */
export const BLOCK = Object.freeze({
  OFFSET: 0,
  UNITS: 1,
  PREVIOUS_PHYSICAL: 2,
  NEXT_PHYSICAL: 3,
  /** Links within the list that the block's state implies: a free list, a cache or the spare rows. */
  PREVIOUS_LISTED: 4,
  NEXT_LISTED: 5,
  STATE: 6,
});
export const BLOCK_ROW_SHIFT = 3;

export const BLOCK_STATE = Object.freeze({
  /** The row is spare. */
  SPARE: 0,
  /** In a free list, to be split and merged. */
  FREE: 1,
  /** Handed out. */
  ALLOCATED: 2,
  /** Given back, but kept whole in the cache of its size class. */
  CACHED: 3,
});

/**
 * "No block" in every link. Row 0 is real but never in use: its state is always spare, so neighbours can be examined and
 * links written without asking first whether there is a neighbour.
 */
export const NO_ROW = 0;
/** The block at offset 0 always has this row, because splitting and merging keep the lower block's. */
export const FIRST_ROW = 1;

/** With more rows, the index of a word would not fit 31 bits, on which the shifts rely. */
const LARGEST_ROWS = 2 ** 28;
const LARGEST_CAPACITY_UNITS = 2 ** 32 - 1;

/** What books are made for. */
export interface BooksOptions {
  /** Size of the range, in units of 64 bytes: 1 to 2^32 - 1 (256 GiB), a multiple of `granularityUnits`. */
  readonly capacityUnits: number;
  /** Offsets and sizes are multiples of this power of two (64 for pages of 4 KiB). Default 1. */
  readonly granularityUnits?: number;
  /** Blocks that may be handed out at one time. Default: as many as the range has room for, 2^20 at most. */
  readonly maxBlocks?: number;
}

/** The same, checked. */
export interface Books {
  readonly capacityUnits: number;
  readonly granularityUnits: number;
  readonly granularityShift: number;
  readonly rowCount: number;
  readonly totalBytes: number;
}

const BLOCKS_DEFAULT = 2 ** 20;

/** Computes the layout; throws `InvalidArgumentError`. */
export function booksLayout(options: BooksOptions): Books {
  const { capacityUnits, granularityUnits = 1 } = options;
  checkGranularity(granularityUnits);
  checkCapacity(capacityUnits, granularityUnits);
  const { maxBlocks = Math.min(capacityUnits / granularityUnits, BLOCKS_DEFAULT) } = options;
  // Between any two blocks may be a free one; and there is the row for "no block".
  const rowCount = Math.min(2 * maxBlocks + 2, LARGEST_ROWS);
  return {
    capacityUnits,
    granularityUnits,
    granularityShift: Math.log2(granularityUnits),
    rowCount,
    totalBytes: (BOOKS.ROWS + (rowCount << BLOCK_ROW_SHIFT)) * 4,
  };
}

/** The list that free blocks of this size are in. */
export function listOf(units: number): number {
  if (units < 1 << LIST_STEPS_SHIFT) return units;
  const shift = 31 - LIST_STEPS_SHIFT - Math.clz32(units);
  return (shift << LIST_STEPS_SHIFT) + (units >>> shift);
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
