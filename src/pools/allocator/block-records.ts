/**
 * The out-of-band table of blocks: eight words per block, in an array that only the allocator's owner sees.
 *
 * Nothing is kept in the object bytes, because those are mapped by others, may lie on disk and must not be touched just
 * to be freed. One row of adjacent words per block, rather than one array per field, costs one cache miss instead of
 * seven when a block is touched that has not been touched for long.
 */

import { InvariantError, OutOfResourceError } from '../../state/errors.ts';

/** A block's row starts at `block << RECORD_SHIFT`; the constants below are words within it. */
export const RECORD_SHIFT = 3;
export const OFFSET = 0;
export const UNITS = 1;
export const PREVIOUS_PHYSICAL = 2;
export const NEXT_PHYSICAL = 3;
/** Links within the list that the block's state implies: a free list, a cache list or the spare rows. */
export const PREVIOUS_LISTED = 4;
export const NEXT_LISTED = 5;
export const STATE = 6;

/** The row is spare. */
export const STATE_SPARE = 0;
/** In a free list, to be split and merged. */
export const STATE_FREE = 1;
/** Handed out. */
export const STATE_ALLOCATED = 2;
/** Given back, but kept whole in the cache of its size class. */
export const STATE_CACHED = 3;

/**
 * "No block" in every link. Row 0 is real but never in use: its state is always spare, so neighbours can be examined
 * and links written without asking first whether there is a neighbour.
 */
export const NIL = 0;

const INITIAL_ROWS = 256;
/** With more rows, the index of a word would not fit 31 bits, on which the shifts rely. */
const LARGEST_ROWS = 2 ** 28;

/** The growing table of block rows and the list of its spare rows. */
export class BlockRecords {
  /** The rows. Replaced when the table grows: do not keep it across `acquire`. */
  words = new Uint32Array(INITIAL_ROWS << RECORD_SHIFT);
  /** Rows from here on have never been used. */
  limit = 1;
  private rows = INITIAL_ROWS;
  /** First row of the list of spare rows below `limit`. */
  spareHead = NIL;

  /** Takes a row. Throws only when the table cannot grow (`OutOfResourceError`), and then nothing has changed. */
  acquire(): number {
    const spare = this.spareHead;
    if (spare !== NIL) {
      this.spareHead = this.words[(spare << RECORD_SHIFT) + NEXT_LISTED]!;
      return spare;
    }
    if (this.limit >= this.rows) this.grow();
    return this.limit++;
  }

  /** Gives a row back. The row last given back is the next one taken, since it is still in the processor's cache. */
  release(block: number): void {
    const row = block << RECORD_SHIFT;
    this.words[row + STATE] = STATE_SPARE;
    this.words[row + NEXT_LISTED] = this.spareHead;
    this.spareHead = block;
  }

  /** The first word of the row of a block that is handed out; throws for anything else. */
  rowOfAllocated(block: number): number {
    const row = block << RECORD_SHIFT;
    // The unsigned shift rejects fractions, negative numbers and NaN: their row would be some other block's.
    if (block >>> 0 !== block || block >= this.limit || this.words[row + STATE] !== STATE_ALLOCATED) {
      throw this.notAllocated(block);
    }
    return row;
  }

  private notAllocated(block: number): InvariantError {
    const known = Number.isInteger(block) && block > NIL && block < this.limit;
    const state = known ? this.words[(block << RECORD_SHIFT) + STATE] : undefined;
    const reason = known ? `it was freed before (state ${state})` : 'there is no such block';
    return new InvariantError(`block ${block} is not allocated: ${reason}`, { block, state });
  }

  private grow(): void {
    const rows = this.rows * 2;
    if (rows > LARGEST_ROWS) throw cannotGrow(this.rows);
    let larger: Uint32Array<ArrayBuffer>;
    try {
      larger = new Uint32Array(2 ** RECORD_SHIFT * rows);
    } catch (cause) {
      throw cannotGrow(this.rows, cause);
    }
    larger.set(this.words);
    this.words = larger;
    this.rows = rows;
  }
}

function cannotGrow(rows: number, cause?: unknown): OutOfResourceError {
  return new OutOfResourceError(`the table of ${rows} memory blocks cannot grow`, { rows }, { cause });
}
