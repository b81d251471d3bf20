/** Every kind of damage to the tables must be noticed, and none may make the check run forever. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import {
  NEXT_LISTED,
  NEXT_PHYSICAL,
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
} from '../../../src/pools/allocator/block-records.ts';
import { listOf } from '../../../src/pools/allocator/free-lists.ts';
import { classOf } from '../../../src/pools/allocator/size-class.ts';
import { InvariantError } from '../../../src/state/errors.ts';

/** An allocator whose tables can be reached. */
class OpenAllocator extends Allocator {
  get parts() {
    return { tlsf: this.tlsf, cache: this.cache };
  }

  set(block: number, word: number, value: number): void {
    this.tlsf.records.words[(block << RECORD_SHIFT) + word] = value;
  }
}

/** Physical order: live, free hole, live, cached, live, free rest; and one spare row. */
function setUp() {
  const allocator = new OpenAllocator({ capacityUnits: 1000 });
  const [first, hole, second, cached, third, merged] = [10, 20, 10, 30, 10, 40].map((units) =>
    allocator.allocate(units),
  ) as [number, number, number, number, number, number];
  allocator.free(hole);
  allocator.free(merged);
  allocator.flushCache();
  allocator.free(cached);
  allocator.verify();
  return { allocator, first, hole, second, cached, third };
}

type Damage = (state: ReturnType<typeof setUp>) => void;

