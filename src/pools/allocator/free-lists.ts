/**
 * Free blocks in lists by size, with two levels of bitmaps, so that a block that fits is found in a few instructions.
 *
 * The first level is the octave, the second one of 32 equal steps within it. 32 steps, because then a level fits one
 * word, and because every class size is the lower bound of a list: a search for a class size misses no block.
 */

import {
  type BlockRecords,
  NEXT_LISTED,
  NIL,
  PREVIOUS_LISTED,
  RECORD_SHIFT,
  UNITS,
} from './block-records.ts';

const STEPS_SHIFT = 5;
const STEPS = 1 << STEPS_SHIFT;
/** Octaves for sizes up to 2^32 - 1; the sizes below 32 share the first. */
export const OCTAVE_COUNT = 28;
export const LIST_COUNT = OCTAVE_COUNT * STEPS;

/** How many blocks of a list that is only partly large enough are looked at: a bound, so that a call stays short. */
const TIGHT_SEARCH_LIMIT = 64;

/** The list that blocks of this size are in. */
export function listOf(units: number): number {
  if (units < STEPS) return units;
  const shift = 31 - STEPS_SHIFT - Math.clz32(units);
  return (shift << STEPS_SHIFT) + (units >>> shift);
}

/** The first list in which every block has at least this size; `LIST_COUNT` when there is none. */
export function firstListCovering(units: number): number {
  if (units < STEPS) return units;
  const shift = 31 - STEPS_SHIFT - Math.clz32(units);
  return (shift << STEPS_SHIFT) + ((units - 1) >>> shift) + 1;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** The lists of free blocks and their bitmaps. */
export class FreeLists {
  /** One bit per octave that has a block. */
  octaveBits = 0;
  /** Per octave, one bit per list that has a block. */
  readonly stepBits = new Int32Array(OCTAVE_COUNT);
  /** First block of each list. */
  readonly heads = new Uint32Array(LIST_COUNT);
  private readonly records: BlockRecords;

  constructor(records: BlockRecords) {
    this.records = records;
  }

  /** A block of at least this size from the lists of sure success, or `NIL`. */
  find(units: number): number {
    const wanted = firstListCovering(units);
    if (wanted >= LIST_COUNT) return NIL;
    let octave = wanted >>> STEPS_SHIFT;
    // A shift count is taken modulo 32, so this keeps the steps from the wanted one up.
    let steps = this.stepBits[octave]! & (-1 << wanted);
    if (steps === 0) {
      const octaves = this.octaveBits & (-2 << octave);
      if (octaves === 0) return NIL;
      octave = lowestBit(octaves);
      steps = this.stepBits[octave]!;
    }
    return this.heads[(octave << STEPS_SHIFT) + lowestBit(steps)]!;
  }

  /** A block of at least this size out of the one list that holds larger and smaller ones, or `NIL`. */
  findTight(units: number): number {
    const words = this.records.words;
    let block = this.heads[listOf(units)]!;
    for (let step = 0; block !== NIL && step < TIGHT_SEARCH_LIMIT; step++) {
      if (words[(block << RECORD_SHIFT) + UNITS]! >= units) return block;
      block = words[(block << RECORD_SHIFT) + NEXT_LISTED]!;
    }
    return NIL;
  }

  /** Units of the largest block, or of one of nearly its size: of the first in the last list that has any. */
  get largestUnits(): number {
    if (this.octaveBits === 0) return 0;
    const octave = 31 - Math.clz32(this.octaveBits);
    const step = 31 - Math.clz32(this.stepBits[octave]!);
    return this.records.words[(this.heads[(octave << STEPS_SHIFT) + step]! << RECORD_SHIFT) + UNITS]!;
  }

  insert(block: number): void {
    const words = this.records.words;
    const row = block << RECORD_SHIFT;
    const list = listOf(words[row + UNITS]!);
    const next = this.heads[list]!;
    words[row + PREVIOUS_LISTED] = NIL;
    words[row + NEXT_LISTED] = next;
    words[(next << RECORD_SHIFT) + PREVIOUS_LISTED] = block;
    this.heads[list] = block;
    if (next !== NIL) return;
    const octave = list >>> STEPS_SHIFT;
    this.stepBits[octave]! |= 1 << list;
    this.octaveBits |= 1 << octave;
  }

  remove(block: number): void {
    const words = this.records.words;
    const row = block << RECORD_SHIFT;
    const previous = words[row + PREVIOUS_LISTED]!;
    const next = words[row + NEXT_LISTED]!;
    words[(next << RECORD_SHIFT) + PREVIOUS_LISTED] = previous;
    if (previous !== NIL) {
      words[(previous << RECORD_SHIFT) + NEXT_LISTED] = next;
      return;
    }
    const list = listOf(words[row + UNITS]!);
    this.heads[list] = next;
    if (next !== NIL) return;
    const octave = list >>> STEPS_SHIFT;
    this.stepBits[octave]! &= ~(1 << list);
    if (this.stepBits[octave] === 0) this.octaveBits &= ~(1 << octave);
  }
}
