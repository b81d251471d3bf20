/** What can never be granted, and how that is told. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FallbackOption } from '../../../src/state/labels/fallback-strategy.ts';
import { ResourceSet } from '../../../src/state/resources/resource-set.ts';
import type { Feasibility } from '../../../src/state/scheduling/feasibility.ts';
import { CPU, classOf, selector, shape, World } from '../../support/scheduling.ts';

const reasonOf = (answer: Feasibility): string => {
  assert.not(answer.isFeasible);
  return answer.isFeasible ? '' : answer.reason;
};

const template = (resources: Readonly<Record<string, number>>, count = 1) => ({
  ...shape(resources, { zone: 'new' }),
  count,
});

test('what is only busy is feasible', () => {
  const world = World.of({ CPU: 1 });
  world.ask(1, CPU, 1);
  assert.equal(world.scheduler.feasibility(CPU), { isFeasible: true });
});

test('resources: the worker that comes nearest is shown', () => {
  const world = World.of({ CPU: 4 }, { CPU: 1, GPU: 2 }, {});
  const answer = world.scheduler.feasibility(classOf({ CPU: 2, GPU: 2 }));
  assert.equal(answer, {
    isFeasible: false,
    cause: 'resources',
    needed: { CPU: 2, GPU: 2 },
    largest: { CPU: 1, GPU: 2 },
    reason: 'no worker will ever have CPU: 2, GPU: 2; the one that comes nearest has CPU: 1, GPU: 2',
  });
});

test('a part of a device beyond the first never fits', () => {
  const world = World.of({ GPU: 4 });
  assert.ok(world.scheduler.feasibility(classOf({ GPU: 0.5 })).isFeasible);
  assert.not(world.scheduler.feasibility(classOf({ GPU: 1.5 })).isFeasible);
});

test('workers that could be added count, those that drain do not', () => {
  const world = World.of({ CPU: 4 });
  const big = classOf({ CPU: 8 });
  assert.not(world.scheduler.feasibility(big).isFeasible);
  assert.ok(world.scheduler.feasibility(big, template({ CPU: 8 })).isFeasible);
  assert.not(world.scheduler.feasibility(big, template({ CPU: 8 }, 0)).isFeasible);
  world.scheduler.setDraining(0);
  assert.not(world.scheduler.feasibility(CPU).isFeasible);
  assert.equal(new World().scheduler.feasibility(CPU), {
    ...{ isFeasible: false, cause: 'resources', needed: { CPU: 1 }, largest: {} },
    reason: 'no worker will ever have CPU: 1; the one that comes nearest has none',
  });
});

test('labels, and fallbacks for them', () => {
  const world = World.of(shape({ CPU: 1 }, { zone: 'a' }));
  const picky = classOf({ CPU: 1 }, { labelSelector: selector({ zone: 'new' }) });
  const answer = world.scheduler.feasibility(picky);
  assert.ok(!answer.isFeasible && answer.cause === 'labels');
  const both = { ...picky, fallbackStrategy: [new FallbackOption(selector({ tier: '!slow', zone: 'b' }))] };
  const lack = (wanted: string) =>
    `no worker has the labels ${wanted}, and none that could be added; workers have the labels { zone: a }`;
  assert.is(reasonOf(answer), lack('zone: new'));
  assert.is(reasonOf(world.scheduler.feasibility(both)), lack('zone: new, or tier: !slow, zone: b'));
  assert.ok(world.scheduler.feasibility(picky, template({ CPU: 1 })).isFeasible);
  const fallbackStrategy = [new FallbackOption(selector({ zone: 'a' }))];
  assert.ok(world.scheduler.feasibility({ ...picky, fallbackStrategy }).isFeasible);
});

test('in a placement group its bundles decide', () => {
  const world = World.of({ CPU: 8 });
  const groupId = 'ab';
  world.scheduler.createPlacementGroup(groupId, [new ResourceSet({ CPU: 1 }), new ResourceSet({ CPU: 2 })]);
  const isFeasible = (resources: number, placementGroup: { groupId: string; bundleIndex?: number }) =>
    world.scheduler.feasibility(classOf({ CPU: resources }, { placementGroup })).isFeasible;
  assert.ok(isFeasible(2, { groupId }));
  assert.not(isFeasible(3, { groupId }));
  assert.ok(isFeasible(1, { groupId, bundleIndex: 0 }));
  assert.not(isFeasible(2, { groupId, bundleIndex: 0 }));
  assert.not(isFeasible(1, { groupId, bundleIndex: 7 }));
  assert.not(isFeasible(1, { groupId: 'cd' }));
  const reason = (resources: number, placementGroup: { groupId: string; bundleIndex?: number }) =>
    reasonOf(world.scheduler.feasibility(classOf({ CPU: resources }, { placementGroup })));
  const bundles = 'its bundles are { CPU: 1 }, { CPU: 2 }';
  assert.is(reason(3, { groupId }), `no bundle of the placement group has CPU: 3; ${bundles}`);
  assert.is(
    reason(2, { groupId, bundleIndex: 0 }),
    `bundle 0 of the placement group does not have CPU: 2; ${bundles}`,
  );
  assert.is(reason(1, { groupId: 'cd' }), 'the placement group was removed, or never made');
});

test('placement groups: by strategy, with workers that could be added', () => {
  const bundles = [1, 1, 1].map((cpus) => new ResourceSet({ CPU: cpus }));
  const create = (count: number) =>
    World.of({ CPU: 4 }).scheduler.createPlacementGroup(
      'ab',
      bundles,
      'STRICT_SPREAD',
      template({ CPU: 1 }, count),
    );
  assert.ok(create(2).isFeasible);
  assert.equal(create(1), {
    ...{ isFeasible: false, cause: 'resources', needed: { CPU: 3 }, largest: { CPU: 4 } },
    reason:
      'a STRICT_SPREAD placement group of 3 bundles (3 times { CPU: 1 }) fits on no choice of workers; ' +
      'the workers that there are, and as many as could be added for it: 2 ({ CPU: 4 }, { CPU: 1 })',
  });
  const large = World.of({ CPU: 4 }, { CPU: 2 }).scheduler.createPlacementGroup('cd', [
    new ResourceSet({ CPU: 1 }),
    new ResourceSet({ CPU: 5 }),
  ]);
  assert.is(
    reasonOf(large),
    'bundle 1 of the placement group fits nowhere: no worker will ever have CPU: 5; ' +
      'the one that comes nearest has CPU: 4',
  );
});

test.run();
