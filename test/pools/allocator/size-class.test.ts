import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLASS_COUNT, classOf, roundToClass, unitsOfClass } from '../../../src/pools/allocator/size-class.ts';

const LARGEST = 2 ** 32 - 1;

/** Every size up to 5000, and those around every class size. */
function* interestingSizes(): Generator<number> {
  for (let units = 1; units <= 5000; units++) yield units;
  for (let index = 0; index < CLASS_COUNT; index++) {
    for (let units = unitsOfClass(index) - 2; units <= unitsOfClass(index) + 2; units++) {
      if (units >= 1 && units <= LARGEST) yield units;
    }
  }
}

test('classes are dense, ascending and exact', () => {
  assert.is(unitsOfClass(0), 1);
  assert.is(unitsOfClass(CLASS_COUNT - 1), 2 ** 32);
  for (let index = 0; index < CLASS_COUNT; index++) {
    const units = unitsOfClass(index);
    assert.is(classOf(units), index);
    if (units <= LARGEST) assert.is(roundToClass(units), units);
    if (index > 0) assert.ok(units > unitsOfClass(index - 1));
  }
});

test('rounding gives the next class size and wastes at most an eighth', () => {
  for (const units of interestingSizes()) {
    const rounded = roundToClass(units);
    const index = classOf(rounded);
    assert.is(unitsOfClass(index), rounded);
    assert.ok(rounded >= units && rounded - units <= units / 8, `${units} became ${rounded}`);
    if (index > 0)
      assert.ok(unitsOfClass(index - 1) < units, `${units} fits a smaller class than ${rounded}`);
  }
});

test('a size between classes belongs to the class below', () => {
  for (const units of interestingSizes()) {
    const index = classOf(units);
    assert.ok(unitsOfClass(index) <= units);
    if (index < CLASS_COUNT - 1) assert.ok(unitsOfClass(index + 1) > units);
  }
});

test('sizes beyond 31 bits do not wrap', () => {
  assert.is(roundToClass(2 ** 31), 2 ** 31);
  assert.is(roundToClass(2 ** 31 + 1), 2 ** 31 + 2 ** 28);
  assert.is(roundToClass(LARGEST), 2 ** 32);
  assert.is(classOf(LARGEST), CLASS_COUNT - 2);
});

test.run();
