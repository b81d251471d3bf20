/**
 * TLSF (two-level segregated fit) over one contiguous range: every call takes a bounded number of steps, whatever the
 * number of blocks, and freed neighbours merge at once.
 *
 * Masmano, Ripoll, Crespo, Real: "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
 */

import {
  BlockRecords,
  NEXT_PHYSICAL,
  NIL,
  OFFSET,
  PREVIOUS_PHYSICAL,
  RECORD_SHIFT,
  STATE,
  STATE_ALLOCATED,
  STATE_FREE,
  UNITS,
} from './block-records.ts';
import { FreeLists } from './free-lists.ts';

/** Returned instead of a block when there is no space. */
export const NO_BLOCK = -1;

export class Tlsf {
  readonly capacityUnits: number;
  /** The table of all blocks, shared with whoever keeps allocated blocks in lists of its own. */
  readonly records = new BlockRecords();
  readonly lists = new FreeLists(this.records);
  /** The block at offset 0. It is always the same one, because splitting and merging keep the lower block's row. */
  readonly firstBlock: number;
  /** Units in the free lists. */
  freeUnits: number;

  /** A range of 1 to 2^32 - 1 units, all free. */
  constructor(capacityUnits: number) {
    this.capacityUnits = capacityUnits;
    this.freeUnits = capacityUnits;
    this.firstBlock = this.records.acquire();
    const words = this.records.words;
    const row = this.firstBlock << RECORD_SHIFT;
    words[row + UNITS] = capacityUnits;
    words[row + STATE] = STATE_FREE;
    this.lists.insert(this.firstBlock);
  }

  /** A block of exactly this size, out of a list where every block is large enough; else `NO_BLOCK`. */
  allocate(units: number): number {
    const block = this.lists.find(units);
    return block === NIL ? NO_BLOCK : this.take(block, units);
  }

  /** Like `allocate`, but searches also the list that has smaller blocks as well: for sizes that are no class size. */
  allocateTight(units: number): number {
    let block = this.lists.find(units);
    if (block === NIL) block = this.lists.findTight(units);
    return block === NIL ? NO_BLOCK : this.take(block, units);
  }

  /** Gives a block back and merges it with free neighbours. */
  free(block: number): void {
    const records = this.records;
    const words = records.words;
    let row = records.rowOfAllocated(block);
    let merged = block;
    let units = words[row + UNITS]!;
    this.freeUnits += units;

    const previous = words[row + PREVIOUS_PHYSICAL]!;
    let next = words[row + NEXT_PHYSICAL]!;
    if (words[(next << RECORD_SHIFT) + STATE] === STATE_FREE) {
      const nextRow = next << RECORD_SHIFT;
      this.lists.remove(next);
      units += words[nextRow + UNITS]!;
      records.release(next);
      next = words[nextRow + NEXT_PHYSICAL]!;
    }
    if (words[(previous << RECORD_SHIFT) + STATE] === STATE_FREE) {
      this.lists.remove(previous);
      records.release(block);
      merged = previous;
      row = previous << RECORD_SHIFT;
      units += words[row + UNITS]!;
    }
    words[row + UNITS] = units;
    words[row + NEXT_PHYSICAL] = next;
    words[row + STATE] = STATE_FREE;
    words[(next << RECORD_SHIFT) + PREVIOUS_PHYSICAL] = merged;
    this.lists.insert(merged);
  }

  /** Takes a free block that is large enough, and makes a free block of what is left over. */
  private take(block: number, units: number): number {
    const records = this.records;
    const row = block << RECORD_SHIFT;
    const remainder = records.words[row + UNITS]! - units;
    // First of all, because growing the table is the one step that can fail.
    const rest = remainder > 0 ? records.acquire() : NIL;
    const words = records.words;
    this.lists.remove(block);
    words[row + STATE] = STATE_ALLOCATED;
    this.freeUnits -= units;
    if (rest !== NIL) {
      const restRow = rest << RECORD_SHIFT;
      const next = words[row + NEXT_PHYSICAL]!;
      words[row + UNITS] = units;
      words[row + NEXT_PHYSICAL] = rest;
      words[restRow + OFFSET] = words[row + OFFSET]! + units;
      words[restRow + UNITS] = remainder;
      words[restRow + PREVIOUS_PHYSICAL] = block;
      words[restRow + NEXT_PHYSICAL] = next;
      words[restRow + STATE] = STATE_FREE;
      words[(next << RECORD_SHIFT) + PREVIOUS_PHYSICAL] = rest;
      this.lists.insert(rest);
    }
    return block;
  }
}
