import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stockLimitBytes } from '../../src/state/stock-plan.ts';

const MEBIBYTE = 2 ** 20;

test('a stock is limited to a part of the pool, and to a number of bytes', () => {
  assert.is(stockLimitBytes(64 * MEBIBYTE), MEBIBYTE);
  assert.is(stockLimitBytes(512 * MEBIBYTE), 8 * MEBIBYTE);
  assert.is(stockLimitBytes(2 ** 40), 8 * MEBIBYTE);
  assert.is(stockLimitBytes(128), 2);
  assert.is(stockLimitBytes(1), 0);
});

test.run();
