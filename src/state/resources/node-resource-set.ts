/**
 * What a node has of each resource (Ray's `NodeResourceSet`, `resource_set.h`). What is not in it is at its default: 0, or 1
 * for implicit resources.
 */
import { FixedPoint } from './fixed-point.ts';
import {
  type QuantitiesLike,
  type QuantityLike,
  quantitiesEqual,
  quantitiesText,
  quantityEntries,
  toNumbers,
} from './quantities.ts';
import type { ResourceSet } from './resource-set.ts';
import type { ResourceId } from './scheduling-ids.ts';

function defaultOf(id: ResourceId): FixedPoint {
  return id.isImplicit ? FixedPoint.one : FixedPoint.zero;
}

export class NodeResourceSet {
  readonly #quantities = new Map<ResourceId, FixedPoint>();

  constructor(quantities: QuantitiesLike = []) {
    for (const [id, value] of quantityEntries(quantities)) this.set(id, value);
  }

  /** What is not at its default. Do not change the set meanwhile. */
  get resources(): ReadonlyMap<ResourceId, FixedPoint> {
    return this.#quantities;
  }

  get(id: ResourceId): FixedPoint {
    return this.#quantities.get(id) ?? defaultOf(id);
  }

  /** The default takes it out. */
  set(id: ResourceId, value: QuantityLike): this {
    const quantity = FixedPoint.of(value);
    if (quantity.equals(defaultOf(id))) this.#quantities.delete(id);
    else this.#quantities.set(id, quantity);
    return this;
  }

  /** Whether the quantity is not 0: every node has the implicit resources. */
  has(id: ResourceId): boolean {
    return !this.get(id).isZero;
  }

  /** Ray's `-=`. */
  subtract(other: ResourceSet): this {
    for (const [id, value] of other.resources) this.set(id, this.get(id).minus(value));
    return this;
  }

  equals(other: NodeResourceSet): boolean {
    return quantitiesEqual(this.#quantities, other.resources);
  }

  /** Ray's `>=`: only what the other has is looked at. */
  isAtLeast(other: ResourceSet): boolean {
    for (const [id, value] of other.resources) {
      if (this.get(id).isLessThan(value)) return false;
    }
    return true;
  }

  removeNegative(): void {
    for (const [id, value] of [...this.#quantities]) {
      if (value.isLessThan(0)) this.#quantities.delete(id);
    }
  }

  /** In the order of their numbers. */
  explicitResourceIds(): ResourceId[] {
    return [...this.#quantities.keys()]
      .filter((id) => !id.isImplicit)
      .sort((one, other) => one.toInt() - other.toInt());
  }

  copy(): NodeResourceSet {
    return new NodeResourceSet(this.#quantities);
  }

  /** Ray's `GetResourceMap`: names and plain numbers. */
  getResourceMap(): Record<string, number> {
    return toNumbers(this.#quantities);
  }

  toString(): string {
    return quantitiesText(this.#quantities);
  }
}
