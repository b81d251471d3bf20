/** Ray's resource_instance_set_test, on resources of placement groups. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import { allocate, id, instances, left, type Numbers, toNumbers } from '../support/resources.ts';

const GROUP = '4482dec0faaf5ead891ff1659a9501000000';
const isInvariant = (error: unknown) => error instanceof InvariantError;

/** `CPU*` is the wildcard, `CPU0` bundle 0. */
function fullName(short: string): string {
  const [, resource, part] = /^([A-Z]+)(\*|\d+)?$/.exec(short)!;
  if (part === undefined) return short;
  return part === '*' ? `${resource}_group_${GROUP}` : `${resource}_group_${part}_${GROUP}`;
}

function full<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([short, value]) => [fullName(short), value]));
}

const TWO_CPU_BUNDLES = { CPU: [1], 'CPU*': [4], CPU0: [2], CPU1: [2] };
const TWO_GPU_BUNDLES = {
  GPU: [0, 0, 0, 0, 1],
  'GPU*': [1, 1, 1, 1, 0],
  GPU0: [1, 1, 0, 0, 0],
  GPU1: [0, 0, 1, 1, 0],
};
const THREE_CPU_BUNDLES = { CPU: [1], 'CPU*': [5], CPU0: [1], CPU1: [2], CPU2: [2] };
const THREE_GPU_BUNDLES = {
  GPU: [0, 0, 0, 0, 0, 1],
  'GPU*': [1, 1, 1, 1, 1, 0],
  GPU0: [1, 0, 0, 0, 0, 0],
  GPU1: [0, 1, 1, 0, 0, 0],
  GPU2: [0, 0, 0, 1, 1, 0],
};

/** A node with these resources; each demand with what is taken of what, and what differs afterwards. */
function check(
  start: Numbers,
  steps: readonly (readonly [Readonly<Record<string, number>>, Numbers | undefined, Numbers])[],
): void {
  const set = instances(full(start));
  for (const [demands, taken, after] of steps) {
    assert.equal(allocate(set, full(demands)), taken && full(taken));
    assert.equal(toNumbers(set.resources), full({ ...start, ...after }));
  }
}

test('TestTryAllocateWithSinglePgResourceAndBundleIndex', () => {
  check(TWO_CPU_BUNDLES, [
    [
      { 'CPU*': 1, CPU1: 1 },
      { CPU1: [1], 'CPU*': [1] },
      { 'CPU*': [3], CPU1: [1] },
    ],
    [{ 'CPU*': 2, CPU1: 2 }, undefined, { 'CPU*': [3], CPU1: [1] }],
  ]);
  const after = { 'GPU*': [1, 1, 0, 1, 0], GPU1: [0, 0, 0, 1, 0] };
  check(TWO_GPU_BUNDLES, [
    [{ 'GPU*': 1, GPU1: 1 }, { GPU1: [0, 0, 1, 0, 0], 'GPU*': [0, 0, 1, 0, 0] }, after],
    [{ 'GPU*': 2, GPU1: 2 }, undefined, after],
  ]);
});

test('TestTryAllocateWithMultiplePgResourceAndBundleIndex', () => {
  check({ ...TWO_CPU_BUNDLES, ...TWO_GPU_BUNDLES }, [
    [{ 'CPU*': 1, 'GPU*': 3, CPU1: 1, GPU1: 3 }, undefined, {}],
    [
      { 'CPU*': 1, 'GPU*': 1, CPU1: 1, GPU1: 1 },
      { CPU1: [1], 'CPU*': [1], GPU1: [0, 0, 1, 0, 0], 'GPU*': [0, 0, 1, 0, 0] },
      { 'CPU*': [3], CPU1: [1], 'GPU*': [1, 1, 0, 1, 0], GPU1: [0, 0, 0, 1, 0] },
    ],
  ]);
});

