/** Quantities of resources, for instance what a task asks for (Ray, `resource_set.h`). What is not in it is 0. */
import { murmurHash64A } from '../ids/murmur-hash.ts';
import { FixedPoint } from './fixed-point.ts';
import {
  canonicalText,
  type QuantitiesLike,
  type QuantityLike,
  quantitiesEqual,
  quantitiesText,
  quantityEntries,
  toNumbers,
} from './quantities.ts';
import type { ResourceId } from './scheduling-ids.ts';

/** Negative quantities are kept, zeros are not. */
export class ResourceSet {
  readonly #quantities = new Map<ResourceId, FixedPoint>();

  constructor(quantities: QuantitiesLike = []) {
    for (const [id, value] of quantityEntries(quantities)) this.set(id, value);
  }

  /** What is in it. Do not change the set meanwhile. */
  get resources(): ReadonlyMap<ResourceId, FixedPoint> {
    return this.#quantities;
  }

  get(id: ResourceId): FixedPoint {
    return this.#quantities.get(id) ?? FixedPoint.zero;
  }

  /** 0 takes it out. */
  set(id: ResourceId, value: QuantityLike): this {
    const quantity = FixedPoint.of(value);
    if (quantity.isZero) this.#quantities.delete(id);
    else this.#quantities.set(id, quantity);
    return this;
  }

  has(id: ResourceId): boolean {
    return this.#quantities.has(id);
  }

  resourceIds(): ResourceId[] {
    return [...this.#quantities.keys()];
  }

  get size(): number {
    return this.#quantities.size;
  }

  get isEmpty(): boolean {
    return this.#quantities.size === 0;
  }

  clear(): void {
    this.#quantities.clear();
  }

  /** Ray's `+=`. */
  add(other: ResourceSet): this {
    for (const [id, value] of [...other.resources]) this.set(id, this.get(id).plus(value));
    return this;
  }

  /** Ray's `-=`. */
  subtract(other: ResourceSet): this {
    for (const [id, value] of [...other.resources]) this.set(id, this.get(id).minus(value));
    return this;
  }

  plus(other: ResourceSet): ResourceSet {
    return this.copy().add(other);
  }

  minus(other: ResourceSet): ResourceSet {
    return this.copy().subtract(other);
  }

  copy(): ResourceSet {
    return new ResourceSet(this.#quantities);
  }

  equals(other: ResourceSet): boolean {
    return quantitiesEqual(this.#quantities, other.resources);
  }

  /** Ray's `<=`: no quantity is more than the other's, of whatever either has. */
  isAtMost(other: ResourceSet): boolean {
    for (const [id, value] of this.#quantities) {
      if (value.compare(other.get(id)) > 0) return false;
    }
    for (const [id, value] of other.resources) {
      if (value.isLessThan(0) && !this.has(id)) return false;
    }
    return true;
  }

  /** Ray's `>=`. */
  isAtLeast(other: ResourceSet): boolean {
    return other.isAtMost(this);
  }

  /** A text that equal sets share, and no others: the key for a `Map` of sets. */
  get key(): string {
    return canonicalText(this.#quantities);
  }

  /** Equal sets have the same. */
  get hash(): bigint {
    return murmurHash64A(new DataView(new TextEncoder().encode(this.key).buffer));
  }

  /** Ray's `GetResourceMap`: names and plain numbers. */
  getResourceMap(): Record<string, number> {
    return toNumbers(this.#quantities);
  }

  toString(): string {
    return quantitiesText(this.#quantities);
  }
}
