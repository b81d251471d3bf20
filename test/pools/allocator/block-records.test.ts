import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BlockRecords,
  RECORD_SHIFT,
  STATE,
  STATE_ALLOCATED,
  UNITS,
} from '../../../src/pools/allocator/block-records.ts';
import { InvariantError } from '../../../src/state/errors.ts';

test('rows keep their contents while the table grows', () => {
  const records = new BlockRecords();
  const before = records.words;
  for (let count = 1; count <= 5000; count++) {
    const block = records.acquire();
    assert.is(block, count);
    records.words[(block << RECORD_SHIFT) + UNITS] = count;
  }
  assert.is.not(records.words, before);
  for (let block = 1; block <= 5000; block++)
    assert.is(records.words[(block << RECORD_SHIFT) + UNITS], block);
});

test('released rows are taken again, the last one first', () => {
  const records = new BlockRecords();
  const [first, second, third] = [records.acquire(), records.acquire(), records.acquire()];
  records.release(first);
  records.release(third);
  assert.is(records.acquire(), third);
  assert.is(records.acquire(), first);
  assert.is(records.acquire(), second + 2);
});

test('only a whole number that names an allocated block is accepted', () => {
  const records = new BlockRecords();
  const block = records.acquire();
  records.words[(block << RECORD_SHIFT) + STATE] = STATE_ALLOCATED;
  assert.is(records.rowOfAllocated(block), block << RECORD_SHIFT);
  for (const wrong of [
    0,
    -1,
    block + 1,
    block + 0.5,
    1000,
    2 ** 29 + block,
    2 ** 32 + block,
    NaN,
    Infinity,
  ]) {
    assert.throws(
      () => records.rowOfAllocated(wrong),
      (error: unknown) => error instanceof InvariantError,
    );
  }
  records.release(block);
  assert.throws(() => records.rowOfAllocated(block), /freed before/);
});

test.run();
