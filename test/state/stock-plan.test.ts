import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  STOCK_BYTES_MAX,
  STOCK_ENTRIES_MAX,
  STOCK_OBJECT_BYTES_MAX,
  STOCK_POOL_PART,
  stockBatch,
  stockLimitBytes,
} from '../../src/state/stock-plan.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
const PRIMARY = 512 * MEBIBYTE;

test('a stock is limited to a part of the pool, and to a number of bytes', () => {
  assert.is(stockLimitBytes(4 * MEBIBYTE), (4 * MEBIBYTE) / STOCK_POOL_PART);
  assert.is(stockLimitBytes(STOCK_BYTES_MAX * STOCK_POOL_PART), STOCK_BYTES_MAX);
  assert.is(stockLimitBytes(2 ** 40), STOCK_BYTES_MAX);
  assert.is(stockLimitBytes(64), 4);
  assert.is(stockLimitBytes(1), 0);
});

test('a batch doubles with each miss, up to the most', () => {
  const batches: number[] = [];
  let lastBatch = 0;
  for (let miss = 0; miss < 8; miss++) {
    lastBatch = stockBatch({
      blockBytes: KIBIBYTE,
      lastBatch,
      freeBytes: PRIMARY,
      primaryBytes: PRIMARY,
    });
    batches.push(lastBatch);
  }
  assert.equal(batches, [1, 2, 4, 8, 16, 32, 32, 32]);
});

test('big objects get few, the biggest none', () => {
  const most = (blockBytes: number): number =>
    stockBatch({ blockBytes, lastBatch: STOCK_ENTRIES_MAX, freeBytes: PRIMARY, primaryBytes: PRIMARY });
  assert.is(most(256 * KIBIBYTE), 32);
  assert.is(most(STOCK_OBJECT_BYTES_MAX), 16);
  assert.is(most(STOCK_OBJECT_BYTES_MAX + 1), 0);
});

test('while the pool is short, there are few of the larger blocks', () => {
  const most = (blockBytes: number, freeBytes: number): number =>
    stockBatch({ blockBytes, lastBatch: STOCK_ENTRIES_MAX, freeBytes, primaryBytes: PRIMARY });
  const [enough, short, little] = [PRIMARY / 4, PRIMARY / 8, PRIMARY / 16];
  assert.equal(
    [KIBIBYTE, 64 * KIBIBYTE, MEBIBYTE].map((bytes) => most(bytes, enough)),
    [32, 32, 16],
  );
  assert.equal(
    [KIBIBYTE, 64 * KIBIBYTE, MEBIBYTE].map((bytes) => most(bytes, short)),
    [32, 8, 0],
  );
  assert.equal(
    [KIBIBYTE, 64 * KIBIBYTE, MEBIBYTE].map((bytes) => most(bytes, little)),
    [32, 4, 0],
  );
});

test('nothing is given in advance when hardly anything is free, and then it starts anew', () => {
  const batch = (freeBytes: number, lastBatch: number): number =>
    stockBatch({ blockBytes: KIBIBYTE, lastBatch, freeBytes, primaryBytes: PRIMARY });
  assert.is(batch(PRIMARY / 16, 16), 32);
  assert.is(batch(PRIMARY / 16 - 1, 16), 0);
  assert.is(batch(PRIMARY, 0), 1);
});

test('whatever is asked, a batch is a small number of blocks that leaves memory for others', () => {
  const demand = fc.record({
    blockBytes: fc.integer({ min: 64, max: 4 * MEBIBYTE }),
    lastBatch: fc.nat(STOCK_ENTRIES_MAX),
    primaryBytes: fc.integer({ min: 64, max: 2 ** 36 }),
    freePart: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(demand, ({ blockBytes, lastBatch, primaryBytes, freePart }) => {
      const freeBytes = Math.floor(primaryBytes * freePart);
      const batch = stockBatch({ blockBytes, lastBatch, freeBytes, primaryBytes });
      assert.ok(Number.isInteger(batch) && batch >= 0 && batch <= STOCK_ENTRIES_MAX);
      assert.ok(batch <= Math.max(1, lastBatch * 2));
      assert.ok(batch * blockBytes <= stockLimitBytes(primaryBytes) / 2);
      assert.ok(batch * blockBytes <= freeBytes / (freeBytes < primaryBytes / 4 ? 128 : 8));
    }),
  );
});

test.run();
