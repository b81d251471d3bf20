/** Every kind of damage to the tables must be noticed, and none may make the check run forever. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import { classOf } from '../../../src/pools/allocator/size-class.ts';
import { BLOCK, BLOCK_ROW_SHIFT, BLOCK_STATE, BOOKS, listOf } from '../../../src/state/books-layout.ts';
import { InvariantError } from '../../../src/state/errors.ts';

const { OFFSET, UNITS, PREVIOUS_PHYSICAL, NEXT_PHYSICAL, PREVIOUS_LISTED, NEXT_LISTED, STATE } = BLOCK;
const { SPARE, FREE, ALLOCATED, CACHED } = BLOCK_STATE;

/** An allocator's books, for writing. */
class OpenBooks {
  readonly #words: Uint32Array;

  constructor(allocator: Allocator) {
    this.#words = new Uint32Array(allocator.handle.books);
  }

  /** A word of a block's row. */
  set(block: number, word: number, value: number): void {
    this.#words[BOOKS.ROWS + (block << BLOCK_ROW_SHIFT) + word] = value;
  }

  get(word: number): number {
    return this.#words[word] ?? 0;
  }

  change(word: number, by: (value: number) => number): void {
    this.#words[word] = by(this.get(word));
  }
}

/** Physical order: live, free hole, live, cached, live, free rest; and one spare row. */
function setUp() {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const [first, hole, second, cached, third, merged] = [10, 20, 10, 30, 10, 40].map((units) =>
    allocator.allocate(units),
  ) as [number, number, number, number, number, number];
  allocator.free(hole);
  allocator.free(merged);
  allocator.flushCache();
  allocator.free(cached);
  allocator.verify();
  return { allocator, books: new OpenBooks(allocator), first, hole, second, cached, third };
}

type Damage = (state: ReturnType<typeof setUp>) => void;

