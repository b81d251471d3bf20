/** A worker's books: what it has, what is left, and who has the rest. */
import type { LabelSelector } from '../labels/label-selector.ts';
import { FixedPoint } from '../resources/fixed-point.ts';
import { NodeResourceInstanceSet } from '../resources/node-resource-instance-set.ts';
import type { NodeResourceSet } from '../resources/node-resource-set.ts';
import { formatPlacementGroupResource } from '../resources/placement-group-resource.ts';
import type { ResourceSet } from '../resources/resource-set.ts';
import { ResourceId } from '../resources/scheduling-ids.ts';
import type { Allocation } from '../resources/task-resource-instance-set.ts';
import { type LeaseRecord, partOf } from './lease.ts';
import { BUNDLE_RESOURCE, MARKERS_PER_BUNDLE } from './scheduling-class.ts';

/** What a worker has, or would have. */
export interface WorkerShape {
  readonly resources: NodeResourceSet;
  readonly labels?: ReadonlyMap<string, string>;
}

/** Ray's critical resources: what is used most of these says how busy a node is. */
const CRITICAL_RESOURCES = [ResourceId.cpu, ResourceId.memory, ResourceId.objectStoreMemory];
const NO_LABELS: ReadonlyMap<string, string> = new Map();

export class WorkerLedger {
  readonly worker: number;
  readonly total: NodeResourceInstanceSet;
  readonly labels: ReadonlyMap<string, string>;
  /** It has devices, which only those should occupy who use them. */
  readonly hasUnits: boolean;
  readonly leases = new Set<LeaseRecord>();
  /** It takes nothing new. */
  isDraining = false;
  /** Kept free for somebody who has been passed over too often. */
  claimant: object | undefined;
  /** How high the claimant's request is. */
  claimPriority = 0;
  readonly #available: NodeResourceInstanceSet;
  #utilization: number | undefined;

  constructor(worker: number, { resources, labels = NO_LABELS }: WorkerShape) {
    this.worker = worker;
    this.total = new NodeResourceInstanceSet(resources);
    this.#available = this.total.copy();
    this.labels = labels;
    this.hasUnits = [...this.total.resources.keys()].some((id) => id.isUnitInstance);
  }

  /** The highest part in use of a critical resource; above 1 when CPU that was lent is back while others have it. */
  get utilization(): number {
    this.#utilization ??= Math.max(
      0,
      ...CRITICAL_RESOURCES.map((id) => {
        const total = this.total.sum(id).toNumber();
        return total === 0 ? 0 : 1 - this.#available.sum(id).toNumber() / total;
      }),
    );
    return this.#utilization;
  }

  /** What is left, to look at. */
  get available(): NodeResourceInstanceSet {
    return this.#available;
  }

  matches(selector: LabelSelector): boolean {
    return selector.matches(this.labels);
  }

  /** Whether it may take something new for this claimant, or for one of this priority. */
  isOpenTo(claimant: object, priority: number): boolean {
    if (this.isDraining) return false;
    return this.claimant === undefined || this.claimant === claimant || this.claimPriority < priority;
  }

  /** Takes all of it, or nothing. */
  take(demands: ResourceSet): Allocation | undefined {
    const allocation = this.#available.tryAllocate(demands);
    if (allocation) this.#utilization = undefined;
    return allocation;
  }

  give(allocation: Allocation): void {
    for (const [id, taken] of allocation) this.#available.free(id, taken);
    this.#utilization = undefined;
  }

  /** Lends the CPU of an allocation to whoever may use it, ... */
  lend(allocation: Allocation): void {
    this.give(partOf(allocation, true));
  }

  /** ... and takes it back, if others have it now even below zero (Ray's rule for CPU alone). */
  takeBack(allocation: Allocation): void {
    for (const [id, taken] of partOf(allocation, true)) this.#available.subtract(id, taken, true);
    this.#utilization = undefined;
  }

  /** What was taken for a bundle becomes the resources of its group. */
  addBundle(groupId: string, bundleIndex: number, allocation: Allocation): void {
    const markers = [FixedPoint.of(MARKERS_PER_BUNDLE)];
    for (const [id, taken] of [...allocation, [ResourceId.of(BUNDLE_RESOURCE), markers] as const]) {
      this.#available.add(groupResource(id, groupId), taken);
      this.#available.set(groupResource(id, groupId, bundleIndex), taken);
    }
  }

  /** The group's resources go, and what they were made of is free again. Nobody may hold any of them. */
  removeBundles(groupId: string, bundles: Iterable<readonly [number, Allocation]>): void {
    for (const [bundleIndex, allocation] of bundles) {
      for (const id of [...allocation.keys(), ResourceId.of(BUNDLE_RESOURCE)]) {
        this.#available.remove(groupResource(id, groupId));
        this.#available.remove(groupResource(id, groupId, bundleIndex));
      }
      this.give(allocation);
    }
  }
}

function groupResource(id: ResourceId, groupId: string, bundleIndex?: number): ResourceId {
  return ResourceId.of(formatPlacementGroupResource(id.binary(), groupId, bundleIndex));
}
