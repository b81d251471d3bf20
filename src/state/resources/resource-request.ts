/** What a task or actor asks of the node it is to run on (Ray's `ResourceRequest`, `cluster_resource_data.h`). */
import { LabelSelector } from '../labels/label-selector.ts';
import type { FixedPoint } from './fixed-point.ts';
import type { QuantitiesLike, QuantityLike } from './quantities.ts';
import { ResourceSet } from './resource-set.ts';
import type { ResourceId } from './scheduling-ids.ts';

/** What else is asked for than quantities. */
export interface RequestConditions {
  /** It needs memory of the object store: not where objects are being fetched already. Default: false. */
  readonly requiresObjectStoreMemory?: boolean;
  /** Labels the node must have. Default: none. */
  readonly labelSelector?: LabelSelector;
}

/** Comparisons and sums are about the quantities alone, equality is about everything. */
export class ResourceRequest {
  readonly resourceSet: ResourceSet;
  readonly requiresObjectStoreMemory: boolean;
  readonly labelSelector: LabelSelector;

  constructor(resources: QuantitiesLike = [], conditions: RequestConditions = {}) {
    this.resourceSet = new ResourceSet(resources);
    this.requiresObjectStoreMemory = conditions.requiresObjectStoreMemory ?? false;
    this.labelSelector = conditions.labelSelector ?? new LabelSelector();
  }

  get(id: ResourceId): FixedPoint {
    return this.resourceSet.get(id);
  }

  /** 0 takes it out. */
  set(id: ResourceId, value: QuantityLike): this {
    this.resourceSet.set(id, value);
    return this;
  }

  has(id: ResourceId): boolean {
    return this.resourceSet.has(id);
  }

  resourceIds(): ResourceId[] {
    return this.resourceSet.resourceIds();
  }

  get size(): number {
    return this.resourceSet.size;
  }

  get isEmpty(): boolean {
    return this.resourceSet.isEmpty;
  }

  /** Takes all quantities out. */
  clear(): void {
    this.resourceSet.clear();
  }

  equals(other: ResourceRequest): boolean {
    return (
      this.resourceSet.equals(other.resourceSet) &&
      this.requiresObjectStoreMemory === other.requiresObjectStoreMemory &&
      this.labelSelector.equals(other.labelSelector)
    );
  }

  /** Ray's `<=`. */
  isAtMost(other: ResourceRequest): boolean {
    return this.resourceSet.isAtMost(other.resourceSet);
  }

  /** Ray's `>=`. */
  isAtLeast(other: ResourceRequest): boolean {
    return this.resourceSet.isAtLeast(other.resourceSet);
  }

  /** Ray's `+=`. */
  add(other: ResourceRequest): this {
    this.resourceSet.add(other.resourceSet);
    return this;
  }

  /** Ray's `-=`. */
  subtract(other: ResourceRequest): this {
    this.resourceSet.subtract(other.resourceSet);
    return this;
  }

  plus(other: ResourceRequest): ResourceRequest {
    return this.copy().add(other);
  }

  minus(other: ResourceRequest): ResourceRequest {
    return this.copy().subtract(other);
  }

  copy(): ResourceRequest {
    return new ResourceRequest(this.resourceSet.resources, this);
  }

  /** Names and plain numbers. */
  toResourceMap(): Record<string, number> {
    return this.resourceSet.getResourceMap();
  }

  toString(): string {
    return this.resourceSet.toString();
  }
}