/** What is damaged, which check must notice it, and how the damage is done. */
const damages: readonly (readonly [string, string, Damage])[] = [
  ['an offset moved', 'offset', ({ books, second }) => books.set(second, OFFSET, 31)],
  ['a block too large', 'offset', ({ books, second }) => books.set(second, UNITS, 11)],
  ['a block empty', 'units', ({ books, second }) => books.set(second, UNITS, 0)],
  ['a chain cut short', 'end of the last block', ({ books, third }) => books.set(third, NEXT_PHYSICAL, 0)],
  [
    'a chain that skips a block',
    'offset',
    ({ books, first, second }) => books.set(first, NEXT_PHYSICAL, second),
  ],
  ['a chain in a circle', 'offset', ({ books, first, second }) => books.set(second, NEXT_PHYSICAL, first)],
  ['a chain that leads nowhere', 'link', ({ books, second }) => books.set(second, NEXT_PHYSICAL, 4_000_000)],
  [
    'a wrong physical predecessor',
    'physical predecessor',
    ({ books, first, second }) => books.set(second, PREVIOUS_PHYSICAL, first),
  ],
  ['an unknown state', 'state', ({ books, second }) => books.set(second, STATE, 9)],
  ['a spare row in the chain', 'state', ({ books, second }) => books.set(second, STATE, SPARE)],
  [
    'two free blocks side by side',
    'state after a free block',
    ({ books, second }) => {
      // Done by the book in every other respect.
      books.set(second, STATE, FREE);
      books.change(BOOKS.LIST_HEADS + 10, () => second);
      books.change(BOOKS.STEP_BITS, (bits) => bits | (1 << 10));
      books.change(BOOKS.FREE, (units) => units + 10);
    },
  ],
  [
    'a live block marked cached',
    'blocks in the cache',
    ({ books, second }) => books.set(second, STATE, CACHED),
  ],
  [
    'a free block marked live',
    'state in a free list',
    ({ books, hole }) => books.set(hole, STATE, ALLOCATED),
  ],
  [
    'a cached block marked live',
    'state in the cache',
    ({ books, cached }) => books.set(cached, STATE, ALLOCATED),
  ],
  [
    'a free list in a circle',
    'predecessor in the free list',
    ({ books, hole }) => books.set(hole, NEXT_LISTED, hole),
  ],
  [
    'a wrong predecessor in a free list',
    'predecessor in the free list',
    ({ books, hole }) => books.set(hole, PREVIOUS_LISTED, hole),
  ],
  [
    'a free block in no list',
    'blocks in free lists',
    ({ books }) => {
      books.change(BOOKS.LIST_HEADS + 20, () => 0);
      books.change(BOOKS.STEP_BITS, (bits) => bits & ~(1 << 20));
      books.change(BOOKS.OCTAVE_BITS, (bits) => bits & ~1);
    },
  ],
  [
    'a free block in a wrong list',
    'free list',
    ({ books, hole }) => {
      books.change(BOOKS.LIST_HEADS + listOf(21), () => hole);
    },
  ],
  [
    'a bit missing for a list',
    'bit of free list 20',
    ({ books }) => {
      books.change(BOOKS.STEP_BITS, () => 0);
    },
  ],
  [
    'a bit too many for a list',
    'bit of free list 31',
    ({ books }) => {
      books.change(BOOKS.STEP_BITS, (bits) => bits | (1 << 31));
    },
  ],
  [
    'a bit missing for an octave',
    'bit of octave 0',
    ({ books }) => {
      books.change(BOOKS.OCTAVE_BITS, (bits) => bits & ~1);
    },
  ],
  [
    'a bit too many for an octave',
    'bit of octave 31',
    ({ books }) => {
      books.change(BOOKS.OCTAVE_BITS, (bits) => bits | (1 << 31));
    },
  ],
  [
    'a wrong counter of free units',
    'free units',
    ({ books }) => {
      books.change(BOOKS.FREE, (units) => units + 1);
    },
  ],
  [
    'a wrong counter of cached units',
    'cached units',
    ({ books }) => {
      books.change(BOOKS.CACHED, (units) => units - 1);
    },
  ],
  [
    'a block cached past the allocator',
    'allocated units',
    ({ books, second }) => {
      const top = BOOKS.CACHE_HEADS + classOf(10);
      books.set(second, STATE, CACHED);
      books.set(second, NEXT_LISTED, books.get(top));
      books.change(top, () => second);
      books.change(BOOKS.CACHED, (units) => units + 10);
    },
  ],
  [
    'a wrong number of blocks',
    'allocated blocks',
    ({ books }) => {
      books.change(BOOKS.BLOCKS, (blocks) => blocks + 1);
    },
  ],
  [
    'a cached block of another class',
    `units in the cache of class ${classOf(28)}`,
    ({ books, cached }) => {
      books.change(BOOKS.CACHE_HEADS + classOf(28), () => cached);
    },
  ],
  [
    'a cache list in a circle',
    'blocks in the cache',
    ({ books, cached }) => books.set(cached, NEXT_LISTED, cached),
  ],
  [
    'a cached block lost',
    'blocks in the cache',
    ({ books }) => {
      books.change(BOOKS.CACHE_HEADS + classOf(30), () => 0);
    },
  ],
  [
    'a live block in the cache',
    'state in the cache',
    ({ books, second }) => {
      books.change(BOOKS.CACHE_HEADS + classOf(10), () => second);
    },
  ],
  [
    'a spare row lost',
    'spare rows',
    ({ books }) => {
      books.change(BOOKS.SPARE_HEAD, () => 0);
    },
  ],
  [
    'spare rows in a circle',
    'spare rows',
    ({ books }) => {
      const spare = books.get(BOOKS.SPARE_HEAD);
      books.set(spare, NEXT_LISTED, spare);
    },
  ],
  [
    'a live row among the spare rows',
    'state of a spare row',
    ({ books, second }) => {
      books.change(BOOKS.SPARE_HEAD, () => second);
    },
  ],
  [
    'the row for "no block" in use',
    'state of the row for "no block"',
    ({ books }) => books.set(0, STATE, FREE),
  ],
];

for (const [title, what, damage] of damages) {
  test(`notices ${title}`, () => {
    const state = setUp();
    damage(state);
    assert.is(noticed(state.allocator), what);
  });
}

/** What `verify` finds wrong. */
function noticed(allocator: Allocator): unknown {
  try {
    allocator.verify();
  } catch (error) {
    if (error instanceof InvariantError) return error.values.what;
    throw error;
  }
  return undefined;
}

test('notices blocks that are off the granularity', () => {
  const allocator = Allocator.open({ capacityUnits: 6400, granularityUnits: 64 });
  const books = new OpenBooks(allocator);
  const first = allocator.allocate(64);
  const second = allocator.allocate(64);
  books.set(first, UNITS, 65);
  books.set(second, OFFSET, 65);
  books.set(second, UNITS, 63);
  assert.throws(() => allocator.verify(), /granularity/);
});

test('the error names what is wrong, with both values', () => {
  const { allocator, books, second } = setUp();
  books.set(second, OFFSET, 31);
  assert.throws(
    () => allocator.verify(),
    (error: unknown) => {
      if (!(error instanceof InvariantError)) return false;
      assert.equal(error.values, { what: 'offset', actual: 31, expected: 30, block: second });
      return true;
    },
  );
});

test.run();
