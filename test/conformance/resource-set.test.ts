/** Ray's resource_set_test, and what its prose says beyond it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeResourceSet } from '../../src/state/resources/node-resource-set.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import { IMPLICIT_RESOURCE_PREFIX } from '../../src/state/resources/scheduling-ids.ts';
import { id, implicit } from '../support/resources.ts';

test('NodeResourceSetTest: TestImplicitResourcePrefix', () => {
  assert.is(IMPLICIT_RESOURCE_PREFIX, 'node:__internal_implicit_resource_');
});

test('NodeResourceSetTest: TestRemoveNegative', () => {
  const set = new NodeResourceSet({ CPU: -1, custom1: 2, custom2: -2 });
  set.removeNegative();
  assert.equal(set.getResourceMap(), { custom1: 2 });
});

test('NodeResourceSetTest: TestSetAndGet', () => {
  const set = new NodeResourceSet();
  assert.is(set.get(id('non-exist')).toNumber(), 0);
  assert.is(set.get(id(implicit('a'))).toNumber(), 1);
  set.set(id('exist'), 1);
  assert.is(set.get(id('exist')).toNumber(), 1);
  set.set(id(implicit('b')), 0.5);
  assert.is(set.get(id(implicit('b'))).toNumber(), 0.5);
  set.set(id('exist'), 0);
  set.set(id(implicit('b')), 1);
  assert.equal(set.getResourceMap(), {});
});

test('NodeResourceSetTest: TestHas', () => {
  const set = new NodeResourceSet();
  assert.not(set.has(id('non-exist')));
  assert.ok(set.has(id(implicit('a'))));
  set.set(id('exist'), 1);
  assert.ok(set.has(id('exist')));
  set.set(id(implicit('a')), 0);
  assert.not(set.has(id(implicit('a'))));
});

test('NodeResourceSetTest: TestOperator', () => {
  const set = new NodeResourceSet({ CPU: 1, custom1: 2, custom2: 2 });
  set.subtract(new ResourceSet({ custom1: 1, custom2: 2 }));
  assert.ok(set.equals(new NodeResourceSet({ CPU: 1, custom1: 1 })));

  const node = new NodeResourceSet({ CPU: 1, custom1: 2, custom2: 2 });
  assert.ok(node.isAtLeast(new ResourceSet({ CPU: 1, custom1: 1, custom3: 0, [implicit('a')]: 0.5 })));
  assert.not(node.isAtLeast(new ResourceSet({ CPU: 1, custom1: 1, custom3: 0.5 })));
});

test('NodeResourceSetTest: TestExplicitResourceIds', () => {
  const set = new NodeResourceSet({ custom1: 2, CPU: 1, [implicit('a')]: 0.5 });
  assert.equal(set.explicitResourceIds().map(String), ['CPU', 'custom1']);
});

test('ResourceSetTest: TestHashConsistentWithEquality', () => {
  const a = new ResourceSet({ CPU: 2, GPU: 1, custom1: 3 });
  const b = new ResourceSet({ custom1: 3, CPU: 2, GPU: 1 });
  assert.ok(a.equals(b));
  assert.is(a.hash, b.hash);
  const c = new ResourceSet({ CPU: 2, GPU: 2, custom1: 3 });
  assert.not(a.equals(c));
  assert.is.not(a.hash, c.hash);
  const swapped = [new ResourceSet({ CPU: 1, GPU: 2 }), new ResourceSet({ CPU: 2, GPU: 1 })] as const;
  assert.is.not(swapped[0].hash, swapped[1].hash);
  const repeated = [new ResourceSet({ CPU: 1, GPU: 1 }), new ResourceSet({ CPU: 2, GPU: 2 })] as const;
  assert.is.not(repeated[0].hash, repeated[1].hash);
  assert.equal([...new Map([a, b].map((set) => [set.key, set]))].length, 1);
});

test('ResourceSet: zeros go, negative quantities stay', () => {
  const set = new ResourceSet({ CPU: 1, GPU: 0, custom1: -2 });
  assert.equal(set.getResourceMap(), { CPU: 1, custom1: -2 });
  assert.equal(set.minus(new ResourceSet({ CPU: 1 })).getResourceMap(), { custom1: -2 });
  set.add(set);
  assert.equal(set.getResourceMap(), { CPU: 2, custom1: -4 });
  set.subtract(set);
  assert.ok(set.isEmpty);
});

test.run();
