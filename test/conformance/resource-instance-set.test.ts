/** Ray's resource_instance_set_test, without placement groups. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { fixedPointVectorToDouble } from '../../src/state/resources/fixed-point.ts';
import { NodeResourceInstanceSet } from '../../src/state/resources/node-resource-instance-set.ts';
import { NodeResourceSet } from '../../src/state/resources/node-resource-set.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import { allocate, id, implicit, instanceSet, instances, left, vector } from '../support/resources.ts';

const isInvariant = (error: unknown) => error instanceof InvariantError;

test('NodeResourceInstanceSetTest: TestConstructor', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.equal(left(set, 'CPU'), [2]);
  assert.equal(left(set, 'GPU'), [1, 1]);
});

test('NodeResourceInstanceSetTest: TestHas', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.ok(set.has(id('CPU')));
  assert.not(set.has(id('non-exist')));
  assert.ok(set.has(id(implicit('a'))));
});

test('NodeResourceInstanceSetTest: TestRemove', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.ok(set.has(id('GPU')));
  set.remove(id('GPU'));
  assert.not(set.has(id('GPU')));
  set.remove(id('non-exist'));
  assert.not(set.has(id('non-exist')));
});

test('NodeResourceInstanceSetTest: TestGet', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.equal(left(set, 'CPU'), [2]);
  assert.equal(left(set, implicit('a')), [1]);
  assert.equal(left(set, 'non-exist'), []);
});

test('NodeResourceInstanceSetTest: TestSet', () => {
  const set = instances({ CPU: [1], [implicit('a')]: [1], [implicit('b')]: [0.5] });
  assert.equal(left(set, 'CPU'), [1]);
  assert.equal(left(set, implicit('a')), [1]);
  assert.equal(left(set, implicit('b')), [0.5]);
  assert.is(set.resources.size, 2);
});

test('NodeResourceInstanceSetTest: TestSum', () => {
  const set = instances({ GPU: [1, 0.3, 0.5], [implicit('a')]: [0.7] });
  const sum = (name: string) => set.sum(id(name)).toNumber();
  assert.is(sum('GPU'), 1.8);
  assert.is(sum(implicit('a')), 0.7);
  assert.is(sum(implicit('b')), 1);
  assert.is(sum('non-exist'), 0);
});

test('NodeResourceInstanceSetTest: TestOperator', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.ok(set.equals(instanceSet({ CPU: 2, GPU: 2 })));
  assert.not(set.equals(instanceSet({ CPU: 2, GPU: 1 })));
});

test('NodeResourceInstanceSetTest: TestTryAllocateOneResourceWithoutPlacementGroup', () => {
  const cpu = instanceSet({ CPU: 2 });
  assert.equal(allocate(cpu, { CPU: 1 }), { CPU: [1] });
  assert.equal(left(cpu, 'CPU'), [1]);
  assert.is(allocate(cpu, { CPU: 2 }), undefined);
  assert.equal(left(cpu, 'CPU'), [1]);
  assert.equal(allocate(cpu, { CPU: 1 }), { CPU: [1] });
  assert.equal(left(cpu, 'CPU'), [0]);

  const gpu = instanceSet({ GPU: 4 });
  const steps: [number, number[] | undefined, number[]][] = [
    [2, [1, 1, 0, 0], [0, 0, 1, 1]],
    [3, undefined, [0, 0, 1, 1]],
    [0.4, [0, 0, 0.4, 0], [0, 0, 0.6, 1]],
    [0.7, [0, 0, 0, 0.7], [0, 0, 0.6, 0.3]],
    [0.3, [0, 0, 0, 0.3], [0, 0, 0.6, 0]],
  ];
  for (const [demand, taken, rest] of steps) {
    assert.equal(allocate(gpu, { GPU: demand })?.GPU, taken);
    assert.equal(left(gpu, 'GPU'), rest);
  }

  const bare = instanceSet({});
  assert.equal(allocate(bare, { [implicit('a')]: 0.3 }), { [implicit('a')]: [0.3] });
  assert.equal(left(bare, implicit('a')), [0.7]);
});

test('NodeResourceInstanceSetTest: TestTryAllocateFractionalDemandAboveOneIsInvalid', () => {
  for (const [GPU, rest] of [
    [4, [1, 1, 1, 1]],
    [1, [1]],
  ] as const) {
    const set = instanceSet({ GPU });
    assert.is(allocate(set, { GPU: 1.5 }), undefined);
    assert.not(set.canAllocate(new ResourceSet({ GPU: 1.5 })));
    assert.equal(left(set, 'GPU'), rest);
  }
  assert.equal(allocate(instanceSet({ CPU: 4 }), { CPU: 1.5 }), { CPU: [1.5] });
});

test('NodeResourceInstanceSetTest: TestTryAllocateMultipleResourcesWithoutPg', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.is(allocate(set, { CPU: 1, GPU: 3, [implicit('a')]: 0.3 }), undefined);
  assert.ok(set.equals(instanceSet({ CPU: 2, GPU: 2 })));
  assert.equal(allocate(set, { CPU: 1, GPU: 1, [implicit('a')]: 0.3 }), {
    CPU: [1],
    GPU: [1, 0],
    [implicit('a')]: [0.3],
  });
  assert.equal(left(set, 'CPU'), [1]);
  assert.equal(left(set, 'GPU'), [0, 1]);
  assert.equal(left(set, implicit('a')), [0.7]);
});

test('NodeResourceInstanceSetTest: TestFree', () => {
  const set = instances({ GPU: [1, 0.3], [implicit('a')]: [0.4] });
  set.free(id('GPU'), vector(0, 0.7));
  set.free(id(implicit('a')), vector(0.6));
  assert.equal(left(set, 'GPU'), [1, 1]);
  assert.is(set.resources.size, 1);
  assert.throws(() => set.free(id('GPU'), vector(0)), isInvariant);
});

test('NodeResourceInstanceSetTest: TestAdd', () => {
  const set = instances({ GPU: [1, 0.3] });
  set.add(id('GPU'), vector(0, 0.3));
  set.add(id('new'), vector(2));
  assert.equal(left(set, 'GPU'), [1, 0.6]);
  assert.equal(left(set, 'new'), [2]);
  set.add(id('GPU'), vector(0, 0.4, 1));
  assert.equal(left(set, 'GPU'), [1, 1, 1]);
  set.add(id('GPU'), vector(1));
  assert.equal(left(set, 'GPU'), [2, 1, 1]);
  assert.throws(() => set.add(id(implicit('a')), vector(1)), isInvariant);
});

test('NodeResourceInstanceSetTest: TestSubtract', () => {
  const set = instances({ GPU: [1, 1] });
  const subtract = (values: number[], allowGoingNegative: boolean) =>
    fixedPointVectorToDouble(set.subtract(id('GPU'), vector(...values), allowGoingNegative));
  assert.equal(subtract([0.5, 0], true), [0, 0]);
  assert.equal(left(set, 'GPU'), [0.5, 1]);
  assert.equal(subtract([1, 0], true), [0, 0]);
  assert.equal(left(set, 'GPU'), [-0.5, 1]);
  // What is below zero stays as it is, what would go below ends at zero.
  assert.equal(subtract([0.2, 1.5], false), [0.2, 0.5]);
  assert.equal(left(set, 'GPU'), [-0.5, 0]);
  assert.throws(() => set.subtract(id('GPU'), vector(1), true), isInvariant);
});

test('NodeResourceInstanceSetTest: TestToNodeResourceSet', () => {
  const total = new NodeResourceSet({ CPU: 2, GPU: 2 });
  assert.ok(new NodeResourceInstanceSet(total).toNodeResourceSet().equals(total));
});

test('a node must have whole units, and a resource instances', () => {
  assert.equal(left(instanceSet({ GPU: 2.7 }), 'GPU'), [1, 1]);
  assert.throws(() => instanceSet({ GPU: 0.5 }), isInvariant);
  assert.throws(() => new NodeResourceInstanceSet().set(id('CPU'), []), isInvariant);
});

test('the rest of a demand goes to what has least, the first of those; whole demands to whole instances', () => {
  const set = instances({ shared: [0.5, 1, 0.25, 0.25, 1] });
  assert.equal(allocate(set, { shared: 1.2 }), { shared: [0, 1, 0.2, 0, 0] });
  assert.is(allocate(set, { shared: 2 }), undefined);
  assert.equal(allocate(set, { shared: 1 }), { shared: [0, 0, 0, 0, 1] });
  assert.is(allocate(set, { shared: 0.6 }), undefined);
  assert.equal(left(set, 'shared'), [0.5, 0, 0.05, 0.25, 0]);
});

test('CanAllocate changes nothing', () => {
  const set = instanceSet({ CPU: 2, GPU: 2 });
  assert.ok(set.canAllocate(new ResourceSet({ CPU: 2, GPU: 1 })));
  assert.not(set.canAllocate(new ResourceSet({ CPU: 2, GPU: 3 })));
  assert.not(set.canAllocate(new ResourceSet({ other: 1 })));
  assert.ok(set.equals(instanceSet({ CPU: 2, GPU: 2 })));
});

test.run();
