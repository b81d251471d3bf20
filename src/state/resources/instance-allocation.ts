/** How a demand is divided among the instances of one resource (Ray, `resource_instance_set.cc`). */
import { FixedPoint } from './fixed-point.ts';
import type { Instances } from './task-resource-instance-set.ts';

/** How a demand is met: what is taken of each instance. */
export interface InstanceTaking {
  readonly taken: Instances;
  /** What each instance has afterwards. */
  readonly rest: Instances;
}

/** Whether Ray takes such a demand at all: of unit instances a part of one, or whole ones. */
export function isValidDemand(demand: FixedPoint, isUnitInstance: boolean): boolean {
  return !isUnitInstance || demand.isLessThan(1) || demand.isWhole;
}

/**
 * Takes the demand from what there is, or undefined if it does not fit. One instance gives what it has. Of several, whole
 * ones are taken first, and what is left of the demand from the one that has the least more than that, so that the
 * others stay as whole as they are.
 */
export function takeInstances(available: Instances, demand: FixedPoint): InstanceTaking | undefined {
  if (available.length === 0) return undefined;
  if (available.length === 1) {
    const rest = available[0]!.minus(demand);
    return rest.isLessThan(0) ? undefined : { taken: [demand], rest: [rest] };
  }
  const taken = available.map(() => FixedPoint.zero);
  const rest = [...available];
  let missing = demand;
  for (let index = 0; index < rest.length && missing.isAtLeast(1); index++) {
    if (!rest[index]!.equals(1)) continue;
    taken[index] = FixedPoint.one;
    rest[index] = FixedPoint.zero;
    missing = missing.minus(1);
  }
  if (missing.isAtLeast(1)) return undefined;
  if (missing.compare(0) > 0) {
    const index = bestFit(rest, missing);
    if (index === undefined) return undefined;
    taken[index] = missing;
    rest[index] = rest[index]!.minus(missing);
  }
  return { taken, rest };
}

/** The first of the instances with the least that is enough. */
function bestFit(instances: Instances, demand: FixedPoint): number | undefined {
  let best: number | undefined;
  for (const [index, instance] of instances.entries()) {
    if (instance.isLessThan(demand)) continue;
    if (best === undefined || instance.isLessThan(instances[best]!)) best = index;
  }
  return best;
}
