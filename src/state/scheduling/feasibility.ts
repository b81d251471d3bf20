/** Whether a request could ever be granted, with the workers that exist and those that could still be added. */
import type { LabelSelector } from '../labels/label-selector.ts';
import { NodeResourceInstanceSet } from '../resources/node-resource-instance-set.ts';
import { ResourceSet } from '../resources/resource-set.ts';
import { planBundles } from './bundle-planning.ts';
import type { PlacementGroup } from './placement-groups.ts';
import { type SchedulingClass, selectorsOf } from './scheduling-class.ts';
import type { WorkerLedger, WorkerShape } from './worker-ledger.ts';

/** Workers that an elastic pool could still add. */
export interface WorkerTemplate extends WorkerShape {
  /** How many of them. */
  readonly count: number;
}

/** Why not: no worker has these labels, or none of those has enough; or the group, or its bundle, is not there or too small. */
export type InfeasibleCause = 'labels' | 'resources' | 'placement group';

/** The answer, with what an error message needs. */
export type Feasibility =
  | { readonly isFeasible: true }
  | {
      readonly isFeasible: false;
      readonly cause: InfeasibleCause;
      /** What is asked for. Of a group, of all its bundles together. */
      readonly needed: Readonly<Record<string, number>>;
      /** What the worker has that comes nearest, of the same resources; empty if there is none. */
      readonly largest: Readonly<Record<string, number>>;
    };

const FEASIBLE: Feasibility = Object.freeze({ isFeasible: true });

interface Shape {
  readonly total: NodeResourceInstanceSet;
  readonly labels: ReadonlyMap<string, string>;
}

/** Of a lease of this class. Workers that are draining do not count. */
export function leaseFeasibility(
  schedulingClass: SchedulingClass,
  ledgers: Iterable<WorkerLedger>,
  groups: ReadonlyMap<string, PlacementGroup>,
  template?: WorkerTemplate,
): Feasibility {
  const { resources, placementGroup } = schedulingClass;
  if (placementGroup) {
    const largest = largestOf(groups.get(placementGroup.groupId), placementGroup.bundleIndex);
    return largest.isAtLeast(resources)
      ? FEASIBLE
      : infeasible('placement group', resources, [largest.resources]);
  }
  const shapes = shapesOf(ledgers, template);
  const selectors = selectorsOf(schedulingClass);
  const labelled = shapes.filter(({ labels }) => matchesOne(selectors, labels));
  const totals = (some: readonly Shape[]) => some.map(({ total }) => total.toNodeResourceSet().resources);
  if (labelled.some(({ total }) => total.canAllocate(resources))) return FEASIBLE;
  if (labelled.length > 0 || shapes.length === 0) return infeasible('resources', resources, totals(labelled));
  return infeasible('labels', resources, totals(shapes));
}

/** Of a placement group, as if nothing were in use. */
export function groupFeasibility(
  group: PlacementGroup,
  ledgers: Iterable<WorkerLedger>,
  template?: WorkerTemplate,
): Feasibility {
  const shapes = shapesOf(ledgers, template, group.bundles.length);
  const demands = group.bundles.map(({ resources }) => resources);
  const workers = shapes.map(({ total }, worker) => ({ worker, available: total.copy(), bundles: 0 }));
  if (planBundles(demands, group.strategy, workers)) return FEASIBLE;
  const sum = demands.slice(1).reduce((all, one) => all.plus(one), demands[0]!);
  return infeasible(
    'resources',
    sum,
    shapes.map(({ total }) => total.toNodeResourceSet().resources),
  );
}

/** For people: what is asked for, and what there is. */
export function infeasibleText(feasibility: Feasibility): string | undefined {
  if (feasibility.isFeasible) return undefined;
  const text = (quantities: Readonly<Record<string, number>>) =>
    Object.entries(quantities)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ') || 'nothing';
  const needed = text(feasibility.needed);
  const largest = text(feasibility.largest);
  switch (feasibility.cause) {
    case 'labels':
      return `no worker has the labels that are asked for, and none that could be added (with ${needed})`;
    case 'resources':
      return `no worker will ever have ${needed}; the one that comes nearest has ${largest}`;
    case 'placement group':
      return `the placement group has no bundle with ${needed}; the one that comes nearest has ${largest}`;
  }
}

type Quantities = ResourceSet['resources'];

/** What the bundle has; without one, of each resource what any bundle has, for each may come from another. */
function largestOf(group: PlacementGroup | undefined, bundleIndex = -1): ResourceSet {
  const largest = new ResourceSet();
  for (const { index, resources } of group?.bundles ?? []) {
    if (bundleIndex >= 0 && index !== bundleIndex) continue;
    for (const [id, value] of resources.resources) {
      if (largest.get(id).isLessThan(value)) largest.set(id, value);
    }
  }
  return largest;
}

function infeasible(
  cause: InfeasibleCause,
  needed: ResourceSet,
  candidates: readonly Quantities[],
): Feasibility {
  const names = needed.resourceIds();
  const part = (candidate: Quantities) =>
    names.reduce((sum, id) => {
      const has = candidate.get(id)?.toNumber() ?? 0;
      return sum + Math.min(1, has / needed.get(id).toNumber());
    }, 0);
  let nearest: Quantities | undefined;
  for (const candidate of candidates) {
    if (!nearest || part(candidate) > part(nearest)) nearest = candidate;
  }
  const largest = nearest
    ? Object.fromEntries(names.map((id) => [id.binary(), nearest.get(id)?.toNumber() ?? 0]))
    : {};
  return { isFeasible: false, cause, needed: needed.getResourceMap(), largest };
}

function shapesOf(ledgers: Iterable<WorkerLedger>, template?: WorkerTemplate, most = 1): Shape[] {
  const added = Math.min(template?.count ?? 0, most);
  return [
    ...[...ledgers].filter(({ isDraining }) => !isDraining),
    ...Array.from({ length: added }, () => ({
      total: new NodeResourceInstanceSet(template!.resources),
      labels: template!.labels ?? new Map(),
    })),
  ];
}

function matchesOne(selectors: readonly LabelSelector[], labels: ReadonlyMap<string, string>): boolean {
  return selectors.some((selector) => selector.matches(labels));
}
