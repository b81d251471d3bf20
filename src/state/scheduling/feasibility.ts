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
      readonly needed: QuantitiesByName;
      /** What the worker has that comes nearest, of the same resources; empty if there is none. */
      readonly largest: QuantitiesByName;
      /** For people: what is asked for, and what there is. */
      readonly reason: string;
    };

type QuantitiesByName = Readonly<Record<string, number>>;

const FEASIBLE: Feasibility = Object.freeze({ isFeasible: true });
/** What people are told of nothing. */
const NONE = 'none';
/** So many kinds of workers are told to people, no more. */
const KINDS_SHOWN = 4;

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
    const { groupId, bundleIndex } = placementGroup;
    const group = groups.get(groupId);
    const largest = largestOf(group, bundleIndex);
    if (largest.isAtLeast(resources)) return FEASIBLE;
    const needed = textOf(resources);
    const lack =
      bundleIndex === undefined
        ? `no bundle of the placement group has ${needed}`
        : `bundle ${bundleIndex} of the placement group does not have ${needed}`;
    const reason = group
      ? `${lack}; its bundles are ${listOf(group.bundles.map((bundle) => textOf(bundle.resources)))}`
      : 'the placement group was removed, or never made';
    return infeasible('placement group', resources, [largest.resources], () => reason);
  }
  const shapes = shapesOf(ledgers, template);
  const selectors = selectorsOf(schedulingClass);
  const labelled = shapes.filter(({ labels }) => matchesOne(selectors, labels));
  if (labelled.some(({ total }) => total.canAllocate(resources))) return FEASIBLE;
  if (labelled.length > 0 || shapes.length === 0)
    return infeasible('resources', resources, totalsOf(labelled), (nearest) =>
      nothingBut(
        labelled.length < shapes.length ? 'no worker with its labels' : 'no worker',
        textOf(resources),
        nearest,
      ),
    );
  const wanted = selectors.map((selector) => pairsOf(Object.entries(selector.toStringMap()))).join(', or ');
  const present = listOf(shapes.map(({ labels }) => pairsOf(labels)));
  const reason = `no worker has the labels ${wanted}, and none that could be added; workers have the labels ${present}`;
  return infeasible('labels', resources, totalsOf(shapes), () => reason);
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
  const alone = demands.findIndex((demand) => !shapes.some(({ total }) => total.canAllocate(demand)));
  if (alone >= 0)
    return infeasible('resources', demands[alone]!, totalsOf(shapes), (nearest) =>
      nothingBut(
        `bundle ${alone} of the placement group fits nowhere: no worker`,
        textOf(demands[alone]!),
        nearest,
      ),
    );
  const sum = demands.slice(1).reduce((all, one) => all.plus(one), demands[0]!);
  const bundles = listOf(demands.map(textOf));
  const present = listOf(shapes.map(({ total }) => textOf(total.toNodeResourceSet())));
  const reason =
    `a ${group.strategy} placement group of ${demands.length} bundles (${bundles}) fits on no choice of workers; ` +
    `the workers that there are, and as many as could be added for it: ${shapes.length} (${present})`;
  return infeasible('resources', sum, totalsOf(shapes), () => reason);
}

function nothingBut(who: string, needed: string, nearest: QuantitiesByName): string {
  return `${who} will ever have ${needed}; the one that comes nearest has ${pairsOf(Object.entries(nearest))}`;
}

function textOf(set: { readonly resources: Quantities }): string {
  return pairsOf([...set.resources].map(([id, value]) => [id.binary(), value.toNumber()] as const));
}

function pairsOf(pairs: Iterable<readonly [string, string | number]>): string {
  return [...pairs].map(([name, value]) => `${name}: ${value}`).join(', ') || NONE;
}

/** Each kind once, with how many there are of it. */
function listOf(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const kinds = [...counts].map(([text, count]) => {
    const kind = text === NONE ? NONE : `{ ${text} }`;
    return count === 1 ? kind : `${count} times ${kind}`;
  });
  const shown = kinds.slice(0, KINDS_SHOWN).join(', ');
  return kinds.length > KINDS_SHOWN ? `${shown} and ${kinds.length - KINDS_SHOWN} other kinds` : shown;
}

function totalsOf(shapes: readonly Shape[]): Quantities[] {
  return shapes.map(({ total }) => total.toNodeResourceSet().resources);
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
  reasonOf: (nearest: QuantitiesByName) => string,
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
  return { isFeasible: false, cause, needed: needed.getResourceMap(), largest, reason: reasonOf(largest) };
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