/** What is damaged, which check must notice it, and how the damage is done. */
const damages: readonly (readonly [string, string, Damage])[] = [
  ['an offset moved', 'offset', ({ allocator, second }) => allocator.set(second, OFFSET, 31)],
  ['a block too large', 'offset', ({ allocator, second }) => allocator.set(second, UNITS, 11)],
  ['a block empty', 'units', ({ allocator, second }) => allocator.set(second, UNITS, 0)],
  [
    'a chain cut short',
    'end of the last block',
    ({ allocator, third }) => allocator.set(third, NEXT_PHYSICAL, 0),
  ],
  [
    'a chain that skips a block',
    'offset',
    ({ allocator, first, second }) => allocator.set(first, NEXT_PHYSICAL, second),
  ],
  [
    'a chain in a circle',
    'offset',
    ({ allocator, first, second }) => allocator.set(second, NEXT_PHYSICAL, first),
  ],
  [
    'a chain that leads nowhere',
    'link',
    ({ allocator, second }) => allocator.set(second, NEXT_PHYSICAL, 4_000_000),
  ],
  [
    'a wrong physical predecessor',
    'physical predecessor',
    ({ allocator, first, second }) => allocator.set(second, PREVIOUS_PHYSICAL, first),
  ],
  ['an unknown state', 'state', ({ allocator, second }) => allocator.set(second, STATE, 9)],
  ['a spare row in the chain', 'state', ({ allocator, second }) => allocator.set(second, STATE, STATE_SPARE)],
  [
    'two free blocks side by side',
    'state after a free block',
    ({ allocator, second }) => {
      // Done by the book in every other respect.
      const { tlsf } = allocator.parts;
      allocator.set(second, STATE, STATE_FREE);
      tlsf.lists.insert(second);
      tlsf.freeUnits += 10;
    },
  ],
  [
    'a live block marked cached',
    'blocks in the cache',
    ({ allocator, second }) => allocator.set(second, STATE, STATE_CACHED),
  ],
  [
    'a free block marked live',
    'state in a free list',
    ({ allocator, hole }) => allocator.set(hole, STATE, STATE_ALLOCATED),
  ],
  [
    'a cached block marked live',
    'state in the cache',
    ({ allocator, cached }) => allocator.set(cached, STATE, STATE_ALLOCATED),
  ],
  [
    'a free list in a circle',
    'predecessor in the free list',
    ({ allocator, hole }) => allocator.set(hole, NEXT_LISTED, hole),
  ],
  [
    'a wrong predecessor in a free list',
    'predecessor in the free list',
    ({ allocator, hole }) => allocator.set(hole, PREVIOUS_LISTED, hole),
  ],
  [
    'a free block in no list',
    'blocks in free lists',
    ({ allocator, hole }) => allocator.parts.tlsf.lists.remove(hole),
  ],
  [
    'a free block in a wrong list',
    'free list',
    ({ allocator, hole }) => {
      const { heads } = allocator.parts.tlsf.lists;
      heads[listOf(21)] = hole;
    },
  ],
  [
    'a bit missing for a list',
    'bit of free list 20',
    ({ allocator }) => {
      allocator.parts.tlsf.lists.stepBits[0] = 0;
    },
  ],
  [
    'a bit too many for a list',
    'bit of free list 31',
    ({ allocator }) => {
      allocator.parts.tlsf.lists.stepBits[0]! |= 1 << 31;
    },
  ],
  [
    'a bit missing for an octave',
    'bit of octave 0',
    ({ allocator }) => {
      allocator.parts.tlsf.lists.octaveBits &= ~1;
    },
  ],
  [
    'a bit too many for an octave',
    'bit of octave 31',
    ({ allocator }) => {
      allocator.parts.tlsf.lists.octaveBits |= 1 << 31;
    },
  ],
  [
    'a wrong counter of free units',
    'free units',
    ({ allocator }) => {
      allocator.parts.tlsf.freeUnits++;
    },
  ],
  [
    'a wrong counter of cached units',
    'cached units',
    ({ allocator }) => {
      allocator.parts.cache.cachedUnits--;
    },
  ],
  [
    'a block cached past the allocator',
    'allocated units',
    ({ allocator, second }) => allocator.parts.cache.push(second, classOf(10)),
  ],
  [
    'a block allocated past the allocator, of units freed the same way',
    'allocated blocks',
    ({ allocator, second }) => {
      const { tlsf } = allocator.parts;
      tlsf.free(second);
      tlsf.allocate(8);
      tlsf.allocate(2);
    },
  ],
  [
    'a cached block of another class',
    `units in the cache of class ${classOf(28)}`,
    ({ allocator, cached }) => {
      allocator.parts.cache.heads[classOf(28)] = cached;
    },
  ],
  [
    'a cache list in a circle',
    'blocks in the cache',
    ({ allocator, cached }) => allocator.set(cached, NEXT_LISTED, cached),
  ],
  [
    'a cached block lost',
    'blocks in the cache',
    ({ allocator }) => {
      allocator.parts.cache.heads[classOf(30)] = 0;
    },
  ],
  [
    'a live block in the cache',
    'state in the cache',
    ({ allocator, second }) => {
      allocator.parts.cache.heads[classOf(10)] = second;
    },
  ],
  [
    'a spare row lost',
    'spare rows',
    ({ allocator }) => {
      allocator.parts.tlsf.records.spareHead = 0;
    },
  ],
  [
    'spare rows in a circle',
    'spare rows',
    ({ allocator }) => {
      const spare = allocator.parts.tlsf.records.spareHead;
      allocator.set(spare, NEXT_LISTED, spare);
    },
  ],
  [
    'a live row among the spare rows',
    'state of a spare row',
    ({ allocator, second }) => {
      allocator.parts.tlsf.records.spareHead = second;
    },
  ],
  [
    'the row for "no block" in use',
    'state of the row for "no block"',
    ({ allocator }) => allocator.set(0, STATE, STATE_FREE),
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
  const allocator = new OpenAllocator({ capacityUnits: 6400, granularityUnits: 64 });
  const first = allocator.allocate(64);
  const second = allocator.allocate(64);
  allocator.set(first, UNITS, 65);
  allocator.set(second, OFFSET, 65);
  allocator.set(second, UNITS, 63);
  assert.throws(() => allocator.verify(), /granularity/);
});

test('the error names what is wrong, with both values', () => {
  const { allocator, second } = setUp();
  allocator.set(second, OFFSET, 31);
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
