/**
 * The invariants of the allocator's tables, checked from scratch. Slow (it reads everything), therefore for tests and
 * for a store in debug mode. No walk trusts a link: each is bounded, so corrupt tables end in an error, never in a loop.
 */

import {
  BLOCK,
  BLOCK_STATE,
  BOOKS,
  CACHE_COUNT,
  FIRST_ROW,
  LIST_COUNT,
  LIST_STEPS_SHIFT,
  listOf,
  NO_ROW,
  OCTAVE_COUNT,
} from '../../state/books-layout.ts';
import { InvariantError } from '../../state/errors.ts';
import type { BookReader } from './book-reader.ts';
import { unitsOfClass } from './size-class.ts';

/** Blocks and units of each state, indexed by state. */
interface Census {
  readonly blocks: number[];
  readonly units: number[];
}

/** Checks everything: physical chain, free lists, bitmaps, caches, spare rows, sums. */
export function verifyBooks(books: BookReader): void {
  const census = verifyChain(books);
  verifyFreeLists(books, census);
  verifyCaches(books, census);
  verifySpareRows(books, census);
  const { FREE, CACHED, ALLOCATED } = BLOCK_STATE;
  expect('free units', books.sum(BOOKS.FREE), census.units[FREE] ?? 0);
  expect('cached units', books.sum(BOOKS.CACHED), census.units[CACHED] ?? 0);
  expect('allocated units', books.sum(BOOKS.ALLOCATED), census.units[ALLOCATED] ?? 0);
  expect('allocated blocks', books.sum(BOOKS.BLOCKS), census.blocks[ALLOCATED] ?? 0);
}

function expect(what: string, actual: number, expected: number, block?: number): void {
  if (actual === expected) return;
  const where = block === undefined ? '' : ` of block ${block}`;
  throw new InvariantError(`allocator: ${what}${where}: ${actual} instead of ${expected}`, {
    what,
    actual,
    expected,
    block,
  });
}

/** Reads one field of a row, and throws for a row that cannot be in use. */
function field(books: BookReader, block: number, word: number): number {
  if (!books.isKnown(block)) {
    throw new InvariantError(`allocator: a link leads to block ${block}, which does not exist`, {
      what: 'link',
      block,
      limit: books.sum(BOOKS.ROW_LIMIT),
    });
  }
  return books.row(block, word);
}

/** From offset 0 to the end without gap or overlap, and no two free blocks side by side. */
function verifyChain(books: BookReader): Census {
  const { SPARE, FREE, ALLOCATED } = BLOCK_STATE;
  const granularityUnits = 2 ** books.sum(BOOKS.GRANULARITY_SHIFT);
  const census: Census = { blocks: [0, 0, 0, 0], units: [0, 0, 0, 0] };
  let previous: number = NO_ROW;
  let previousState: number = SPARE;
  let end = 0;
  let block: number = FIRST_ROW;
  // A cycle cannot go unnoticed: each block must start where the last one ended, and none is empty.
  while (block !== NO_ROW) {
    const units = field(books, block, BLOCK.UNITS);
    const state = field(books, block, BLOCK.STATE);
    expect('offset', field(books, block, BLOCK.OFFSET), end, block);
    expect('physical predecessor', field(books, block, BLOCK.PREVIOUS_PHYSICAL), previous, block);
    expect('units beyond the granularity', units % granularityUnits, 0, block);
    if (units === 0) expect('units', units, granularityUnits, block);
    if (census.blocks[state] === undefined || state === SPARE) expect('state', state, ALLOCATED, block);
    if (state === FREE && previousState === FREE) {
      expect('state after a free block', state, ALLOCATED, block);
    }
    census.blocks[state] = (census.blocks[state] ?? 0) + 1;
    census.units[state] = (census.units[state] ?? 0) + units;
    end += units;
    previous = block;
    previousState = state;
    block = field(books, block, BLOCK.NEXT_PHYSICAL);
  }
  expect('end of the last block', end, books.sum(BOOKS.CAPACITY));
  return census;
}

/** Each free block is in the list of its size, once; the bitmaps say which lists have blocks. */
function verifyFreeLists(books: BookReader, census: Census): void {
  const free = census.blocks[BLOCK_STATE.FREE] ?? 0;
  const bitsOf = (octave: number): number => books.sum(BOOKS.STEP_BITS + octave);
  let listed = 0;
  for (let list = 0; list < LIST_COUNT; list++) {
    const head = books.sum(BOOKS.LIST_HEADS + list);
    let previous: number = NO_ROW;
    for (let block = head; block !== NO_ROW; block = field(books, block, BLOCK.NEXT_LISTED)) {
      expect('state in a free list', field(books, block, BLOCK.STATE), BLOCK_STATE.FREE, block);
      expect('free list', list, listOf(field(books, block, BLOCK.UNITS)), block);
      expect('predecessor in the free list', field(books, block, BLOCK.PREVIOUS_LISTED), previous, block);
      previous = block;
      if (++listed > free) break;
    }
    const bit = (bitsOf(list >>> LIST_STEPS_SHIFT) >>> (list & 31)) & 1;
    expect(`bit of free list ${list}`, bit, head === NO_ROW ? 0 : 1);
  }
  expect('blocks in free lists', listed, free);
  for (let octave = 0; octave < 32; octave++) {
    const filled = octave < OCTAVE_COUNT && bitsOf(octave) !== 0;
    expect(`bit of octave ${octave}`, (books.sum(BOOKS.OCTAVE_BITS) >>> octave) & 1, filled ? 1 : 0);
  }
}

/** Rows that are in no chain are in the list of spare rows. */
function verifySpareRows(books: BookReader, census: Census): void {
  const { SPARE } = BLOCK_STATE;
  expect('state of the row for "no block"', books.row(NO_ROW, BLOCK.STATE), SPARE, NO_ROW);
  const inUse = census.blocks.reduce((sum, count) => sum + count, 0);
  const expected = books.sum(BOOKS.ROW_LIMIT) - 1 - inUse;
  let spare = 0;
  for (
    let block = books.sum(BOOKS.SPARE_HEAD);
    block !== NO_ROW;
    block = field(books, block, BLOCK.NEXT_LISTED)
  ) {
    expect('state of a spare row', field(books, block, BLOCK.STATE), SPARE, block);
    if (++spare > expected) break;
  }
  expect('spare rows', spare, expected);
}

/** Each cached block is in the stack of its class, once. */
function verifyCaches(books: BookReader, census: Census): void {
  const granularityUnits = 2 ** books.sum(BOOKS.GRANULARITY_SHIFT);
  const cached = census.blocks[BLOCK_STATE.CACHED] ?? 0;
  let stacked = 0;
  for (let sizeClass = 0; sizeClass < CACHE_COUNT; sizeClass++) {
    const classUnits = unitsOfClass(sizeClass) * granularityUnits;
    for (
      let block = books.sum(BOOKS.CACHE_HEADS + sizeClass);
      block !== NO_ROW;
      block = field(books, block, BLOCK.NEXT_LISTED)
    ) {
      expect('state in the cache', field(books, block, BLOCK.STATE), BLOCK_STATE.CACHED, block);
      expect(`units in the cache of class ${sizeClass}`, field(books, block, BLOCK.UNITS), classUnits, block);
      if (++stacked > cached) break;
    }
  }
  expect('blocks in the cache', stacked, cached);
}
