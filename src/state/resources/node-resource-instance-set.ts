/**
 * What a node has of each instance of its resources, and how demands are taken from it (Ray's `NodeResourceInstanceSet`,
 * `resource_instance_set.h`). What is set apart for a placement group appears twice, as the wildcard and as bundles, and
 * whatever is taken is taken from both alike.
 */
import { InvariantError } from '../errors.ts';
import { FixedPoint, fixedPointVectorsEqual, fixedPointVectorToString } from './fixed-point.ts';
import { isValidDemand, takeInstances } from './instance-allocation.ts';
import { NodeResourceSet } from './node-resource-set.ts';
import type { ResourceSet } from './resource-set.ts';
import { ResourceId } from './scheduling-ids.ts';
import { type Allocation, type Instances, instancesOf } from './task-resource-instance-set.ts';

const NONE: Instances = Object.freeze([]);
const IMPLICIT: Instances = Object.freeze([FixedPoint.one]);

/** What is asked of one resource of a placement group. */
interface GroupDemand {
  wildcard?: ResourceId;
  bundle?: ResourceId;
}

export class NodeResourceInstanceSet {
  readonly #instances = new Map<ResourceId, Instances>();
  /** Of the placement groups' resources here the bundles, by the wildcard's id. */
  readonly #bundles = new Map<ResourceId, Set<ResourceId>>();

  /** From quantities, each divided into instances. One that is less than its unit: `InvariantError`. */
  constructor(total?: NodeResourceSet) {
    for (const id of total?.explicitResourceIds() ?? []) this.set(id, instancesOf(id, total!.get(id)));
  }

  /** What is not at its default. */
  get resources(): Allocation {
    return this.#instances;
  }

  has(id: ResourceId): boolean {
    return this.get(id).length > 0;
  }

  /** None for what is not there; a single 1 for an implicit resource. */
  get(id: ResourceId): Instances {
    return this.#instances.get(id) ?? (id.isImplicit ? IMPLICIT : NONE);
  }

  /** No instances at all: `InvariantError`. */
  set(id: ResourceId, instances: Instances): this {
    if (instances.length === 0) {
      throw new InvariantError(`resource ${id} has no instances`, { resource: id.binary() });
    }
    if (id.isImplicit && instances[0]!.equals(1)) {
      this.#instances.delete(id);
      return this;
    }
    this.#instances.set(id, [...instances]);
    if (isBundle(id)) {
      const wildcard = wildcardOf(id);
      const bundles = this.#bundles.get(wildcard);
      if (bundles) bundles.add(id);
      else this.#bundles.set(wildcard, new Set([id]));
    }
    return this;
  }

  /** Nothing happens for what is not there. */
  remove(id: ResourceId): void {
    this.#instances.delete(id);
    if (!isBundle(id)) return;
    const bundles = this.#bundles.get(wildcardOf(id));
    bundles?.delete(id);
    if (bundles?.size === 0) this.#bundles.delete(wildcardOf(id));
  }

  /** Over all instances: 0 for what is not there, 1 for an implicit resource. */
  sum(id: ResourceId): FixedPoint {
    return FixedPoint.sum(this.get(id));
  }

  get isEmpty(): boolean {
    return this.#instances.size === 0;
  }

