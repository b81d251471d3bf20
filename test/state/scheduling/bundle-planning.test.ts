/** Plans of bundles against all ways there are to place them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ResourceSet } from '../../../src/state/resources/resource-set.ts';
import { type PlacementStrategy, planBundles } from '../../../src/state/scheduling/bundle-planning.ts';
import { readSeed } from '../../support/random.ts';
import { instanceSet } from '../../support/resources.ts';

const STRATEGIES: readonly PlacementStrategy[] = ['PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'];

/** Every way to give each of so many bundles one of so many workers. */
function ways(bundles: number, workers: number): number[][] {
  if (bundles === 0) return [[]];
  return ways(bundles - 1, workers).flatMap((way) =>
    Array.from({ length: workers }, (_, worker) => [...way, worker]),
  );
}

function isStrict(strategy: PlacementStrategy, way: readonly number[]): boolean {
  const distinct = new Set(way).size;
  if (strategy === 'STRICT_PACK') return distinct <= 1;
  return strategy !== 'STRICT_SPREAD' || distinct === way.length;
}

const shape = fc.record({ CPU: fc.nat(4), GPU: fc.nat(2) });
const bundle = fc.record({ CPU: fc.integer({ min: 1, max: 3 }), GPU: fc.nat(1) });

test('there is a plan if and only if there is a way', () => {
  let [found, impossible] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(shape, { maxLength: 4 }),
      fc.array(bundle, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...STRATEGIES),
      (shapes, bundles, strategy) => {
        const fits = (way: readonly number[]) =>
          shapes.every(({ CPU, GPU }, worker) => {
            const own = bundles.filter((_, index) => way[index] === worker);
            const sum = (name: 'CPU' | 'GPU') => own.reduce((total, one) => total + one[name], 0);
            return sum('CPU') <= CPU && sum('GPU') <= GPU;
          });
        const expected = ways(bundles.length, shapes.length).some(
          (way) => isStrict(strategy, way) && fits(way),
        );
        const workers = shapes.map((total, worker) => ({
          worker,
          available: instanceSet(total),
          bundles: 0,
        }));
        const sets = bundles.map((one) => new ResourceSet(one));
        const plan = planBundles(sets, strategy, workers);
        assert.is(plan !== undefined, expected);
        if (plan) {
          const way = bundles.map((_, index) => plan.find(({ position }) => position === index)!.worker);
          assert.ok(isStrict(strategy, way) && fits(way));
          found++;
        } else {
          for (const { worker, available } of workers)
            assert.ok(available.equals(instanceSet(shapes[worker]!)));
          impossible++;
        }
      },
    ),
    { numRuns: 500, seed: readSeed() },
  );
  assert.ok(found > 50 && impossible > 50, `${found} and ${impossible}`);
});

test('a group that has bundles somewhere packs there, and spreads elsewhere', () => {
  const workers = () => [
    { worker: 0, available: instanceSet({ CPU: 2 }), bundles: 0 },
    { worker: 1, available: instanceSet({ CPU: 2 }), bundles: 1 },
    { worker: 2, available: instanceSet({ CPU: 2 }), bundles: 0 },
  ];
  const places = (strategy: PlacementStrategy, count: number) =>
    planBundles(
      Array.from({ length: count }, () => new ResourceSet({ CPU: 1 })),
      strategy,
      workers(),
    )?.map(({ worker }) => worker);
  assert.equal(places('PACK', 3), [1, 1, 0]);
  assert.equal(places('SPREAD', 4), [0, 2, 0, 1]);
  assert.equal(places('STRICT_SPREAD', 2), [0, 2]);
  assert.is(places('STRICT_SPREAD', 3), undefined);
  assert.equal(places('STRICT_PACK', 2), [1, 1]);
});

test('what cannot be found out in time counts as impossible', () => {
  const workers = Array.from({ length: 30 }, (_, worker) => ({
    ...{ worker, available: instanceSet({ CPU: 3 }), bundles: 0 },
  }));
  const bundles = Array.from({ length: 31 }, () => new ResourceSet({ CPU: 2 }));
  assert.is(planBundles(bundles, 'PACK', workers), undefined);
});

test.run();
