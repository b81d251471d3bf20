/** What leases are asked for: tasks that need the same are of one class, and any lease of the class will do for each. */
import type { FallbackStrategy } from '../labels/fallback-strategy.ts';
import { LabelSelector } from '../labels/label-selector.ts';
import { formatPlacementGroupResource } from '../resources/placement-group-resource.ts';
import { ResourceSet } from '../resources/resource-set.ts';
import { ResourceId } from '../resources/scheduling-ids.ts';

/** A placement group, and one of its bundles or whichever has room. */
export interface GroupPlace {
  /** Lower-case hexadecimal digits. */
  readonly groupId: string;
  readonly bundleIndex?: number;
}

/** Must not change: what asks for something else has another key. */
export interface SchedulingClass {
  /** Equal keys of one client mean the same class. */
  readonly key: string;
  /** Held on the worker until the lease is returned. Whoever asks for nothing gets at most one lease of each worker. */
  readonly resources: ResourceSet;
  /** Labels that the worker must have. */
  readonly labelSelector?: LabelSelector;
  /** What will do if no worker with those labels has room. */
  readonly fallbackStrategy?: FallbackStrategy;
  /** The higher goes first; 0 by default. */
  readonly priority?: number;
  /** Never recalled: for actors, whose state lives on the worker. */
  readonly isLongLived?: boolean;
  /** Resources that were set apart, instead of free ones. */
  readonly placementGroup?: GroupPlace;
}

/** Ray's marker of each bundle: so that who asks for nothing in a group comes to its workers as well. */
export const BUNDLE_RESOURCE = 'bundle';
export const MARKERS_PER_BUNDLE = 1000;
const MARKER_DEMAND = 0.001;

export function priorityOf(schedulingClass: SchedulingClass): number {
  return schedulingClass.priority ?? 0;
}

/** What is taken of a worker: in a placement group, by the names of the group's resources (Ray's `AddPlacementGroupConstraint`). */
export function demandsOf({ resources, placementGroup }: SchedulingClass): ResourceSet {
  if (!placementGroup) return resources.copy();
  const { groupId, bundleIndex = -1 } = placementGroup;
  const demands = new ResourceSet();
  const wanted = [...resources.resources, [ResourceId.of(BUNDLE_RESOURCE), MARKER_DEMAND] as const];
  for (const [id, quantity] of wanted) {
    demands.set(ResourceId.of(formatPlacementGroupResource(id.binary(), groupId)), quantity);
    if (bundleIndex < 0) continue;
    demands.set(ResourceId.of(formatPlacementGroupResource(id.binary(), groupId, bundleIndex)), quantity);
  }
  return demands;
}

/** The selectors in the order in which they are tried. */
export function selectorsOf(schedulingClass: SchedulingClass): readonly LabelSelector[] {
  const fallbacks = schedulingClass.fallbackStrategy ?? [];
  return [
    schedulingClass.labelSelector ?? new LabelSelector(),
    ...fallbacks.map(({ labelSelector }) => labelSelector),
  ];
}
