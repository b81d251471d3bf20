/** Short words for resources in tests: names instead of ids, plain numbers instead of quantities. */
import {
  fixedPointVectorFromDouble,
  fixedPointVectorToDouble,
} from '../../src/state/resources/fixed-point.ts';
import { NodeResourceInstanceSet } from '../../src/state/resources/node-resource-instance-set.ts';
import { NodeResourceSet } from '../../src/state/resources/node-resource-set.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import { IMPLICIT_RESOURCE_PREFIX, ResourceId } from '../../src/state/resources/scheduling-ids.ts';
import type { Allocation } from '../../src/state/resources/task-resource-instance-set.ts';

export const id = ResourceId.of;
export const vector = (...values: number[]) => fixedPointVectorFromDouble(values);
export const implicit = (name: string) => `${IMPLICIT_RESOURCE_PREFIX}${name}`;

/** `{ CPU: [1], GPU: [1, 1] }` */
export type Numbers = Readonly<Record<string, readonly number[]>>;

export function instanceSet(total: Readonly<Record<string, number>>): NodeResourceInstanceSet {
  return new NodeResourceInstanceSet(new NodeResourceSet(total));
}

export function instances(numbers: Numbers): NodeResourceInstanceSet {
  const set = new NodeResourceInstanceSet();
  for (const [name, values] of Object.entries(numbers)) set.set(id(name), vector(...values));
  return set;
}

export function toNumbers(allocation: Allocation | undefined): Numbers | undefined {
  if (allocation === undefined) return undefined;
  return Object.fromEntries(
    [...allocation].map(([resource, values]) => [resource.binary(), fixedPointVectorToDouble(values)]),
  );
}

/** What is there of one resource. */
export function left(set: NodeResourceInstanceSet, name: string): number[] {
  return fixedPointVectorToDouble(set.get(id(name)));
}

/** What is taken, or undefined. */
export function allocate(
  set: NodeResourceInstanceSet,
  demands: Readonly<Record<string, number>>,
): Numbers | undefined {
  return toNumbers(set.tryAllocate(new ResourceSet(demands)));
}
