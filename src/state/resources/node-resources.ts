/** A node as those see it who look for a place: what it has, what is left, its labels (Ray's `NodeResources`). */
import type { LabelSelector } from '../labels/label-selector.ts';
import { NodeResourceSet } from './node-resource-set.ts';
import { ResourceRequest } from './resource-request.ts';
import { ResourceId } from './scheduling-ids.ts';

/** What Ray takes for how busy a node is. */
const CRITICAL_RESOURCES = [ResourceId.cpu, ResourceId.memory, ResourceId.objectStoreMemory];

/** Quantities only: whether a demand fits into the instances of a resource is not known here. */
export class NodeResources {
  readonly total: NodeResourceSet;
  available: NodeResourceSet;
  labels: ReadonlyMap<string, string>;
  /** It takes no new work. */
  isDraining = false;
  /** Objects wait to be fetched: no place for what needs memory of the object store. */
  objectPullsQueued = false;

  constructor(
    total: NodeResourceSet = new NodeResourceSet(),
    labels: Iterable<readonly [string, string]> = [],
  ) {
    this.total = total;
    this.available = total.copy();
    this.labels = new Map(labels);
  }

  /** The highest part in use of CPU, memory and memory of the object store; 0 for a node that has none of them. */
  calculateCriticalResourceUtilization(): number {
    let highest = 0;
    for (const id of CRITICAL_RESOURCES) {
      const total = this.total.get(id).toNumber();
      if (total !== 0) highest = Math.max(highest, 1 - this.available.get(id).toNumber() / total);
    }
    return highest;
  }

  /** Whether the request fits now. */
  isAvailable(request: ResourceRequest, ignoreObjectPulls = false): boolean {
    if (!ignoreObjectPulls && request.requiresObjectStoreMemory && this.objectPullsQueued) return false;
    return this.hasRequiredLabels(request.labelSelector) && this.available.isAtLeast(request.resourceSet);
  }

  /** Whether the request would fit if nothing were in use. */
  isFeasible(request: ResourceRequest): boolean {
    return this.hasRequiredLabels(request.labelSelector) && this.total.isAtLeast(request.resourceSet);
  }

  hasRequiredLabels(selector: LabelSelector): boolean {
    return selector.matches(this.labels);
  }

  equals(other: NodeResources): boolean {
    return (
      this.total.equals(other.total) &&
      this.available.equals(other.available) &&
      this.labels.size === other.labels.size &&
      [...this.labels].every(([key, value]) => other.labels.get(key) === value)
    );
  }

  toString(): string {
    const labels = JSON.stringify(Object.fromEntries(this.labels));
    return `{total: ${this.total}, available: ${this.available}, labels: ${labels}}`;
  }
}

/** Ray's `ResourceMapToResourceRequest`. */
export function resourceMapToResourceRequest(
  resources: Readonly<Record<string, number>>,
  requiresObjectStoreMemory: boolean,
): ResourceRequest {
  return new ResourceRequest(resources, { requiresObjectStoreMemory });
}

/** Ray's `ResourceMapToNodeResources`. */
export function resourceMapToNodeResources(
  total: Readonly<Record<string, number>>,
  available: Readonly<Record<string, number>>,
  labels: Readonly<Record<string, string>> = {},
): NodeResources {
  const node = new NodeResources(new NodeResourceSet(total), Object.entries(labels));
  node.available = new NodeResourceSet(available);
  return node;
}
