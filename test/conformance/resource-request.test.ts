/** Ray's resource_request_test: requests, and the instances that a task has. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { LabelSelector } from '../../src/state/labels/label-selector.ts';
import { fixedPointVectorToDouble } from '../../src/state/resources/fixed-point.ts';
import { ResourceRequest } from '../../src/state/resources/resource-request.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import { ResourceId } from '../../src/state/resources/scheduling-ids.ts';
import { TaskResourceInstanceSet } from '../../src/state/resources/task-resource-instance-set.ts';
import { id, vector } from '../support/resources.ts';

const { cpu, gpu } = ResourceId;
const custom1 = id('custom1');
const custom2 = id('custom2');

test('ResourceRequestTest: TestBasic', () => {
  const request = new ResourceRequest([
    [cpu, 1],
    [custom1, 2],
  ]);
  const all = [cpu, custom1, gpu, custom2];
  assert.equal(
    all.map((resource) => request.has(resource)),
    [true, true, false, false],
  );
  assert.equal(
    all.map((resource) => request.get(resource).toNumber()),
    [1, 2, 0, 0],
  );
  assert.is(request.size, 2);
  assert.not(request.isEmpty);
  assert.equal(new Set(request.resourceIds()), new Set([cpu, custom1]));

  request.set(gpu, 1).set(custom2, 2);
  assert.ok(request.has(gpu));
  assert.ok(request.has(custom2));
  assert.is(request.get(gpu).toNumber(), 1);
  assert.is(request.get(custom2).toNumber(), 2);
  request.set(cpu, 0).set(custom1, 0);
  assert.not(request.has(cpu));
  assert.not(request.has(custom1));

  request.clear();
  assert.is(request.size, 0);
  assert.ok(request.isEmpty);
});

test('ResourceRequestTest: TestOperators', () => {
  const isAtMost = (one: ResourceRequest, other: ResourceRequest) => {
    assert.is(one.isAtMost(other), other.isAtLeast(one));
    return one.isAtMost(other);
  };
  let r1 = new ResourceRequest({ CPU: 1, custom1: 2 });
  let r2 = r1.copy();
  assert.ok(r1.equals(r2));
  assert.ok(isAtMost(r1, r2));
  assert.ok(isAtMost(r2, r1));
  r2.set(cpu, 2);
  assert.not(r1.equals(r2));
  assert.ok(isAtMost(r1, r2));
  r2.set(custom2, 2);
  assert.not(r1.equals(r2));
  assert.ok(isAtMost(r1, r2));
  r2.set(custom1, 1);
  assert.not(r1.equals(r2));
  assert.not(isAtMost(r1, r2));

  r1 = new ResourceRequest({ custom1: -2 });
  r2.clear();
  assert.not(r1.equals(r2));
  assert.ok(isAtMost(r1, r2));
  assert.not(isAtMost(r2, r1));

  r1 = new ResourceRequest({ CPU: 1, custom1: 2 });
  r2 = new ResourceRequest({ CPU: -1, custom2: 2 });
  assert.equal(r1.plus(r2).toResourceMap(), { custom1: 2, custom2: 2 });
  assert.equal(r1.copy().add(r2).toResourceMap(), { custom1: 2, custom2: 2 });
  assert.equal(r1.minus(r2).toResourceMap(), { CPU: 2, custom1: 2, custom2: -2 });
  assert.equal(r1.copy().subtract(r2).toResourceMap(), { CPU: 2, custom1: 2, custom2: -2 });
});

test('ResourceRequestTest: TestEqualityConsidersAllFields', () => {
  const base = new ResourceRequest({ CPU: 1 });
  assert.not(base.equals(new ResourceRequest({ CPU: 1 }, { requiresObjectStoreMemory: true })));
  const labelSelector = new LabelSelector({ region: 'us' });
  assert.not(base.equals(new ResourceRequest({ CPU: 1 }, { labelSelector })));
  assert.ok(base.equals(new ResourceRequest({ CPU: 1 }, { requiresObjectStoreMemory: false })));
});

test('TaskResourceInstancesTest: TestBasic', () => {
  const set = new ResourceSet({ CPU: 5, GPU: 5 });
  const task = new TaskResourceInstanceSet(set);
  const doubles = (resource: ResourceId) => fixedPointVectorToDouble(task.get(resource));
  assert.ok(task.has(cpu));
  assert.ok(task.has(gpu));
  assert.not(task.has(custom1));
  assert.equal(doubles(cpu), [5]);
  assert.equal(doubles(gpu), [1, 1, 1, 1, 1]);

  task.set(custom1, vector(1));
  assert.ok(task.has(custom1));
  assert.equal(doubles(custom1), [1]);
  task.set(custom1, vector(2));
  assert.equal(doubles(custom1), [2]);
  task.remove(custom1);
  assert.not(task.has(custom1));

  assert.equal(new Set(task.resourceIds()), new Set([cpu, gpu]));
  assert.is(task.size, 2);
  assert.not(task.isEmpty);
  assert.is(task.sum(cpu).toNumber(), 5);
  assert.is(task.sum(gpu).toNumber(), 5);
  assert.ok(task.toResourceSet().equals(set));
});

test('TaskResourceInstances: zeros stay, no instances go, what is missing has the sum 0 and is fatal to get', () => {
  const task = new TaskResourceInstanceSet();
  task.set(gpu, vector(0, 0));
  assert.ok(task.has(gpu));
  task.set(gpu, []);
  assert.not(task.has(gpu));
  assert.ok(task.isEmpty);
  assert.is(task.sum(gpu).toNumber(), 0);
  assert.throws(
    () => task.get(gpu),
    (error: unknown) => error instanceof InvariantError,
  );
});

test('TaskResourceInstances: a fraction of a unit is lost', () => {
  const task = new TaskResourceInstanceSet(new ResourceSet({ GPU: 0.5, TPU: 2.7, CPU: 0.5 }));
  assert.not(task.has(gpu));
  assert.equal(task.getDouble(id('TPU')), [1, 1]);
  assert.equal(task.getDouble(cpu), [0.5]);
});

test.run();
