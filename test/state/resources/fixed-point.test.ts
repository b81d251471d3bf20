/** Quantities: what they are made of, and that they add up. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError, InvariantError } from '../../../src/state/errors.ts';
import {
  FixedPoint,
  fixedPointVectorFromDouble,
  fixedPointVectorToDouble,
  fixedPointVectorToString,
} from '../../../src/state/resources/fixed-point.ts';
import { readSeed } from '../../support/random.ts';

const isInvalid = (error: unknown) => error instanceof InvalidArgumentError;
const isInvariant = (error: unknown) => error instanceof InvariantError;

test('from a number: cut off towards zero, as Ray does', () => {
  const cases = [
    [0.57, 5699],
    [0.69, 6899],
    [1.13, 11299],
    [-0.57, -5699],
    [0.00009, 0],
    [-0.00009, 0],
    [3, 30_000],
    [-1, -10_000],
  ] as const;
  for (const [value, units] of cases) {
    assert.is(FixedPoint.of(value).units, units);
    assert.is(String(FixedPoint.of(value)), String(units));
    assert.is(FixedPoint.of(value).toNumber(), units / 10_000);
  }
  assert.is(Object.is(FixedPoint.of(-0.00001).units, 0), true);
});

test('plain numbers are converted first', () => {
  const half = FixedPoint.of(0.5);
  assert.is(half.plus(0.57).units, 10_699);
  assert.is(half.minus(0.57).units, -699);
  assert.ok(half.equals(0.50009));
  assert.ok(half.isLessThan(0.6));
  assert.ok(half.isAtLeast(0.5));
  assert.is(half.negated().toNumber(), -0.5);
  assert.is(Object.is(FixedPoint.zero.negated().units, 0), true);
  assert.is(FixedPoint.sum([half, half, half]).toNumber(), 1.5);
  assert.is(FixedPoint.sum([]), FixedPoint.zero);
});

test('vectors', () => {
  const vector = fixedPointVectorFromDouble([1, 0.3]);
  assert.equal(fixedPointVectorToDouble(vector), [1, 0.3]);
  assert.is(fixedPointVectorToString(vector), '[10000, 3000]');
});

test('what would not be exact is refused', () => {
  const terabyte = FixedPoint.of(2 ** 40);
  assert.is(
    terabyte
      .plus(2 ** 40)
      .minus(1)
      .toNumber(),
    2 ** 41 - 1,
  );
  assert.throws(() => terabyte.plus(0.0001), isInvariant);
  assert.throws(() => FixedPoint.of(2 ** 44), isInvalid);
  assert.throws(() => FixedPoint.of(Number.NaN), isInvalid);
  assert.throws(() => FixedPoint.of(Number.POSITIVE_INFINITY), isInvalid);
  assert.throws(() => FixedPoint.fromUnits(0.5), isInvariant);
});

test('agrees with integers of any size', () => {
  const units = fc.oneof(
    fc.integer({ min: -50_000, max: 50_000 }),
    fc.maxSafeInteger(),
    fc.bigInt(-(2n ** 52n), 2n ** 52n).map((number) => Number(number) * 16),
  );
  fc.assert(
    fc.property(units, units, (one, other) => {
      const [a, b] = [FixedPoint.fromUnits(one), FixedPoint.fromUnits(other)];
      assert.is(Math.sign(a.compare(b)), Number(BigInt(one) > BigInt(other)) - Number(one < other));
      assert.is(a.equals(b), one === other);
      const results: [() => FixedPoint, bigint][] = [
        [() => a.plus(b), BigInt(one) + BigInt(other)],
        [() => a.minus(b), BigInt(one) - BigInt(other)],
      ];
      for (const [compute, expected] of results) {
        try {
          assert.is(BigInt(compute().units), expected);
        } catch (error) {
          // Only what leaves the range of exact results may be refused.
          assert.ok(isInvariant(error), String(error));
          assert.not(Number.isSafeInteger(Number(expected)));
        }
      }
    }),
    { numRuns: 2000, seed: readSeed() },
  );
});

test.run();
