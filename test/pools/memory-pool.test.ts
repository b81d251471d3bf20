/** How far a pool lets others take blocks by themselves. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../src/pools/allocator/allocator.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { MemoryPool } from '../../src/pools/memory-pool.ts';

const MEBIBYTE = 2 ** 20;
const CAPACITY_BYTES = 32 * MEBIBYTE;
const MEBIBYTE_UNITS = MEBIBYTE / 64;

function withPool(populateAheadBytes: number, run: (pool: MemoryPool) => void): void {
  const region = bridge.mapAnonymous(CAPACITY_BYTES, false);
  const allocator = Allocator.open({ capacityUnits: CAPACITY_BYTES / 64 });
  try {
    run(new MemoryPool('primary', region, allocator, populateAheadBytes));
    allocator.verify();
  } finally {
    allocator.release();
    bridge.releaseRegion(region);
  }
}

test('as far as memory is populated, less half of what is populated ahead; the pool itself goes further', () =>
  withPool(8 * MEBIBYTE, (pool) => {
    const ends: number[] = [];
    for (;;) {
      const end = pool.ownEndUnits;
      ends.push(end / MEBIBYTE_UNITS);
      if (end === pool.allocator.capacityUnits) break;
      // Others take all there is for them.
      while (pool.allocator.allocatedUnits + MEBIBYTE_UNITS <= end) pool.allocator.allocate(MEBIBYTE_UNITS);
      assert.is(pool.ownEndUnits, end, 'the pool has not heard of it');
      assert.type(pool.allocate(MEBIBYTE_UNITS), 'number');
    }
    assert.equal(ends, [4, 9, 14, 19, 24, 32]);
  }));

test('everywhere, where nothing is populated ahead', () =>
  withPool(0, (pool) => assert.is(pool.ownEndUnits, pool.allocator.capacityUnits)));

test.run();