test('TestTryAllocateSinglePgResourceAndNoBundleIndex', () => {
  check(THREE_CPU_BUNDLES, [
    [{ 'CPU*': 2 }, { CPU1: [2], 'CPU*': [2] }, { 'CPU*': [3], CPU1: [0] }],
    [{ 'CPU*': 3 }, undefined, { 'CPU*': [3], CPU1: [0] }],
  ]);
  const after = { 'GPU*': [1, 0, 0, 1, 1, 0], GPU1: [0, 0, 0, 0, 0, 0] };
  check(THREE_GPU_BUNDLES, [
    [{ 'GPU*': 2 }, { GPU1: [0, 1, 1, 0, 0, 0], 'GPU*': [0, 1, 1, 0, 0, 0] }, after],
    [{ 'GPU*': 3 }, undefined, after],
  ]);
});

test('TestTryAllocateMultiplePgResourceAndNoBundleIndex', () => {
  check({ ...THREE_CPU_BUNDLES, ...THREE_GPU_BUNDLES }, [
    [{ 'CPU*': 2, 'GPU*': 3 }, undefined, {}],
    [
      { 'CPU*': 2, 'GPU*': 2 },
      { CPU1: [2], 'CPU*': [2], GPU1: [0, 1, 1, 0, 0, 0], 'GPU*': [0, 1, 1, 0, 0, 0] },
      { 'CPU*': [3], CPU1: [0], 'GPU*': [1, 0, 0, 1, 1, 0], GPU1: [0, 0, 0, 0, 0, 0] },
    ],
  ]);
});

test('what does not fit outside the group gives everything back', () => {
  check({ ...TWO_CPU_BUNDLES, GPU: [1] }, [[{ 'CPU*': 1, CPU1: 1, GPU: 2 }, undefined, {}]]);
  check({ ...TWO_CPU_BUNDLES, GPU: [1] }, [[{ GPU: 1, 'CPU*': 3 }, undefined, {}]]);
});

test('only CPU may go below zero, when a bundle has more than the wildcard', () => {
  check({ 'CPU*': [0], CPU0: [1] }, [
    [
      { 'CPU*': 1, CPU0: 1 },
      { CPU0: [1], 'CPU*': [1] },
      { 'CPU*': [-1], CPU0: [0] },
    ],
  ]);
  const memory = instances({ [`memory_group_${GROUP}`]: [0], [`memory_group_0_${GROUP}`]: [1] });
  assert.throws(() => memory.tryAllocate(new ResourceSet({ [`memory_group_${GROUP}`]: 1 })), isInvariant);
});

test('a bundle is never asked for alone, nor two', () => {
  const set = instances(full(TWO_CPU_BUNDLES));
  for (const demands of [{ CPU0: 1 }, { 'CPU*': 1, CPU0: 1, CPU1: 1 }]) {
    assert.throws(() => allocate(set, full(demands)), isInvariant);
  }
  assert.equal(toNumbers(set.resources), full(TWO_CPU_BUNDLES));
});

test('a bundle that is removed gives nothing; a part of a unit beyond the first is refused in groups too', () => {
  const set = instances(full(THREE_CPU_BUNDLES));
  set.remove(id(fullName('CPU1')));
  assert.equal(Object.keys(allocate(set, full({ 'CPU*': 2 }))!), [fullName('CPU2'), fullName('CPU*')]);
  set.remove(id(fullName('CPU2')));
  set.remove(id(fullName('CPU0')));
  assert.is(allocate(set, full({ 'CPU*': 1 })), undefined);
  assert.equal(left(set, fullName('CPU*')), [3]);
  assert.is(allocate(instances(full(TWO_GPU_BUNDLES)), full({ 'GPU*': 1.5 })), undefined);
});

test('CanAllocate takes wildcards as they are', () => {
  const set = instances(full(TWO_CPU_BUNDLES));
  assert.ok(set.canAllocate(new ResourceSet(full({ 'CPU*': 3 }))));
  assert.is(allocate(set, full({ 'CPU*': 3 })), undefined);
});

test.run();
