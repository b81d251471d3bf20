/**
 * The allocator of a pool: says which part of a range of memory belongs to whom, and touches none of it. What it does is
 * native (`native-bridge/allocator.h`), so that the threads of a process can share one; what it has done stands in its books.
 */
import { BLOCK, BOOKS, type Books, type BooksOptions, booksLayout } from '../../state/books-layout.ts';
import { InvalidArgumentError, InvariantError } from '../../state/errors.ts';
import { bridge } from '../bridge.ts';
import { BookReader } from './book-reader.ts';
import { verifyBooks } from './verification.ts';

/** Names an allocator in a message to another thread of this process. */
export interface AllocatorHandle {
  readonly number: number;
  readonly books: SharedArrayBuffer;
}

/** Returned instead of a block when there is no space. */
const NO_BLOCK = -1;

export class Allocator {
  readonly handle: AllocatorHandle;
  readonly capacityUnits: number;
  readonly granularityUnits: number;
  readonly #reader: BookReader;

  /** Views the books of an allocator that {@link Allocator.open} has made. */
  constructor(handle: AllocatorHandle) {
    this.handle = handle;
    this.#reader = new BookReader(handle.books);
    this.capacityUnits = this.#reader.sum(BOOKS.CAPACITY);
    this.granularityUnits = 2 ** this.#reader.sum(BOOKS.GRANULARITY_SHIFT);
  }

  /** Makes one, of a range that is all free. It lasts until it is released, or its thread ends. */
  static open(options: BooksOptions): Allocator {
    const layout = booksLayout(options);
    const region = bridge.mapAnonymous(layout.totalBytes, false);
    try {
      return new Allocator({ number: openIn(region, layout), books: bridge.regionBuffer(region) });
    } finally {
      // The books belong to the allocator and to the buffer from here on.
      bridge.releaseRegion(region);
    }
  }

  /** Units of the blocks handed out, as rounded. Allocated, cached and free units add up to the capacity. */
  get allocatedUnits(): number {
    return this.#reader.sum(BOOKS.ALLOCATED);
  }

  /** Units that belong to no block. */
  get freeUnits(): number {
    return this.#reader.sum(BOOKS.FREE);
  }

  /** About the size of the largest block to be had, without what would merge by {@link flushCache}. */
  get largestFreeUnits(): number {
    return this.#reader.largestFreeUnits;
  }

  /** Units of freed blocks that wait in the caches. They are as available as free units are. */
  get cachedUnits(): number {
    return this.#reader.sum(BOOKS.CACHED);
  }

  /** Number of blocks handed out. */
  get blockCount(): number {
    return this.#reader.sum(BOOKS.BLOCKS);
  }

  /** A block of at least this many units (of one, when 0 are asked for), or -1 when there is no space for it. */
  allocate(units: number): number {
    if (!(units >= 0) || Math.floor(units) !== units || units === Infinity) throw invalidSize(units);
    return units > this.capacityUnits ? NO_BLOCK : bridge.allocate(this.handle.number, units);
  }

  /** Gives a block back. Throws, and changes nothing, when it is not allocated. */
  free(block: number): void {
    // The unsigned shift rejects fractions, negative numbers and NaN: natively they would be some other block.
    if (block >>> 0 !== block || !bridge.free(this.handle.number, block)) throw this.#notAllocated(block);
  }

  /** Where an allocated block starts, in units. */
  offsetOf(block: number): number {
    return this.#field(block, BLOCK.OFFSET);
  }

  /** The size of an allocated block in units, as rounded. */
  unitsOf(block: number): number {
    return this.#field(block, BLOCK.UNITS);
  }

  /** Gives all cached blocks back, so that they merge with their free neighbours. */
  flushCache(): void {
    bridge.flushCache(this.handle.number);
  }

  /** Checks every invariant of the books; throws an `InvariantError` with the values that break one. Only while nobody allocates. */
  verify(): void {
    verifyBooks(this.#reader);
  }

  /** The number is forgotten; the books go with the last arena or thread that has them. */
  release(): void {
    bridge.releaseAllocator(this.handle.number);
  }

  #field(block: number, word: number): number {
    if (!this.#reader.isAllocated(block)) throw this.#notAllocated(block);
    return this.#reader.row(block, word);
  }

  #notAllocated(block: number): InvariantError {
    const state = this.#reader.isKnown(block) ? this.#reader.row(block, BLOCK.STATE) : undefined;
    const reason = state === undefined ? 'there is no such block' : `it was freed before (state ${state})`;
    return new InvariantError(`block ${block} is not allocated: ${reason}`, { block, state });
  }
}

function openIn(region: number, { capacityUnits, granularityShift, rowCount }: Books): number {
  return bridge.openAllocator(region, capacityUnits, granularityShift, rowCount);
}

function invalidSize(units: number): InvalidArgumentError {
  return new InvalidArgumentError(`a size must be a whole number of units, not ${units}`, {
    name: 'units',
    value: units,
  });
}
