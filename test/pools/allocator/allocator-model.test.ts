/** The allocator against a list of live intervals, over random sequences of calls. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import type { BooksOptions } from '../../../src/state/books-layout.ts';
import { InvariantError } from '../../../src/state/errors.ts';

interface Interval {
  readonly block: number;
  readonly offset: number;
  readonly units: number;
}

/** Keeps the intervals that should be live, in plain sight, and compares after every step. */
class Model {
  readonly allocator: Allocator;
  readonly granularity: number;
  readonly live: Interval[] = [];
  readonly dead = new Set<number>();

  constructor(options: BooksOptions) {
    this.allocator = Allocator.open(options);
    this.granularity = options.granularityUnits ?? 1;
  }

  allocate(units: number): void {
    const block = this.allocator.allocate(units);
    if (block === -1) {
      this.checkFailure(units);
      return;
    }
    const interval = { block, offset: this.allocator.offsetOf(block), units: this.allocator.unitsOf(block) };
    const end = interval.offset + interval.units;
    const least = Math.max(1, Math.ceil(units / this.granularity)) * this.granularity;
    assert.ok(
      interval.units >= least && interval.units <= least * 1.125,
      `${units} became ${interval.units}`,
    );
    assert.is(interval.offset % this.granularity, 0);
    assert.is(interval.units % this.granularity, 0);
    assert.ok(interval.offset >= 0 && end <= this.allocator.capacityUnits);
    for (const other of this.live) {
      assert.ok(end <= other.offset || other.offset + other.units <= interval.offset, 'two blocks overlap');
    }
    this.live.push(interval);
    this.dead.delete(block);
  }

  free(choice: number): void {
    if (this.live.length === 0) return;
    const [interval] = this.live.splice(choice % this.live.length, 1);
    this.allocator.free(interval!.block);
    this.dead.add(interval!.block);
  }

  freeDead(choice: number): void {
    const block = [...this.dead][choice % Math.max(1, this.dead.size)] ?? 1000 + choice;
    assert.throws(
      () => this.allocator.free(block),
      (error: unknown) => error instanceof InvariantError,
    );
  }

  check(): void {
    const { allocator, live } = this;
    allocator.verify();
    assert.is(allocator.blockCount, live.length);
    assert.is(
      allocator.allocatedUnits,
      live.reduce((sum, interval) => sum + interval.units, 0),
    );
    assert.is(
      allocator.allocatedUnits + allocator.cachedUnits + allocator.freeUnits,
      allocator.capacityUnits,
    );
    for (const interval of live) {
      assert.is(allocator.offsetOf(interval.block), interval.offset);
      assert.is(allocator.unitsOf(interval.block), interval.units);
    }
  }

  /** Failing is right only when no gap is large enough for the request rounded up. */
  private checkFailure(units: number): void {
    const sorted = [...this.live].sort((one, other) => one.offset - other.offset);
    let gap = 0;
    let end = 0;
    for (const interval of sorted) {
      gap = Math.max(gap, interval.offset - end);
      end = interval.offset + interval.units;
    }
    gap = Math.max(gap, this.allocator.capacityUnits - end);
    assert.ok(
      gap < (units + this.granularity) * 1.125,
      `${units} failed although ${gap} are free in one piece`,
    );
    assert.ok(this.live.length > 0 || units > this.allocator.capacityUnits, 'failed in an empty range');
  }
}

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('small'), value: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('large'), value: fc.nat(3000) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('free'), value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeDead'), value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush'), value: fc.constant(0) }) },
);

const options = fc
  .record({ shift: fc.constantFrom(0, 0, 1, 6), granules: fc.integer({ min: 1, max: 2500 }) })
  .map(({ shift, granules }) => ({ capacityUnits: granules * 2 ** shift, granularityUnits: 2 ** shift }));

test('agrees with a list of live intervals', () => {
  fc.assert(
    fc.property(options, fc.array(operation, { maxLength: 150 }), (chosen, operations) => {
      const model = new Model(chosen);
      for (const { kind, value } of operations) {
        if (kind === 'free') model.free(value);
        else if (kind === 'freeDead') model.freeDead(value);
        else if (kind === 'flush') model.allocator.flushCache();
        else model.allocate(value * (kind === 'large' ? chosen.granularityUnits : 1));
        model.check();
      }
      while (model.live.length > 0) model.free(0);
      model.allocator.flushCache();
      model.check();
      assert.is(model.allocator.freeUnits, chosen.capacityUnits);
    }),
    { numRuns: 150 },
  );
});

test('agrees over a long life of one small range', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1500, maxLength: 2000 }), (operations) => {
      const model = new Model({ capacityUnits: 700 });
      for (const { kind, value } of operations) {
        if (kind === 'free') model.free(value);
        else if (kind === 'flush') model.allocator.flushCache();
        else model.allocate(kind === 'large' ? value % 300 : value);
        model.check();
      }
    }),
    { numRuns: 5 },
  );
});

test.run();
