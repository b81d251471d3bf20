/**
 * Freed blocks kept whole, in one stack per size class: the block freed last is handed out first, while its bytes are
 * still in the processor's caches and its pages are in memory.
 *
 * To the TLSF below, a cached block stays allocated; here it only changes its state word.
 */

import {
  type BlockRecords,
  NEXT_LISTED,
  NIL,
  RECORD_SHIFT,
  STATE,
  STATE_ALLOCATED,
  STATE_CACHED,
  UNITS,
} from './block-records.ts';
import { CLASS_COUNT } from './size-class.ts';

export class ClassCache {
  /** Top block of each class. */
  readonly heads = new Uint32Array(CLASS_COUNT);
  /** Units of all cached blocks. */
  cachedUnits = 0;
  private readonly records: BlockRecords;

  constructor(records: BlockRecords) {
    this.records = records;
  }

  /** Keeps an allocated block of this class. */
  push(block: number, sizeClass: number): void {
    const words = this.records.words;
    const row = block << RECORD_SHIFT;
    words[row + STATE] = STATE_CACHED;
    words[row + NEXT_LISTED] = this.heads[sizeClass]!;
    this.heads[sizeClass] = block;
    this.cachedUnits += words[row + UNITS]!;
  }

  /** The block of this class kept last, allocated again; `NIL` when there is none. */
  pop(sizeClass: number): number {
    const block = this.heads[sizeClass]!;
    if (block === NIL) return NIL;
    const words = this.records.words;
    const row = block << RECORD_SHIFT;
    this.heads[sizeClass] = words[row + NEXT_LISTED]!;
    words[row + STATE] = STATE_ALLOCATED;
    this.cachedUnits -= words[row + UNITS]!;
    return block;
  }
}
