import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import { InvalidArgumentError, InvariantError } from '../../../src/state/errors.ts';

const isInvalidArgument = (error: unknown) => error instanceof InvalidArgumentError;
const isInvariant = (error: unknown) => error instanceof InvariantError;

/** Allocates blocks of this size until there is no more space. */
function fill(allocator: Allocator, units: number): number[] {
  const blocks: number[] = [];
  for (let block = allocator.allocate(units); block !== -1; block = allocator.allocate(units))
    blocks.push(block);
  return blocks;
}

function counters(allocator: Allocator) {
  const { allocatedUnits, freeUnits, cachedUnits, blockCount } = allocator;
  return { allocatedUnits, freeUnits, cachedUnits, blockCount };
}

test('rounds requests to class sizes and counts them', () => {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const block = allocator.allocate(33);
  assert.is(allocator.unitsOf(block), 36);
  assert.is(allocator.offsetOf(block), 0);
  assert.equal(counters(allocator), { allocatedUnits: 36, freeUnits: 964, cachedUnits: 0, blockCount: 1 });
  allocator.free(block);
  assert.equal(counters(allocator), { allocatedUnits: 0, freeUnits: 964, cachedUnits: 36, blockCount: 0 });
  allocator.flushCache();
  assert.equal(counters(allocator), { allocatedUnits: 0, freeUnits: 1000, cachedUnits: 0, blockCount: 0 });
  allocator.verify();
});

test('a small freed block waits for its own size, a large one merges at once', () => {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const blocks = [64, 64, 72, 72].map((units) => allocator.allocate(units));
  for (const block of blocks) allocator.free(block);
  assert.equal(counters(allocator), { allocatedUnits: 0, freeUnits: 872, cachedUnits: 128, blockCount: 0 });
  // What is behind the two small ones is one piece.
  assert.is(allocator.largestFreeUnits, 872);
  const [first, second] = blocks;
  assert.equal([allocator.allocate(64), allocator.allocate(63)], [second, first]);
  allocator.verify();
});

test('a request of nothing gets one unit', () => {
  const allocator = Allocator.open({ capacityUnits: 10 });
  assert.is(allocator.unitsOf(allocator.allocate(0)), 1);
  assert.is(allocator.unitsOf(allocator.allocate(-0)), 1);
});

test('the block freed last is reused first', () => {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const blocks = [allocator.allocate(10), allocator.allocate(10), allocator.allocate(10)];
  const offsets = blocks.map((block) => allocator.offsetOf(block));
  for (const block of blocks) allocator.free(block);
  const again = blocks.map(() => allocator.offsetOf(allocator.allocate(10)));
  assert.equal(again, offsets.reverse());
});

test('offsets and sizes are multiples of the granularity', () => {
  const allocator = Allocator.open({ capacityUnits: 64 * 1000, granularityUnits: 64 });
  for (const units of [0, 1, 63, 64, 65, 1000, 1025, 5000]) {
    const block = allocator.allocate(units);
    assert.is(allocator.offsetOf(block) % 64, 0);
    assert.is(allocator.unitsOf(block) % 64, 0);
    assert.ok(allocator.unitsOf(block) >= units);
    if (units > 512) assert.ok(allocator.unitsOf(block) <= (units + 63) * 1.125);
    allocator.verify();
  }
  assert.is(allocator.unitsOf(allocator.allocate(1025)), 18 * 64);
});

test('wrong arguments are refused and change nothing', () => {
  const allocator = Allocator.open({ capacityUnits: 100 });
  for (const units of [
    -1,
    0.5,
    NaN,
    Infinity,
    -Infinity,
    '5' as unknown as number,
    undefined as unknown as number,
  ]) {
    assert.throws(() => allocator.allocate(units), isInvalidArgument);
  }
  assert.equal(counters(allocator), { allocatedUnits: 0, freeUnits: 100, cachedUnits: 0, blockCount: 0 });
});

test('wrong options are refused', () => {
  for (const capacityUnits of [0, -1, 1.5, NaN, 2 ** 32, Infinity]) {
    assert.throws(() => Allocator.open({ capacityUnits }), isInvalidArgument);
  }
  for (const granularityUnits of [0, -64, 3, 65, 0.5, NaN, Infinity, 2 ** 32]) {
    assert.throws(() => Allocator.open({ capacityUnits: 3 * 65 * 64, granularityUnits }), isInvalidArgument);
  }
  assert.throws(() => Allocator.open({ capacityUnits: 100, granularityUnits: 64 }), isInvalidArgument);
  assert.throws(() => Allocator.open({ capacityUnits: 32, granularityUnits: 64 }), isInvalidArgument);
});

