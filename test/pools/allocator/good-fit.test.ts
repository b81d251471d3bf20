/** Which free block a request gets, and what becomes of what is given back. Sizes above 64 units, which no cache keeps. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import { CLASS_COUNT, unitsOfClass } from '../../../src/pools/allocator/size-class.ts';
import { LIST_COUNT, listOf } from '../../../src/state/books-layout.ts';

/** Blocks side by side, every second one of which stays: the others are holes that cannot merge. */
function withHoles(holes: readonly number[]): Allocator {
  const capacityUnits = holes.reduce((sum, units) => sum + units + 1, 0);
  const allocator = Allocator.open({ capacityUnits });
  const blocks = holes.map((units) => {
    const block = allocator.allocate(units);
    assert.is(allocator.unitsOf(block), units, 'a hole has the size of a class');
    allocator.allocate(1);
    return block;
  });
  for (const block of blocks) allocator.free(block);
  allocator.verify();
  return allocator;
}

test('every size has a list, in ascending order', () => {
  let last = 0;
  for (let index = 0; index < CLASS_COUNT - 1; index++) {
    const list = listOf(unitsOfClass(index));
    assert.ok(list > last && list < LIST_COUNT);
    last = list;
  }
  assert.is(listOf(2 ** 32 - 1), LIST_COUNT - 1);
});

test('a class size is the lower bound of its list, so a search for it misses no block', () => {
  for (let index = 1; index < CLASS_COUNT - 1; index++) {
    const units = unitsOfClass(index);
    assert.is(listOf(units - 1), listOf(units) - 1);
  }
});

test('splits off exactly what was asked for', () => {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const [first, second] = [allocator.allocate(96), allocator.allocate(80)] as [number, number];
  assert.equal([allocator.offsetOf(first), allocator.unitsOf(first)], [0, 96]);
  assert.equal([allocator.offsetOf(second), allocator.unitsOf(second)], [96, 80]);
  assert.is(allocator.freeUnits, 824);
  allocator.verify();
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
    const allocator = Allocator.open({ capacityUnits: 384 });
    const blocks = [96, 96, 96, 96].map((units) => allocator.allocate(units));
    assert.is(allocator.freeUnits, 0);
    for (const index of order) {
      allocator.free(blocks[index] ?? 0);
      allocator.verify();
    }
    assert.is(allocator.largestFreeUnits, 384);
  }
});

test('gets the smallest hole that fits, in this octave or a later one', () => {
  const allocator = withHoles([5120, 80, 88]);
  const offsets = [80, 81, 89].map((units) => allocator.offsetOf(allocator.allocate(units)));
  assert.equal(offsets, [5121, 5202, 0]);
  allocator.verify();
});

test('of equal holes it gets the one made last', () => {
  const allocator = withHoles([96, 96, 96]);
  const offsets = [1, 2, 3].map(() => allocator.offsetOf(allocator.allocate(96)));
  assert.equal(offsets, [194, 97, 0]);
  allocator.verify();
});

test('where nothing else fits, the list that has smaller ones as well is searched', () => {
  const sizes = [1024, 6, 80, 1024, 3, 80];
  const allocator = Allocator.open({ capacityUnits: sizes.reduce((sum, units) => sum + units) });
  const [first, second, , third, fourth] = sizes.map((units) => allocator.allocate(units));
  for (const pair of [
    [first, second],
    [third, fourth],
  ]) {
    for (const block of pair) allocator.free(block ?? 0);
    allocator.flushCache();
  }
  // Holes of 1030 and 1027 units, in one list; the smaller one comes first there.
  assert.is(allocator.allocate(1031), -1);
  const block = allocator.allocate(1029);
  assert.equal([allocator.offsetOf(block), allocator.unitsOf(block)], [0, 1029]);
  allocator.verify();
});

test('rows are used again', () => {
  const allocator = Allocator.open({ capacityUnits: 10_000, maxBlocks: 10 });
  for (let round = 0; round < 100; round++) {
    const blocks = Array.from({ length: 10 }, () => allocator.allocate(96));
    assert.ok(
      blocks.every((block) => block < 22),
      `${blocks}`,
    );
    for (const block of blocks) allocator.free(block);
  }
  allocator.verify();
});

test('without a row for the rest there is no block, until cached ones merge', () => {
  const allocator = Allocator.open({ capacityUnits: 10_000, maxBlocks: 4 });
  const blocks: number[] = [];
  for (let block = allocator.allocate(16); block !== -1; block = allocator.allocate(16)) blocks.push(block);
  // Ten rows: one is nobody's, one the rest's.
  assert.is(blocks.length, 8);
  allocator.verify();
  for (const block of blocks.splice(0, 4)) allocator.free(block);
  assert.is(allocator.cachedUnits, 64);
  assert.is.not(allocator.allocate(32), -1);
  assert.is(allocator.cachedUnits, 0);
  allocator.verify();
});

test.run();
