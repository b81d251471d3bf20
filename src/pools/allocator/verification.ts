/**
 * The invariants of the allocator's tables, checked from scratch. Slow (it reads everything), therefore for tests and
 * for a store in debug mode. No walk trusts a link: each is bounded, so corrupt tables end in an error, never in a loop.
 */

import { InvariantError } from '../../state/errors.ts';
import {
  NEXT_LISTED,
  NEXT_PHYSICAL,
  NIL,
  OFFSET,
  PREVIOUS_LISTED,
  PREVIOUS_PHYSICAL,
  RECORD_SHIFT,
  STATE,
  STATE_ALLOCATED,
  STATE_CACHED,
  STATE_FREE,
  STATE_SPARE,
  UNITS,
} from './block-records.ts';
import type { ClassCache } from './class-cache.ts';
import { LIST_COUNT, listOf, OCTAVE_COUNT } from './free-lists.ts';
import { CLASS_COUNT, unitsOfClass } from './size-class.ts';
import type { Tlsf } from './tlsf.ts';

/** What an allocator consists of, for checking. */
export interface AllocatorParts {
  readonly tlsf: Tlsf;
  readonly cache: ClassCache;
  readonly granularityUnits: number;
  readonly allocatedUnits: number;
  readonly blockCount: number;
}

/** Blocks and units of each state, indexed by state. */
interface Census {
  readonly blocks: number[];
  readonly units: number[];
}

/** Checks a TLSF: physical chain, free lists, bitmaps, spare rows, counter. */
export function verifyTlsf(tlsf: Tlsf, granularityUnits = 1): Census {
  const census = verifyChain(tlsf, granularityUnits);
  verifyFreeLists(tlsf, census);
  verifySpareRows(tlsf, census);
  expect('free units', tlsf.freeUnits, census.units[STATE_FREE]!);
  return census;
}

/** Checks an allocator: its TLSF, its cache and its counters. */
export function verifyAllocator(parts: AllocatorParts): void {
  const census = verifyTlsf(parts.tlsf, parts.granularityUnits);
  verifyCache(parts, census);
  expect('allocated units', parts.allocatedUnits, census.units[STATE_ALLOCATED]!);
  expect('allocated blocks', parts.blockCount, census.blocks[STATE_ALLOCATED]!);
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
function field(tlsf: Tlsf, block: number, word: number): number {
  if (block <= NIL || block >= tlsf.records.limit) {
    throw new InvariantError(`allocator: a link leads to block ${block}, which does not exist`, {
      what: 'link',
      block,
      limit: tlsf.records.limit,
    });
  }
  return tlsf.records.words[(block << RECORD_SHIFT) + word]!;
}

/** From offset 0 to the end without gap or overlap, and no two free blocks side by side. */
function verifyChain(tlsf: Tlsf, granularityUnits: number): Census {
  const census: Census = { blocks: [0, 0, 0, 0], units: [0, 0, 0, 0] };
  let previous = NIL;
  let previousState = STATE_SPARE;
  let end = 0;
  let block = tlsf.firstBlock;
  // A cycle cannot go unnoticed: each block must start where the last one ended, and none is empty.
  while (block !== NIL) {
    const units = field(tlsf, block, UNITS);
    const state = field(tlsf, block, STATE);
    expect('offset', field(tlsf, block, OFFSET), end, block);
    expect('physical predecessor', field(tlsf, block, PREVIOUS_PHYSICAL), previous, block);
    expect('units beyond the granularity', units % granularityUnits, 0, block);
    if (units === 0) expect('units', units, granularityUnits, block);
    if (census.blocks[state] === undefined || state === STATE_SPARE) {
      expect('state', state, STATE_ALLOCATED, block);
    }
    if (state === STATE_FREE && previousState === STATE_FREE) {
      expect('state after a free block', state, STATE_ALLOCATED, block);
    }
    census.blocks[state]! += 1;
    census.units[state]! += units;
    end += units;
    previous = block;
    previousState = state;
    block = field(tlsf, block, NEXT_PHYSICAL);
  }
  expect('end of the last block', end, tlsf.capacityUnits);
  return census;
}

/** Each free block is in the list of its size, once; the bitmaps say which lists have blocks. */
function verifyFreeLists(tlsf: Tlsf, census: Census): void {
  const { heads, stepBits, octaveBits } = tlsf.lists;
  let listed = 0;
  for (let list = 0; list < LIST_COUNT; list++) {
    let previous = NIL;
    for (let block = heads[list]!; block !== NIL; block = field(tlsf, block, NEXT_LISTED)) {
      expect('state in a free list', field(tlsf, block, STATE), STATE_FREE, block);
      expect('free list', list, listOf(field(tlsf, block, UNITS)), block);
      expect('predecessor in the free list', field(tlsf, block, PREVIOUS_LISTED), previous, block);
      previous = block;
      if (++listed > census.blocks[STATE_FREE]!) break;
    }
    const bit = (stepBits[list >>> 5]! >>> (list & 31)) & 1;
    expect(`bit of free list ${list}`, bit, heads[list] === NIL ? 0 : 1);
  }
  expect('blocks in free lists', listed, census.blocks[STATE_FREE]!);
  for (let octave = 0; octave < 32; octave++) {
    const filled = octave < OCTAVE_COUNT && stepBits[octave] !== 0;
    expect(`bit of octave ${octave}`, (octaveBits >>> octave) & 1, filled ? 1 : 0);
  }
}

/** Rows that are in no chain are in the list of spare rows. */
function verifySpareRows(tlsf: Tlsf, census: Census): void {
  const { records } = tlsf;
  expect('state of the row for "no block"', records.words[STATE]!, STATE_SPARE, NIL);
  const inUse = census.blocks.reduce((sum, count) => sum + count, 0);
  const expected = records.limit - 1 - inUse;
  let spare = 0;
  for (let block = records.spareHead; block !== NIL; block = field(tlsf, block, NEXT_LISTED)) {
    expect('state of a spare row', field(tlsf, block, STATE), STATE_SPARE, block);
    if (++spare > expected) break;
  }
  expect('spare rows', spare, expected);
}

/** Each cached block is in the stack of its class, once. */
function verifyCache({ tlsf, cache, granularityUnits }: AllocatorParts, census: Census): void {
  let stacked = 0;
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
    const classUnits = unitsOfClass(sizeClass) * granularityUnits;
    for (let block = cache.heads[sizeClass]!; block !== NIL; block = field(tlsf, block, NEXT_LISTED)) {
      expect('state in the cache', field(tlsf, block, STATE), STATE_CACHED, block);
      expect(`units in the cache of class ${sizeClass}`, field(tlsf, block, UNITS), classUnits, block);
      if (++stacked > census.blocks[STATE_CACHED]!) break;
    }
  }
  expect('blocks in the cache', stacked, census.blocks[STATE_CACHED]!);
  expect('cached units', cache.cachedUnits, census.units[STATE_CACHED]!);
}
