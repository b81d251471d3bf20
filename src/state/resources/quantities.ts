/** What the sets of resources have in common: quantities by resource, in the forms that they can be given in. */
import { FixedPoint } from './fixed-point.ts';
import { ResourceId } from './scheduling-ids.ts';

/** A resource, or its name. */
export type ResourceLike = ResourceId | string;
/** A quantity, or a number that is converted to one. */
export type QuantityLike = FixedPoint | number;
/** `{ CPU: 1 }`, or pairs of a resource and a quantity. */
export type QuantitiesLike =
  | Readonly<Record<string, QuantityLike>>
  | Iterable<readonly [ResourceLike, QuantityLike]>;

/** The pairs of it, in order, with ids and quantities. */
export function* quantityEntries(quantities: QuantitiesLike): Generator<readonly [ResourceId, FixedPoint]> {
  for (const [resource, quantity] of isIterable(quantities) ? quantities : Object.entries(quantities)) {
    yield [typeof resource === 'string' ? ResourceId.of(resource) : resource, FixedPoint.of(quantity)];
  }
}

function isIterable(
  quantities: QuantitiesLike,
): quantities is Iterable<readonly [ResourceLike, QuantityLike]> {
  return Symbol.iterator in quantities;
}

/** `{"CPU": 1}` as an object of plain numbers. */
export function toNumbers(quantities: ReadonlyMap<ResourceId, FixedPoint>): Record<string, number> {
  return Object.fromEntries([...quantities].map(([id, value]) => [id.binary(), value.toNumber()]));
}

/** The same text for the same quantities, in whatever order they were set. */
export function canonicalText(quantities: ReadonlyMap<ResourceId, FixedPoint>): string {
  return [...quantities]
    .sort(([one], [other]) => one.toInt() - other.toInt())
    .map(([id, value]) => `${id.toInt()}:${value.units}`)
    .join();
}

/** For people. */
export function quantitiesText(quantities: ReadonlyMap<ResourceId, FixedPoint>): string {
  return `{${[...quantities].map(([id, value]) => `${id.binary()}: ${value.toNumber()}`).join(', ')}}`;
}

/** Whether the same resources have the same quantities. */
export function quantitiesEqual(
  one: ReadonlyMap<ResourceId, FixedPoint>,
  other: ReadonlyMap<ResourceId, FixedPoint>,
): boolean {
  if (one.size !== other.size) return false;
  for (const [id, value] of one) {
    if (other.get(id)?.units !== value.units) return false;
  }
  return true;
}
