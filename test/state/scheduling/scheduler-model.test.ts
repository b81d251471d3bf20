/** Random calls against books that are added up; and how long somebody can be passed over. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PlacementStrategy } from '../../../src/state/scheduling/bundle-planning.ts';
import type { SchedulingClass } from '../../../src/state/scheduling/scheduling-class.ts';
import { randomFrom, readSeed } from '../../support/random.ts';
import { classOf, selector, World } from '../../support/scheduling.ts';
import { CLASSES_BY_KEY, QUANTUM_MS, SchedulerModel } from './scheduler-model.ts';

const GROUPS = ['a', 'b'] as const;
const SHAPES = [{ CPU: 1 }, { CPU: 1, memory: 4 }, { CPU: 4, memory: 8 }, { CPU: 2, GPU: 2 }] as const;
const CLASSES: readonly SchedulingClass[] = [
  classOf({ CPU: 1 }),
  classOf({ CPU: 0.5 }),
  classOf({ CPU: 2, memory: 1 }),
  classOf({ CPU: 1, GPU: 1 }),
  classOf({ memory: 2 }),
  classOf({}),
  classOf({ CPU: 1 }, { priority: 2 }),
  classOf({ CPU: 1 }, { labelSelector: selector({ zone: 'x' }) }),
  classOf({ CPU: 0.5 }, { isLongLived: true }),
  ...GROUPS.flatMap((groupId) => [
    classOf({ CPU: 1 }, { placementGroup: { groupId } }),
    classOf({ CPU: 0.5 }, { placementGroup: { groupId, bundleIndex: 1 } }),
    classOf({}, { placementGroup: { groupId } }),
  ]),
];
for (const schedulingClass of CLASSES) CLASSES_BY_KEY.set(schedulingClass.key, schedulingClass);

const STRATEGIES: readonly PlacementStrategy[] = ['PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'];
const number = fc.nat(1000);
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('addWorker'), which: number, flag: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeWorker'), which: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain'), which: number, flag: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('request'),
      client: fc.nat(4),
      which: number,
      wanted: fc.constantFrom(0, 1, 2, 5, 100_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('return'), which: number }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('toggle'), which: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clientGone'), client: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('group'),
      which: number,
      cpus: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
      gpu: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(2 * QUANTUM_MS) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('obey') }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

function pick<T>(items: Iterable<T>, which: number): T | undefined {
  const all = [...items];
  return all[which % Math.max(1, all.length)];
}

function apply(model: SchedulerModel, step: Command): void {
  if ('wanted' in step) {
    model.request(step.client, pick(CLASSES, step.which)!, step.wanted);
  } else if ('cpus' in step) {
    const groupId = pick(GROUPS, step.which)!;
    const bundles = step.cpus.map((CPU) => (step.gpu ? { CPU, GPU: 1 } : { CPU }));
    if (model.groups.has(groupId)) model.removeGroup(groupId);
    else model.createGroup(groupId, bundles, pick(STRATEGIES, Math.floor(step.which / 2))!);
  } else if ('ms' in step) {
    model.nowMs += step.ms;
  } else if ('client' in step) {
    model.clientGone(step.client);
  } else if (!('which' in step)) {
    for (const lease of [...model.recalled.values()]) model.giveBack(lease);
  } else if (step.kind === 'addWorker') {
    if (model.workers.size < 6) {
      model.addWorker(pick(SHAPES, step.which)!, 'flag' in step && step.flag ? { zone: 'x' } : {});
    }
  } else if (step.kind === 'return' || step.kind === 'toggle') {
    const lease = pick(model.held.values(), step.which);
    if (lease && step.kind === 'return') model.giveBack(lease);
    else if (lease) model.toggle(lease);
  } else {
    const worker = pick(model.workers.keys(), step.which);
    if (worker === undefined) return;
    if ('flag' in step) model.setDraining(worker, step.flag);
    else model.removeWorker(worker);
  }
}

test('books that are added up from what was told agree, whatever happens; at the end everything is back', () => {
  const happened = new Set<string>();
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (steps) => {
      const model = new SchedulerModel();
      for (const step of steps) {
        apply(model, step);
        model.schedule();
      }
      for (const client of new Set([...model.wishes.values()].map(({ client }) => client))) {
        model.clientGone(client);
      }
      for (const groupId of [...model.groups.keys()]) model.removeGroup(groupId);
      assert.is(model.held.size, 0);
      for (const [worker, { total }] of model.workers) {
        assert.equal(model.scheduler.available(worker), { ...total });
      }
      assert.is(model.scheduler.stats().waitingRequests, 0);
      for (const event of model.happened.keys()) happened.add(event);
    }),
    { numRuns: 300, seed: readSeed() },
  );
  const expected = ['grant', 'recall', 'group', 'group loses bundles', 'unblocked', 'claim', 'wait'];
  assert.equal(
    expected.filter((event) => !happened.has(event)),
    [],
  );
});

const fairness = fc.record({
  cpus: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  wishes: fc.array(fc.record({ client: fc.nat(3), cpus: fc.constantFrom(0.5, 1, 2, 3, 4) }), {
    minLength: 2,
    maxLength: 6,
  }),
  seed: fc.nat(),
});

/** Clients that want without end what fits into the largest worker. */
function crowd({
  cpus,
  wishes,
}: {
  cpus: readonly number[];
  wishes: readonly { client: number; cpus: number }[];
}) {
  const world = World.of(...cpus.map((CPU) => ({ CPU })));
  const largest = Math.max(...cpus);
  const all = new Map(
    wishes.map((wish) => {
      const schedulingClass = classOf({ CPU: Math.min(largest, wish.cpus) });
      return [`${wish.client} ${schedulingClass.key}`, { client: wish.client, schedulingClass }];
    }),
  );
  for (const { client, schedulingClass } of all.values()) {
    world.scheduler.request(client, schedulingClass, 100_000);
  }
  world.run();
  const leases = 2 * cpus.reduce((sum, one) => sum + one, 0);
  const without = () => {
    const having = new Set([...world.held.values()].map((lease) => `${lease.client} ${lease.classKey}`));
    return [...all.keys()].filter((key) => !having.has(key));
  };
  return { world, without, bound: (all.size + 1) * (2 * cpus.length + leases) };
}

