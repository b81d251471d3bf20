/**
 * Quantities of resources: integers in units of 1/10000, so that what is taken and given back adds up. As in Ray
 * (`fixed_point.h`), which has 64 bits for it; a JavaScript number has 53, and four more for whole quantities, because
 * 10000 is a multiple of 16. So fractions are exact up to 9 × 10^11 and whole numbers up to 1.4 × 10^13: 13 TiB of memory
 * in bytes. What would not be exact is refused.
 */
import { InvariantError } from '../errors.ts';
import { invalidArgument } from '../options.ts';

const UNITS_PER_ONE = 10_000;
/** What divides the units of every whole quantity, as far as powers of two go. */
const WHOLE_UNITS = 16;
const MAX_UNITS = WHOLE_UNITS * Number.MAX_SAFE_INTEGER;

/** An immutable quantity. Plain numbers are taken wherever one is asked for, and converted first. */
export class FixedPoint {
  static readonly zero: FixedPoint = new FixedPoint(0);
  static readonly one: FixedPoint = new FixedPoint(UNITS_PER_ONE);

  /** The quantity in units of 1/10000. */
  readonly units: number;

  private constructor(units: number) {
    this.units = units;
  }

  /** From a number; digits beyond the fourth are cut off, towards zero. Not a finite number: `InvalidArgumentError`. */
  static of(value: number | FixedPoint): FixedPoint {
    if (value instanceof FixedPoint) return value;
    const units = Math.trunc(value * UNITS_PER_ONE);
    if (!isExact(units)) throw invalidArgument('quantity', value, 'a number of up to 14 trillion');
    return FixedPoint.fromUnits(units);
  }

  /** From units of 1/10000, which must be an integer. */
  static fromUnits(units: number): FixedPoint {
    if (!Number.isInteger(units) || !isExact(units)) {
      throw new InvariantError(`${units} is no number of units`, { units });
    }
    if (units === 0) return FixedPoint.zero;
    return units === UNITS_PER_ONE ? FixedPoint.one : new FixedPoint(units);
  }

  /** Of nothing it is 0. */
  static sum(values: Iterable<FixedPoint>): FixedPoint {
    let total = FixedPoint.zero;
    for (const value of values) total = total.plus(value);
    return total;
  }

  plus(other: FixedPoint | number): FixedPoint {
    return FixedPoint.fromUnits(addedUnits(this.units, FixedPoint.of(other).units));
  }

  minus(other: FixedPoint | number): FixedPoint {
    return FixedPoint.fromUnits(addedUnits(this.units, -FixedPoint.of(other).units));
  }

  negated(): FixedPoint {
    return FixedPoint.fromUnits(0 - this.units);
  }

  /** Below zero, zero or above, as this is less, equal or more. */
  compare(other: FixedPoint | number): number {
    return this.units - FixedPoint.of(other).units;
  }

  equals(other: FixedPoint | number): boolean {
    return this.compare(other) === 0;
  }

  isLessThan(other: FixedPoint | number): boolean {
    return this.compare(other) < 0;
  }

  isAtLeast(other: FixedPoint | number): boolean {
    return this.compare(other) >= 0;
  }

  get isZero(): boolean {
    return this.units === 0;
  }

  /** Without a fraction. */
  get isWhole(): boolean {
    return this.units % UNITS_PER_ONE === 0;
  }

  /** Ray's `Double()`. */
  toNumber(): number {
    return this.units / UNITS_PER_ONE;
  }

  /** The units, as Ray prints them. */
  toString(): string {
    return String(this.units);
  }
}

/** The units of both together. */
function addedUnits(one: number, other: number): number {
  const total = one + other;
  const isSafe = Number.isSafeInteger(total);
  if (!isSafe && !(isExact(total) && isWholeUnits(one) && isWholeUnits(other))) {
    throw new InvariantError('a quantity is too large to be exact', { one, other });
  }
  return total;
}

function isWholeUnits(units: number): boolean {
  return units % WHOLE_UNITS === 0;
}

function isExact(units: number): boolean {
  return Number.isSafeInteger(units) || (Math.abs(units) <= MAX_UNITS && isWholeUnits(units));
}

/** Ray's `FixedPointVectorFromDouble`. */
export function fixedPointVectorFromDouble(values: readonly number[]): FixedPoint[] {
  return values.map((value) => FixedPoint.of(value));
}

/** Ray's `FixedPointVectorToDouble`. */
export function fixedPointVectorToDouble(vector: readonly FixedPoint[]): number[] {
  return vector.map((value) => value.toNumber());
}

/** Ray's `FixedPointVectorToString`: the units of each. */
export function fixedPointVectorToString(vector: readonly FixedPoint[]): string {
  return `[${vector.join(', ')}]`;
}

/** Whether both have the same quantities in the same order. */
export function fixedPointVectorsEqual(one: readonly FixedPoint[], other: readonly FixedPoint[]): boolean {
  return one.length === other.length && one.every((value, index) => value.equals(other[index]!));
}
