import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OFFSET, RECORD_SHIFT, UNITS } from '../../../src/pools/allocator/block-records.ts';
import { NO_BLOCK, Tlsf } from '../../../src/pools/allocator/tlsf.ts';
import { verifyTlsf } from '../../../src/pools/allocator/verification.ts';
import { InvariantError } from '../../../src/state/errors.ts';

function field(tlsf: Tlsf, block: number, word: number): number {
  return tlsf.records.words[(block << RECORD_SHIFT) + word]!;
}

test('splits off exactly what was asked for', () => {
  const tlsf = new Tlsf(1000);
  const first = tlsf.allocate(100);
  const second = tlsf.allocate(50);
  assert.is(field(tlsf, first, OFFSET), 0);
  assert.is(field(tlsf, first, UNITS), 100);
  assert.is(field(tlsf, second, OFFSET), 100);
  assert.is(field(tlsf, second, UNITS), 50);
  assert.is(tlsf.freeUnits, 850);
  verifyTlsf(tlsf);
});

test('merges with no neighbour, the next, the previous and both', () => {
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [0, 2, 1, 3],
    [1, 3, 0, 2],
    [2, 0, 3, 1],
  ];
  for (const order of orders) {
    const tlsf = new Tlsf(400);
    const blocks = [100, 100, 100, 100].map((units) => tlsf.allocateTight(units));
    assert.is(tlsf.freeUnits, 0);
    for (const index of order) {
      tlsf.free(blocks[index]!);
      verifyTlsf(tlsf);
    }
    assert.is(field(tlsf, tlsf.firstBlock, UNITS), 400);
  }
});

test('a hole is found again by a request of its size', () => {
  const tlsf = new Tlsf(4096);
  const hole = tlsf.allocate(96);
  tlsf.allocate(1);
  tlsf.free(hole);
  const again = tlsf.allocate(96);
  assert.is(field(tlsf, again, OFFSET), 0);
  verifyTlsf(tlsf);
});

test('the whole range is found by the tight search only, when its size is no lower bound of a list', () => {
  const tlsf = new Tlsf(1001);
  assert.is(tlsf.allocate(1001), NO_BLOCK);
  const block = tlsf.allocateTight(1001);
  assert.is(field(tlsf, block, UNITS), 1001);
  assert.is(tlsf.allocate(1), NO_BLOCK);
  verifyTlsf(tlsf);
  tlsf.free(block);
  verifyTlsf(tlsf);
});

test('refuses to free what is not allocated', () => {
  const tlsf = new Tlsf(100);
  const block = tlsf.allocate(10);
  tlsf.free(block);
  for (const wrong of [block, 0, -1, 77, 1.5]) {
    assert.throws(
      () => tlsf.free(wrong),
      (error: unknown) => error instanceof InvariantError,
    );
  }
  assert.is(tlsf.freeUnits, 100);
  verifyTlsf(tlsf);
});

test.run();