test('who waits for what fits gets a lease after a bounded number of returns', () => {
  fc.assert(
    fc.property(fairness, (given) => {
      const { world, without, bound } = crowd(given);
      const random = randomFrom(given.seed);
      let tookNext = false;
      const waits = new Map<string, number>();
      for (let returns = 0; returns < 4 * bound; returns++) {
        // Not quite in the order of their grants, but nobody holds one for ever.
        const [oldest, next] = [...world.held.values()];
        const takesNext: boolean = !tookNext && random() < 0.5;
        world.give(takesNext && next ? next : oldest!);
        tookNext = takesNext;
        const waiting = new Set(without());
        for (const key of waits.keys()) if (!waiting.has(key)) waits.delete(key);
        for (const key of waiting) {
          const count = (waits.get(key) ?? 0) + 1;
          assert.ok(count <= 2 * bound, `${key} has waited for ${count} returns`);
          waits.set(key, count);
        }
      }
    }),
    { numRuns: 60, seed: readSeed() },
  );
});

test('who waits for what fits gets a lease in bounded time, even if leases are returned only when asked for', () => {
  fc.assert(
    fc.property(fairness, (given) => {
      const { world, without, bound } = crowd(given);
      const waits = new Map<string, number>();
      for (let round = 0; round < 2 * bound; round++) {
        world.run(QUANTUM_MS);
        for (const lease of world.recalled.splice(0)) if (world.held.has(lease.leaseId)) world.give(lease);
        const waiting = new Set(without());
        for (const key of waits.keys()) if (!waiting.has(key)) waits.delete(key);
        for (const key of waiting) {
          const count = (waits.get(key) ?? 0) + 1;
          assert.ok(count <= bound, `${key} has waited for ${count} quanta`);
          waits.set(key, count);
        }
      }
    }),
    { numRuns: 60, seed: readSeed() },
  );
});

test.run();
