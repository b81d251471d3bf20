/** Ray's scheduling_ids_test, and what its prose says beyond it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { parsePlacementGroupResource } from '../../src/state/resources/placement-group-resource.ts';
import {
  DEFAULT_UNIT_INSTANCE_RESOURCES,
  PREDEFINED_RESOURCE,
  ResourceId,
  SchedulingNodeId,
  StringIdMap,
  setUnitInstanceResources,
} from '../../src/state/resources/scheduling-ids.ts';

const isInvariant = (error: unknown) => error instanceof InvariantError;

test('SchedulingIDsTest: PrepopulateResourceIDTest', () => {
  assert.equal(PREDEFINED_RESOURCE, { CPU: 0, memory: 1, GPU: 2, object_store_memory: 3 });
  for (const [name, number] of Object.entries(PREDEFINED_RESOURCE)) {
    assert.is(ResourceId.of(number).binary(), name);
    assert.is(ResourceId.of(name).toInt(), number);
    assert.ok(ResourceId.of(name).isPredefined);
  }
  assert.is.not(SchedulingNodeId.of(PREDEFINED_RESOURCE.CPU).binary(), 'CPU');
});

test('SchedulingIDsTest: BasicTest', () => {
  const names = ['hello', 'whaaat', 'yes'];
  const ids = names.map((name) => SchedulingNodeId.of(name));
  assert.equal(
    ids.map((node) => node.binary()),
    names,
  );
  assert.is(ids[0], SchedulingNodeId.of('hello'));
  assert.is(ids[0], SchedulingNodeId.of(ids[0]!.toInt()));
  assert.ok(SchedulingNodeId.nil.isNil);
  assert.is(SchedulingNodeId.nil.toInt(), -1);
  assert.is(SchedulingNodeId.nil.binary(), '-1');
  assert.is(SchedulingNodeId.of(13), SchedulingNodeId.of(13));
  assert.is.not(SchedulingNodeId.of(1), SchedulingNodeId.of(2));
  assert.ok(SchedulingNodeId.of(1).isLessThan(SchedulingNodeId.of(2)));
  assert.is(SchedulingNodeId.of(4711).binary(), '-1');
});

test('SchedulingIDsTest: UnitInstanceResourceTest', () => {
  try {
    setUnitInstanceResources({ predefined: 'CPU,GPU', custom: 'neuron_cores,TPU,custom1' });
    for (const resource of [ResourceId.cpu, ResourceId.gpu, 'custom1', 'neuron_cores', 'TPU']) {
      assert.ok(ResourceId.of(String(resource)).isUnitInstance, String(resource));
    }
    assert.not(ResourceId.memory.isUnitInstance);
    assert.not(ResourceId.of('custom2').isUnitInstance);
    assert.throws(() => setUnitInstanceResources({ predefined: 'custom1', custom: '' }), isInvariant);
  } finally {
    setUnitInstanceResources(DEFAULT_UNIT_INSTANCE_RESOURCES);
  }
});

test('by default GPU and the usual accelerators come in units', () => {
  for (const name of ['GPU', 'neuron_cores', 'TPU', 'NPU', 'HPU', 'RBLN']) {
    assert.ok(ResourceId.of(name).isUnitInstance, name);
  }
  for (const name of ['CPU', 'memory', 'object_store_memory', 'custom']) {
    assert.not(ResourceId.of(name).isUnitInstance, name);
  }
});

test('StringIdMap: a number for each name, and back', () => {
  const map = new StringIdMap();
  assert.is(map.get('a'), -1);
  assert.is(map.nameOf(0), '-1');
  map.insertOrDie('zero', 0);
  const number = map.insert('a');
  assert.is(map.insert('a'), number);
  assert.is(map.get('a'), number);
  assert.is(map.nameOf(number), 'a');
  assert.is(map.count, 2);
  assert.throws(() => map.insertOrDie('a', 99), isInvariant);
  assert.throws(() => map.insertOrDie('b', number), isInvariant);
  assert.is(map.count, 2);
});

test('names of placement groups say resource, group and bundle', () => {
  const group = '4482dec0faaf5ead891ff1659a9501000000';
  const wildcard = { originalResource: 'CPU', groupId: group, bundleIndex: -1 };
  assert.equal(parsePlacementGroupResource(`CPU_group_${group}`), wildcard);
  assert.equal(parsePlacementGroupResource(`CPU_group_7_${group}`), { ...wildcard, bundleIndex: 7 });
  assert.is(parsePlacementGroupResource('CPU'), undefined);
  assert.is(parsePlacementGroupResource('CPU_group_'), undefined);
  const indexed = { wildcard: false, indexed: true };
  assert.is(parsePlacementGroupResource(`CPU_group_${group}`, indexed), undefined);
  assert.is(
    parsePlacementGroupResource(`CPU_group_7_${group}`, { wildcard: true, indexed: false }),
    undefined,
  );
  assert.ok(ResourceId.of(`CPU_group_${group}`).isCpu);
  assert.ok(ResourceId.of(`CPU_group_0_${group}`).isCpu);
  assert.not(ResourceId.of(`GPU_group_${group}`).isCpu);
});

test.run();