  /** Another set with the same, to try things out on. */
  copy(): NodeResourceInstanceSet {
    const copy = new NodeResourceInstanceSet();
    for (const [id, instances] of this.#instances) copy.#instances.set(id, instances);
    for (const [wildcard, bundles] of this.#bundles) copy.#bundles.set(wildcard, new Set(bundles));
    return copy;
  }

  equals(other: NodeResourceInstanceSet): boolean {
    if (this.#instances.size !== other.resources.size) return false;
    return [...this.#instances].every(([id, instances]) =>
      fixedPointVectorsEqual(instances, other.resources.get(id) ?? NONE),
    );
  }

  /**
   * Takes all that is asked for, and says from which instances; undefined, and nothing is taken, if one demand does not fit.
   * A placement group's resource is asked for by its wildcard: alone, then the first bundle that has enough gives it; or
   * together with one bundle, then only that one. A bundle alone, or two of one group: `InvariantError`.
   */
  tryAllocate(demands: ResourceSet): Allocation | undefined {
    const groups = groupDemands(demands);
    const allocation = new Map<ResourceId, Instances>();
    const give = (): undefined => {
      for (const [id, taken] of allocation) this.free(id, taken);
    };
    for (const [id, demand] of demands.resources) {
      if (id.placementGroup) continue;
      const taken = this.tryAllocateOne(id, demand);
      if (!taken) return give();
      allocation.set(id, taken);
    }
    for (const { wildcard, bundle } of groups) {
      const candidates = bundle ? [bundle] : (this.#bundles.get(wildcard) ?? []);
      const found = this.#takeFromFirst(candidates, demands.get(bundle ?? wildcard));
      if (!found) return give();
      allocation.set(found.id, found.taken);
      this.#allocateWithReference(wildcard, found.taken);
      allocation.set(wildcard, found.taken);
    }
    return allocation;
  }

  /** Takes this much of one resource, and says from which instances; undefined, and nothing is taken, if it does not fit. */
  tryAllocateOne(id: ResourceId, demand: FixedPoint): Instances | undefined {
    if (!isValidDemand(demand, isUnitInstance(id))) return undefined;
    const taking = takeInstances(this.get(id), demand);
    if (!taking) return undefined;
    this.set(id, taking.rest);
    return taking.taken;
  }

  /** Whether there is enough of each, the resources of placement groups taken as they are. */
  canAllocate(demands: ResourceSet): boolean {
    for (const [id, demand] of demands.resources) {
      if (!isValidDemand(demand, isUnitInstance(id)) || !takeInstances(this.get(id), demand)) return false;
    }
    return true;
  }

  /** Gives back what was taken. Another number of instances than there are: `InvariantError`. */
  free(id: ResourceId, taken: Instances): void {
    const available = this.#sameLength(id, taken);
    this.set(
      id,
      available.map((value, index) => value.plus(taken[index]!)),
    );
  }

  /** Adds to each instance, and new ones if there are more of them. Of an implicit resource: `InvariantError`. */
  add(id: ResourceId, instances: Instances): void {
    if (id.isImplicit) throw new InvariantError(`resource ${id} is implicit`, { resource: id.binary() });
    const available = this.get(id);
    const length = Math.max(available.length, instances.length);
    this.set(
      id,
      Array.from({ length }, (_, index) =>
        (available[index] ?? FixedPoint.zero).plus(instances[index] ?? FixedPoint.zero),
      ),
    );
  }

  /**
   * Takes from each instance, and says what was missing. Below zero nothing is ever missing if that is allowed; else an
   * instance ends at 0, and one that is below already stays as it is. Another number of instances: `InvariantError`.
   */
  subtract(id: ResourceId, instances: Instances, allowGoingNegative: boolean): FixedPoint[] {
    const available = this.#sameLength(id, instances);
    const rest = [...available];
    const underflow = available.map((value, index) => {
      const wanted = instances[index]!;
      const left = value.minus(wanted);
      if (allowGoingNegative || !left.isLessThan(0)) {
        rest[index] = left;
        return FixedPoint.zero;
      }
      if (value.isLessThan(0)) return wanted;
      rest[index] = FixedPoint.zero;
      return left.negated();
    });
    this.set(id, rest);
    return underflow;
  }

  /** The sums. */
  toNodeResourceSet(): NodeResourceSet {
    return new NodeResourceSet([...this.#instances.keys()].map((id) => [id, this.sum(id)]));
  }

  toString(): string {
    const parts = [...this.#instances].map(([id, all]) => `${id}: ${fixedPointVectorToString(all)}`);
    return `{${parts.join(', ')}}`;
  }

  #takeFromFirst(
    candidates: Iterable<ResourceId>,
    demand: FixedPoint,
  ): { id: ResourceId; taken: Instances } | undefined {
    for (const id of candidates) {
      const taken = this.tryAllocateOne(id, demand);
      if (taken) return { id, taken };
    }
    return undefined;
  }

  /** Takes the same of the wildcard as was taken of a bundle. Only CPU may go below zero, lent by those who wait. */
  #allocateWithReference(id: ResourceId, taken: Instances): void {
    const available = this.#sameLength(id, taken);
    const rest = available.map((value, index) => value.minus(taken[index]!));
    if (!id.isCpu && rest.some((value, index) => value.isLessThan(0) && taken[index]!.compare(0) > 0)) {
      throw new InvariantError(`resource ${id} has less than its bundle`, { resource: id.binary() });
    }
    this.set(id, rest);
  }

  #sameLength(id: ResourceId, instances: Instances): Instances {
    const available = this.get(id);
    if (available.length === instances.length) return available;
    throw new InvariantError(`resource ${id} has ${available.length} instances, not ${instances.length}`, {
      resource: id.binary(),
      instances: available.length,
      given: instances.length,
    });
  }
}

function isBundle(id: ResourceId): boolean {
  return id.placementGroup !== undefined && id.placementGroup.bundleIndex >= 0;
}

/** Groups share the instances of the resource that they are made of. */
function isUnitInstance(id: ResourceId): boolean {
  return id.placementGroup
    ? ResourceId.of(id.placementGroup.originalResource).isUnitInstance
    : id.isUnitInstance;
}

function wildcardOf(id: ResourceId): ResourceId {
  const { originalResource, groupId } = id.placementGroup!;
  return ResourceId.of(`${originalResource}_group_${groupId}`);
}

/** The demands on placement groups' resources, one for each resource that they are made of. */
function groupDemands(demands: ResourceSet): { wildcard: ResourceId; bundle: ResourceId | undefined }[] {
  const groups = new Map<string, GroupDemand>();
  for (const id of demands.resources.keys()) {
    if (!id.placementGroup) continue;
    const { originalResource } = id.placementGroup;
    const group = groups.get(originalResource) ?? {};
    const kind = isBundle(id) ? 'bundle' : 'wildcard';
    if (group[kind]) {
      throw new InvariantError(`${group[kind]} and ${id} are asked for together`, { resource: id.binary() });
    }
    group[kind] = id;
    groups.set(originalResource, group);
  }
  return [...groups.values()].map(({ wildcard, bundle }) => {
    if (wildcard && (!bundle || wildcardOf(bundle) === wildcard)) return { wildcard, bundle };
    throw new InvariantError(`${bundle} is asked for without its placement group`, {
      resource: bundle?.binary(),
    });
  });
}
