/** Taking and giving back against a naive model: nothing is lost, nothing is given twice. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeResourceInstanceSet } from '../../../src/state/resources/node-resource-instance-set.ts';
import { ResourceSet } from '../../../src/state/resources/resource-set.ts';
import type { Allocation } from '../../../src/state/resources/task-resource-instance-set.ts';
import { readSeed } from '../../support/random.ts';
import { instanceSet, instances, type Numbers, toNumbers } from '../../support/resources.ts';

/** Quantities in units of 1/10000, by resource and instance. */
type Books = Record<string, number[]>;

/** The places that a demand may come from, in units; undefined if it does not fit. By looking at all of them. */
function naiveTake(available: number[], demand: number, isUnit: boolean): number[] | undefined {
  if (isUnit && demand > 10_000 && demand % 10_000 !== 0) return undefined;
  if (available.length === 1) return available[0]! >= demand ? [demand] : undefined;
  const taken = available.map(() => 0);
  let missing = demand;
  for (const [index, value] of available.entries()) {
    if (missing >= 10_000 && value === 10_000) {
      taken[index] = 10_000;
      missing -= 10_000;
    }
  }
  if (missing >= 10_000) return undefined;
  if (missing === 0) return taken;
  const fitting = [...available.keys()].filter((index) => taken[index] === 0 && available[index]! >= missing);
  const smallest = Math.min(...fitting.map((index) => available[index]!));
  const place = fitting.find((index) => available[index] === smallest);
  if (place === undefined) return undefined;
  taken[place] = missing;
  return taken;
}

function booksOf(set: NodeResourceInstanceSet): Books {
  return Object.fromEntries(
    [...set.resources].map(([id, all]) => [id.binary(), all.map(({ units }) => units)]),
  );
}

const quarter = fc.integer({ min: 1, max: 10 }).map((quarters) => quarters / 4);
const demands = fc
  .record({ CPU: quarter, GPU: quarter, custom: quarter }, { requiredKeys: [] })
  .filter((demand) => Object.keys(demand).length > 0);
const command = fc.oneof({ weight: 3, arbitrary: demands }, { weight: 2, arbitrary: fc.nat(9) });

test('taking and giving back agrees with a naive model, and ends where it began', () => {
  let [fits, fails] = [0, 0];
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
      const total = { CPU: 4, GPU: 3, custom: 2.5 };
      const set = instanceSet(total);
      let model = booksOf(set);
      const held: Allocation[] = [];
      const give = (allocation: Allocation) => {
        for (const [id, taken] of allocation) {
          set.free(id, taken);
          model[id.binary()] = model[id.binary()]!.map((value, index) => value + taken[index]!.units);
        }
      };
      for (const chosen of commands) {
        if (typeof chosen === 'number') {
          const [allocation] = held.splice(chosen % Math.max(1, held.length), 1);
          if (allocation) give(allocation);
        } else {
          const wanted = new ResourceSet(chosen);
          const expected = Object.entries(chosen).map(([name, demand]): [string, number[] | undefined] => [
            name,
            naiveTake(model[name]!, demand * 10_000, name === 'GPU'),
          ]);
          const isPossible = expected.every(([, taken]) => taken !== undefined);
          assert.is(set.canAllocate(wanted), isPossible);
          const allocation = set.tryAllocate(wanted);
          assert.is(allocation !== undefined, isPossible);
          if (allocation) {
            held.push(allocation);
            for (const [name, taken] of expected) {
              model = { ...model, [name]: model[name]!.map((value, index) => value - taken![index]!) };
            }
            fits++;
          } else {
            fails++;
          }
        }
        assert.equal(booksOf(set), model);
      }
      held.forEach(give);
      assert.ok(set.equals(instanceSet(total)));
    }),
    { numRuns: 300, seed: readSeed() },
  );
  assert.ok(fits > 100 && fails > 100, `${fits} and ${fails}`);
});

const GROUP = 'abc';
const wholeOrHalf = fc.constantFrom(0.5, 1, 2);
const groupDemand = fc.record({
  CPU: fc.option(wholeOrHalf, { nil: undefined }),
  GPU: fc.option(wholeOrHalf, { nil: undefined }),
  bundle: fc.option(fc.nat(2), { nil: undefined }),
});

test('in a placement group the wildcard is what its bundles have, at any time', () => {
  const start: Numbers = {
    [`CPU_group_${GROUP}`]: [6],
    [`CPU_group_0_${GROUP}`]: [1],
    [`CPU_group_1_${GROUP}`]: [2],
    [`CPU_group_2_${GROUP}`]: [3],
    [`GPU_group_${GROUP}`]: [1, 1, 1],
    [`GPU_group_0_${GROUP}`]: [1, 0, 0],
    [`GPU_group_1_${GROUP}`]: [0, 1, 1],
  };
  fc.assert(
    fc.property(fc.array(fc.oneof(groupDemand, fc.nat(9)), { maxLength: 40, size: 'max' }), (commands) => {
      const set = instances(start);
      const held: Allocation[] = [];
      for (const chosen of commands) {
        if (typeof chosen === 'number') {
          const [allocation] = held.splice(chosen % Math.max(1, held.length), 1);
          for (const [id, taken] of allocation ?? []) set.free(id, taken);
        } else {
          const wanted = Object.entries({ CPU: chosen.CPU, GPU: chosen.GPU }).flatMap(([name, demand]) => {
            if (demand === undefined) return [];
            const wildcard: [string, number] = [`${name}_group_${GROUP}`, demand];
            if (chosen.bundle === undefined) return [wildcard];
            return [wildcard, [`${name}_group_${chosen.bundle}_${GROUP}`, demand] satisfies [string, number]];
          });
          const before = toNumbers(set.resources);
          const allocation = set.tryAllocate(new ResourceSet(wanted));
          if (allocation) held.push(allocation);
          else assert.equal(toNumbers(set.resources), before);
        }
        for (const name of ['CPU', 'GPU']) {
          const all = Object.entries(toNumbers(set.resources)!).filter(([key]) => key.startsWith(name));
          const wildcard = all.find(([key]) => key === `${name}_group_${GROUP}`)![1];
          const bundles = all.filter(([key]) => key !== `${name}_group_${GROUP}`).map(([, values]) => values);
          for (const [index, value] of wildcard.entries()) {
            assert.is(
              value,
              bundles.reduce((sum, bundle) => sum + bundle[index]!, 0),
            );
          }
        }
      }
      for (const allocation of held) for (const [id, taken] of allocation) set.free(id, taken);
      assert.equal(toNumbers(set.resources), start);
    }),
    { numRuns: 300, seed: readSeed() },
  );
});

test('a copy is on its own, with the bundles of groups', () => {
  const start: Numbers = { [`CPU_group_${GROUP}`]: [1], [`CPU_group_0_${GROUP}`]: [1] };
  const set = instances(start);
  const copy = set.copy();
  const wildcard = new ResourceSet({ [`CPU_group_${GROUP}`]: 1 });
  assert.ok(copy.tryAllocate(wildcard));
  assert.is(copy.tryAllocate(wildcard), undefined);
  assert.equal(toNumbers(set.resources), start);
  assert.ok(set.tryAllocate(wildcard));
});

test.run();
