import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BlockRecords, NIL, RECORD_SHIFT, UNITS } from '../../../src/pools/allocator/block-records.ts';
import { FreeLists, firstListCovering, LIST_COUNT, listOf } from '../../../src/pools/allocator/free-lists.ts';
import { CLASS_COUNT, unitsOfClass } from '../../../src/pools/allocator/size-class.ts';

function setUp() {
  const records = new BlockRecords();
  const lists = new FreeLists(records);
  const insert = (units: number) => {
    const block = records.acquire();
    records.words[(block << RECORD_SHIFT) + UNITS] = units;
    lists.insert(block);
    return block;
  };
  return { lists, insert };
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
  for (let index = 0; index < CLASS_COUNT - 1; index++) {
    const units = unitsOfClass(index);
    assert.is(firstListCovering(units), listOf(units));
    if (units > 1) assert.is(listOf(units - 1), listOf(units) - 1);
  }
});

test('the covering list has no block that is too small', () => {
  assert.is(firstListCovering(65), listOf(66));
  assert.is(firstListCovering(127), listOf(128), 'rolls over into the next octave');
  assert.is(firstListCovering(2 ** 32 - 1), LIST_COUNT);
});

test('finds the smallest list that fits, in this octave or a later one', () => {
  const { lists, insert } = setUp();
  assert.is(lists.find(1), NIL);
  const small = insert(40);
  const middle = insert(44);
  const large = insert(5000);
  assert.is(lists.find(1), small);
  assert.is(lists.find(41), middle);
  assert.is(lists.find(45), large);
  assert.is(lists.find(5001), NIL);
  assert.is(lists.find(2 ** 32 - 1), NIL);
});

test('finds blocks in the highest octave and the highest step', () => {
  const { lists, insert } = setUp();
  const block = insert(2 ** 32 - 1);
  assert.is(lists.find(1), block);
  assert.is(lists.find(2 ** 32 - 2 ** 26), NIL + block);
  assert.is(lists.find(2 ** 32 - 1), NIL, 'the list holds smaller blocks as well');
  assert.is(lists.findTight(2 ** 32 - 1), block);
});

test('the tight search skips blocks that are too small', () => {
  const { lists, insert } = setUp();
  const larger = insert(1030);
  insert(1024);
  insert(1027);
  assert.is(lists.findTight(1029), larger);
  assert.is(lists.findTight(1031), NIL);
});

test('blocks leave from the head, the middle and the end of a list', () => {
  const { lists, insert } = setUp();
  const [first, second, third] = [insert(100), insert(100), insert(100)];
  assert.is(lists.find(100), third, 'last in, first out');
  lists.remove(second);
  lists.remove(third);
  assert.is(lists.find(100), first);
  lists.remove(first);
  assert.is(lists.find(1), NIL);
  assert.is(lists.octaveBits, 0);
  assert.ok(lists.stepBits.every((bits) => bits === 0));
});

test.run();
