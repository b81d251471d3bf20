/**
 * What a task has of each instance of its resources (Ray's `TaskResourceInstances`). Zeros stay, because their number says
 * how many instances there are.
 */
import { InvariantError } from '../errors.ts';
import {
  FixedPoint,
  fixedPointVectorsEqual,
  fixedPointVectorToDouble,
  fixedPointVectorToString,
} from './fixed-point.ts';
import { ResourceSet } from './resource-set.ts';
import type { ResourceId } from './scheduling-ids.ts';

/** What each instance of a resource has, the first instance first. */
export type Instances = readonly FixedPoint[];
/** What was taken of the instances of each resource. */
export type Allocation = ReadonlyMap<ResourceId, Instances>;

/** So many instances as there are units in it; one alone for resources that do not come in units. A fraction of a unit is lost. */
export function instancesOf(id: ResourceId, total: FixedPoint): FixedPoint[] {
  if (!id.isUnitInstance) return [total];
  return Array.from({ length: Math.max(0, Math.trunc(total.toNumber())) }, () => FixedPoint.one);
}

export class TaskResourceInstanceSet {
  readonly #instances = new Map<ResourceId, Instances>();

  /** From quantities, each divided into instances; or from instances. */
  constructor(resources: ResourceSet | Iterable<readonly [ResourceId, Instances]> = []) {
    if (resources instanceof ResourceSet) {
      for (const [id, total] of resources.resources) this.set(id, instancesOf(id, total));
    } else {
      for (const [id, instances] of resources) this.set(id, instances);
    }
  }

  get resources(): Allocation {
    return this.#instances;
  }

  has(id: ResourceId): boolean {
    return this.#instances.has(id);
  }

  /** Of a resource that is not in it: `InvariantError`. */
  get(id: ResourceId): Instances {
    const instances = this.#instances.get(id);
    if (instances === undefined) {
      throw new InvariantError(`there is no resource ${id}`, { resource: id.binary() });
    }
    return instances;
  }

  /** As plain numbers. Of a resource that is not in it: `InvariantError`. */
  getDouble(id: ResourceId): number[] {
    return fixedPointVectorToDouble(this.get(id));
  }

  /** No instances at all take it out. */
  set(id: ResourceId, instances: Instances): this {
    if (instances.length === 0) this.#instances.delete(id);
    else this.#instances.set(id, [...instances]);
    return this;
  }

  remove(id: ResourceId): void {
    this.#instances.delete(id);
  }

  /** Over all instances; 0 if it is not in it. */
  sum(id: ResourceId): FixedPoint {
    return FixedPoint.sum(this.#instances.get(id) ?? []);
  }

  resourceIds(): ResourceId[] {
    return [...this.#instances.keys()];
  }

  get size(): number {
    return this.#instances.size;
  }

  get isEmpty(): boolean {
    return this.#instances.size === 0;
  }

  equals(other: TaskResourceInstanceSet): boolean {
    return (
      this.size === other.size &&
      [...this.#instances].every(
        ([id, instances]) => other.has(id) && fixedPointVectorsEqual(instances, other.get(id)),
      )
    );
  }

  /** The sums. */
  toResourceSet(): ResourceSet {
    return new ResourceSet(this.resourceIds().map((id) => [id, this.sum(id)]));
  }

  toString(): string {
    const parts = [...this.#instances].map(([id, all]) => `${id}: ${fixedPointVectorToString(all)}`);
    return `{${parts.join(', ')}}`;
  }
}
