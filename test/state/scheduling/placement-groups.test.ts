/** Placement groups: all bundles or none, each strategy, and what becomes of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../../src/state/errors.ts';
import { ResourceSet } from '../../../src/state/resources/resource-set.ts';
import type { PlacementStrategy } from '../../../src/state/scheduling/bundle-planning.ts';
import { CPU, classOf, shape, World } from '../../support/scheduling.ts';

const GROUP = 'abc123';
const ONE = { CPU: 1 };
const TWO = { CPU: 2 };
const isInvalid = (error: unknown) => error instanceof InvalidArgumentError;

function create(
  world: World,
  strategy: PlacementStrategy,
  ...bundles: readonly Readonly<Record<string, number>>[]
): boolean {
  const sets = bundles.map((bundle) => new ResourceSet(bundle));
  const { isFeasible } = world.scheduler.createPlacementGroup(GROUP, sets, strategy);
  world.run();
  return isFeasible;
}

const inGroup = (resources: Readonly<Record<string, number>>, bundleIndex?: number) =>
  classOf(resources, {
    placementGroup: { groupId: GROUP, ...(bundleIndex === undefined ? {} : { bundleIndex }) },
  });

test('each strategy on empty workers', () => {
  const cases: [PlacementStrategy, number[]][] = [
    ['PACK', [0, 0, 1]],
    ['SPREAD', [0, 1, 2]],
    ['STRICT_SPREAD', [0, 1, 2]],
  ];
  for (const [strategy, workers] of cases) {
    const world = World.of(TWO, TWO, TWO);
    assert.ok(create(world, strategy, ONE, ONE, ONE));
    assert.equal(world.ready, [{ groupId: GROUP, workers }], strategy);
  }
  const world = World.of(TWO, { CPU: 3 });
  assert.ok(create(world, 'STRICT_PACK', ONE, ONE, ONE));
  assert.equal(world.ready[0]!.workers, [1, 1, 1]);
});

test('what is strict can be impossible, and is told; it waits for workers to come', () => {
  for (const strategy of ['STRICT_PACK', 'STRICT_SPREAD'] as const) {
    const world = World.of(TWO, TWO);
    assert.not(create(world, strategy, ONE, ONE, ONE));
    assert.equal(world.ready, []);
    assert.equal(
      [0, 1].map((worker) => world.scheduler.available(worker)),
      [TWO, TWO],
    );
    world.scheduler.addWorker(2, shape({ CPU: 3 }));
    world.run();
    assert.is(world.ready.length, 1);
  }
  const world = World.of(TWO, TWO);
  assert.ok(create(world, 'SPREAD', ONE, ONE, ONE), 'which is not strict is');
  assert.equal(world.ready[0]!.workers, [0, 1, 0]);
});

test('the hard bundles find their places, in whatever order they are given', () => {
  for (const strategy of ['STRICT_SPREAD', 'SPREAD', 'PACK'] as const) {
    const world = World.of({ CPU: 1, GPU: 1 }, { CPU: 1 });
    assert.ok(create(world, strategy, ONE, { CPU: 1, GPU: 1 }));
    assert.equal(world.ready[0]!.workers, [1, 0]);
  }
});

test('all or none: it waits while there is room for a part only', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 1);
  assert.ok(create(world, 'PACK', ONE, ONE));
  assert.equal(world.ready, []);
  assert.equal(world.scheduler.available(1), ONE);
  world.scheduler.request(1, CPU, 0);
  world.give(world.of(1)[0]!);
  assert.is(world.ready.length, 1);
});

test('the bundles are the group’s alone, by wildcard and by index', () => {
  const world = World.of(TWO);
  create(world, 'PACK', ONE, ONE);
  world.ask(1, CPU, 1);
  assert.is(world.of(1).length, 0, 'nothing is left outside');
  world.ask(2, inGroup(ONE, 1), 2);
  assert.is(world.of(2).length, 1);
  world.ask(3, inGroup(ONE), 2);
  assert.is(world.of(3).length, 1);
  const names = (client: number) => [...world.of(client)[0]!.allocation.keys()].map(String).sort();
  assert.equal(names(2), [
    'CPU_group_1_abc123',
    'CPU_group_abc123',
    'bundle_group_1_abc123',
    'bundle_group_abc123',
  ]);
  assert.ok(names(3).includes('CPU_group_0_abc123'));
});

test('who asks for nothing in a group comes to its workers', () => {
  const world = World.of(ONE, TWO);
  create(world, 'STRICT_PACK', TWO);
  world.ask(1, inGroup({}), 3);
  assert.equal(world.workersOf(1), [1]);
});

test('a task that waits lends CPU within its group', () => {
  const world = World.of(TWO);
  create(world, 'PACK', ONE);
  world.ask(1, inGroup(ONE), 1);
  world.ask(2, inGroup(ONE), 1);
  world.scheduler.blocked(world.of(1)[0]!.leaseId);
  world.run();
  assert.is(world.of(2).length, 1);
  world.scheduler.unblocked(world.of(1)[0]!.leaseId);
  const { CPU: cpu, CPU_group_abc123: inGroupCpu } = world.scheduler.available(0)!;
  assert.equal([cpu, inGroupCpu], [1, -1]);
});

test('a group that is removed gives everything back once, and its leases end', () => {
  const world = World.of({ CPU: 2, GPU: 2 }, TWO);
  create(world, 'SPREAD', { CPU: 1, GPU: 1 }, ONE, ONE);
  world.ask(1, inGroup(ONE), 2);
  world.scheduler.blocked(world.of(1)[0]!.leaseId);
  world.ask(2, CPU, 1);
  assert.is(world.lose(world.scheduler.removePlacementGroup(GROUP)).length, 2);
  assert.equal(world.scheduler.removePlacementGroup(GROUP), []);
  world.scheduler.request(2, CPU, 0);
  world.give(world.of(2)[0]!);
  assert.equal(
    [0, 1].map((worker) => world.scheduler.available(worker)),
    [{ CPU: 2, GPU: 2 }, TWO],
  );
  assert.not(world.scheduler.feasibility(inGroup(ONE)).isFeasible);
  assert.ok(create(world, 'PACK', ONE), 'the id is free again');
});

test('one that waits can be removed', () => {
  const world = World.of(ONE);
  create(world, 'PACK', TWO);
  assert.equal(world.scheduler.removePlacementGroup(GROUP), []);
  world.scheduler.addWorker(1, shape(TWO));
  world.run();
  assert.equal(world.ready, []);
  assert.equal(world.scheduler.available(1), TWO);
});

test('bundles of a lost worker find other places, the rest stays', () => {
  const world = World.of(ONE, ONE, ONE);
  create(world, 'STRICT_SPREAD', ONE, ONE);
  world.ask(1, inGroup(ONE, 0), 1);
  world.ask(2, inGroup(ONE, 1), 1);
  assert.equal(
    world.lose(world.scheduler.removeWorker(0)).map(({ client }) => client),
    [1],
  );
  assert.equal(world.ready.at(-1)!.workers, [2, 1]);
  assert.equal(world.workersOf(1), [2]);
  assert.equal(world.workersOf(2), [1]);
  world.lose(world.scheduler.removeWorker(1));
  assert.is(world.ready.length, 2, 'there is no third worker');
  assert.is(world.scheduler.stats().waitingGroups, 1);
  assert.equal(world.workersOf(1), [2]);
});

test('tasks give way to a group that waits, after their time, as many as must', () => {
  const world = World.of(ONE, ONE, ONE);
  world.ask(1, CPU, 3);
  create(world, 'STRICT_SPREAD', ONE, ONE);
  world.run(200);
  assert.is(world.recalled.length, 2);
  world.scheduler.request(1, CPU, 1);
  for (const lease of world.recalled) world.give(lease);
  assert.is(world.ready.length, 1);
});

test('tasks that come and go do not keep a group out', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 100);
  create(world, 'STRICT_SPREAD', ONE, ONE);
  let returns = 0;
  for (; world.ready.length === 0 && returns < 20; returns++) world.give([...world.held.values()][0]!);
  assert.is(world.ready.length, 1);
});

test('what is no group is refused', () => {
  const world = World.of(ONE);
  const { scheduler } = world;
  const bundle = new ResourceSet(ONE);
  for (const bundles of [[], [new ResourceSet()], [new ResourceSet({ CPU: -1 })]]) {
    assert.throws(() => scheduler.createPlacementGroup(GROUP, bundles), isInvalid);
  }
  assert.throws(() => scheduler.createPlacementGroup('G!', [bundle]), isInvalid);
  scheduler.createPlacementGroup(GROUP, [bundle]);
  assert.throws(() => scheduler.createPlacementGroup(GROUP, [bundle]), isInvalid);
});

test.run();
