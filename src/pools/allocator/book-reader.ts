/** Reading the words of an allocator's books (`src/state/books-layout.ts`). */
import {
  BLOCK,
  BLOCK_ROW_SHIFT,
  BLOCK_STATE,
  BOOKS,
  LIST_STEPS_SHIFT,
  NO_ROW,
} from '../../state/books-layout.ts';

export class BookReader {
  readonly words: Uint32Array<SharedArrayBuffer>;

  constructor(books: SharedArrayBuffer) {
    this.words = new Uint32Array(books);
  }

  /** One of `BOOKS`. Others may change it at any time. */
  sum(word: number): number {
    return Atomics.load(this.words, word);
  }

  /** One of `BLOCK` in a block's row. */
  row(block: number, word: number): number {
    return this.words[BOOKS.ROWS + (block << BLOCK_ROW_SHIFT) + word] ?? 0;
  }

  /** Whether a block has ever had this row. */
  isKnown(block: number): boolean {
    return block >>> 0 === block && block > NO_ROW && block < this.sum(BOOKS.ROW_LIMIT);
  }

  isAllocated(block: number): boolean {
    return this.isKnown(block) && this.row(block, BLOCK.STATE) === BLOCK_STATE.ALLOCATED;
  }

  /** Units of the largest block, or of one of nearly its size: of the first in the last list that has any. */
  get largestFreeUnits(): number {
    const octaveBits = this.sum(BOOKS.OCTAVE_BITS);
    if (octaveBits === 0) return 0;
    const octave = 31 - Math.clz32(octaveBits);
    const step = 31 - Math.clz32(this.sum(BOOKS.STEP_BITS + octave));
    const head = this.sum(BOOKS.LIST_HEADS + (octave << LIST_STEPS_SHIFT) + step);
    return this.row(head, BLOCK.UNITS);
  }
}
