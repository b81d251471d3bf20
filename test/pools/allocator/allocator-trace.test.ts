/** How full a range can be kept for long, by kind of load. Seeded, so it either always passes or never. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AllocatorTrace,
  allocatorTraces,
  churn,
  fixedTrace,
  framesTrace,
  logUniformTrace,
  measurePairCost,
  measureSustainedFraction,
  mixTrace,
  seededRandom,
  uniformTrace,
} from '../../../bench/allocator-trace.ts';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';

function sustains(trace: AllocatorTrace, target: number, allocations: number) {
  const result = churn(trace, seededRandom(3), target, allocations);
  assert.ok(result !== undefined, `${trace.name}: an allocation failed at ${target}`);
  return result;
}

test('frames of nearly equal size keep 95 % and more of the range in use', () => {
  const result = sustains(framesTrace, 0.99, 50_000);
  assert.ok(result.allocated >= 0.95, `${result.allocated} allocated`);
  assert.ok(result.requested >= 0.93, `${result.requested} asked for`);
});

test('objects of all sizes keep four fifths of the range in use', () => {
  sustains(logUniformTrace, 0.8, 50_000);
});

test('the other loads sustain what the prototype did', () => {
  sustains(fixedTrace, 0.99, 100_000);
  sustains(mixTrace, 0.93, 200_000);
  sustains(uniformTrace, 0.9, 100_000);
});

test('the tables are sound after a long run near the limit, failures included', () => {
  const random = seededRandom(5);
  const allocator = Allocator.open({ capacityUnits: framesTrace.capacityUnits / 8 });
  const live: number[] = [];
  let failures = 0;
  for (let step = 0; step < 20_000; step++) {
    const trace = step & 1 ? framesTrace : uniformTrace;
    const block = allocator.allocate(trace.nextUnits(random));
    if (block !== -1) live.push(block);
    else {
      failures++;
      for (let count = 0; count < 3; count++) {
        allocator.free(live.splice(Math.floor(random() * live.length), 1)[0]!);
      }
    }
    if (step % 1000 === 0) allocator.verify();
  }
  assert.ok(failures > 100);
  for (const block of live) allocator.free(block);
  allocator.flushCache();
  allocator.verify();
  assert.is(allocator.freeUnits, allocator.capacityUnits);
});

test('the measuring functions give figures for every trace', () => {
  for (const trace of allocatorTraces) {
    const cost = measurePairCost(trace, seededRandom(1), 2000);
    assert.ok(cost.randomPair > 0 && cost.sameSizePair > 0);
  }
  const small = { ...uniformTrace, capacityUnits: 1 << 18 };
  const result = measureSustainedFraction(small, 1, 2000);
  assert.ok(result.target > 0.5 && result.allocated <= result.target && result.requested < result.allocated);
  assert.equal(result, measureSustainedFraction(small, 1, 2000), 'the same seed gives the same result');
});

test.run();