test('freed twice or never allocated: an error, and nothing changes', () => {
  const allocator = Allocator.open({ capacityUnits: 1000 });
  const kept = allocator.allocate(100);
  const cached = allocator.allocate(50);
  const flushed = allocator.allocate(200);
  allocator.free(flushed);
  allocator.flushCache();
  allocator.free(cached);
  const before = counters(allocator);
  for (const block of [cached, flushed, 0, -1, 999, kept + 0.5, NaN, 2 ** 32 + kept]) {
    assert.throws(() => allocator.free(block), isInvariant);
    assert.throws(() => allocator.offsetOf(block), isInvariant);
    assert.throws(() => allocator.unitsOf(block), isInvariant);
    assert.equal(counters(allocator), before);
    allocator.verify();
  }
  allocator.free(kept);
});

test('exhaustion is a result, not an error, and all space comes back', () => {
  const allocator = Allocator.open({ capacityUnits: 10_000 });
  for (let round = 0; round < 3; round++) {
    const blocks = fill(allocator, 100);
    assert.is(blocks.length, Math.floor(10_000 / 104));
    assert.is(allocator.allocate(100), -1);
    for (const block of blocks) allocator.free(block);
    allocator.verify();
    assert.is(allocator.allocatedUnits, 0);
    assert.is(allocator.cachedUnits + allocator.freeUnits, 10_000);
  }
  assert.is(allocator.allocate(10_001), -1);
  assert.is(allocator.allocate(2 ** 53), -1);
});

test('one object may take the whole range, whatever its size', () => {
  for (const capacityUnits of [1, 7, 31, 33, 1000, 1001, 16_383, 16_777_217, 2 ** 32 - 1]) {
    const allocator = Allocator.open({ capacityUnits });
    for (let round = 0; round < 2; round++) {
      const block = allocator.allocate(capacityUnits);
      assert.is(allocator.unitsOf(block), capacityUnits);
      assert.is(allocator.allocate(1), -1);
      allocator.verify();
      allocator.free(block);
      // Leaves something in a cache, which must not be in the way of the next round.
      allocator.free(allocator.allocate(1));
    }
  }
});

test('the whole range in granules', () => {
  const allocator = Allocator.open({ capacityUnits: 64 * 17, granularityUnits: 64 });
  const block = allocator.allocate(64 * 16 + 1);
  assert.is(allocator.unitsOf(block), 64 * 17);
  allocator.verify();
});

test('an object that fits unrounded into what is left gets it', () => {
  const allocator = Allocator.open({ capacityUnits: 1100 });
  allocator.allocate(100);
  const block = allocator.allocate(990);
  assert.is(allocator.unitsOf(block), 990);
  allocator.verify();
  allocator.free(block);
  assert.is(allocator.cachedUnits, 0, 'a block of odd size is of no class');
  allocator.verify();
});

test('fragments merge when a larger request needs them', () => {
  const allocator = Allocator.open({ capacityUnits: 1 << 16 });
  const blocks = fill(allocator, 16);
  assert.is(blocks.length, 4096);
  for (let index = 0; index < blocks.length; index += 2) allocator.free(blocks[index]!);
  assert.is(allocator.allocate(17), -1, 'half is free, but in single pieces');
  assert.is(allocator.cachedUnits, 0);
  allocator.verify();
  for (let index = 1; index < blocks.length; index += 2) allocator.free(blocks[index]!);
  assert.is(allocator.cachedUnits, 1 << 15);
  const whole = allocator.allocate(1 << 16);
  assert.is(allocator.offsetOf(whole), 0);
  assert.is(allocator.unitsOf(whole), 1 << 16);
  allocator.verify();
});

test('offsets beyond 2^31 stay exact in a range of 4 billion units', () => {
  const capacityUnits = 2 ** 32 - 1;
  const allocator = Allocator.open({ capacityUnits });
  const quarter = 2 ** 30;
  const blocks = [0, 1, 2].map(() => allocator.allocate(quarter));
  assert.equal(
    blocks.map((block) => allocator.offsetOf(block)),
    [0, quarter, 2 * quarter],
  );
  const high = allocator.allocate(1);
  assert.is(allocator.offsetOf(high), 3 * quarter);
  assert.is(allocator.freeUnits, quarter - 2);
  assert.is(allocator.allocatedUnits, 3 * quarter + 1);
  assert.is(allocator.allocate(quarter), -1);
  allocator.verify();
  // Offset and size both beyond 2^31 after the lower three quarters are merged.
  for (const block of blocks) allocator.free(block);
  allocator.verify();
  const large = allocator.allocate(3 * quarter);
  assert.is(allocator.unitsOf(large), 3 * quarter);
  assert.is(allocator.offsetOf(large), 0);
  const last = allocator.allocate(quarter - 2);
  assert.is(allocator.unitsOf(last), quarter - 2);
  assert.is(allocator.offsetOf(last) + allocator.unitsOf(last), capacityUnits);
  allocator.verify();
  for (const block of [large, high, last]) allocator.free(block);
  allocator.flushCache();
  assert.is(allocator.freeUnits, capacityUnits);
  allocator.verify();
});

test.run();
