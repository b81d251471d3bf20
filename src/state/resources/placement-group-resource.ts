/**
 * Names of resources that stand for a part of a node, set apart for a placement group (Ray, `placement_group_util.h`):
 * `CPU_group_<group>`, the wildcard, is what all bundles of the group on that node have together, `CPU_group_<i>_<group>`
 * what bundle i has of it.
 */

/** What such a name says. */
export interface PlacementGroupResource {
  readonly originalResource: string;
  /** The group's id, in hexadecimal digits. */
  readonly groupId: string;
  /** -1 in the name of a wildcard. */
  readonly bundleIndex: number;
}

const WILDCARD = /^(.*)_group_([0-9a-f]+)$/s;
const INDEXED = /^(.+)_group_(\d+)_([0-9a-zA-Z]+)$/s;

/** Ray's `ParsePgFormattedResource`: undefined for any other name, and for the kind that is not asked for. */
export function parsePlacementGroupResource(
  name: string,
  kinds: { readonly wildcard: boolean; readonly indexed: boolean } = { wildcard: true, indexed: true },
): PlacementGroupResource | undefined {
  const wildcard = kinds.wildcard ? WILDCARD.exec(name) : null;
  if (wildcard) return { originalResource: wildcard[1]!, groupId: wildcard[2]!, bundleIndex: -1 };
  const indexed = kinds.indexed ? INDEXED.exec(name) : null;
  if (!indexed) return undefined;
  return { originalResource: indexed[1]!, groupId: indexed[3]!, bundleIndex: Number(indexed[2]) };
}

/** Ray's `FormatPlacementGroupResource`: without a bundle the wildcard's name. */
export function formatPlacementGroupResource(name: string, groupId: string, bundleIndex = -1): string {
  return bundleIndex < 0 ? `${name}_group_${groupId}` : `${name}_group_${bundleIndex}_${groupId}`;
}
