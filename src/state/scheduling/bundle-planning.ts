/** Which worker takes which bundle of a placement group. It tries things out on copies, and changes nothing else. */
import type { NodeResourceInstanceSet } from '../resources/node-resource-instance-set.ts';
import type { ResourceSet } from '../resources/resource-set.ts';

/**
 * Ray's strategies. `PACK`: on as few workers as can be; `STRICT_PACK`: on one. `SPREAD`: on as many as can be;
 * `STRICT_SPREAD`: each on another.
 */
export type PlacementStrategy = 'PACK' | 'SPREAD' | 'STRICT_PACK' | 'STRICT_SPREAD';

/** A worker to plan with. */
export interface PlanWorker {
  readonly worker: number;
  /** What it has left. It is the planner's: bundles that are planned are taken from it, if the plan succeeds. */
  readonly available: NodeResourceInstanceSet;
  /** How many bundles of the group it has already. */
  readonly bundles: number;
}

/** The bundles, by their places in the list, with their workers, in the order in which they must be taken to fit. */
export type BundlePlan = readonly { readonly position: number; readonly worker: number }[];

/** So many attempts to put a bundle somewhere; then it counts as impossible. Packing is hard, and groups are small. */
const ATTEMPTS = 20_000;

/**
 * Finds a worker for each bundle, or undefined if there is no such way. The workers come in the order in which they are to be
 * used when the strategy does not care. The first choice is as good as can be seen from one bundle to the next; if it
 * leads nowhere, others are tried.
 */
export function planBundles(
  bundles: readonly ResourceSet[],
  strategy: PlacementStrategy,
  workers: readonly PlanWorker[],
): BundlePlan | undefined {
  const plan: { position: number; worker: number }[] = [];
  const used = new Map(workers.map(({ worker, bundles }) => [worker, bundles]));
  const order = [...bundles.keys()].sort((one, other) => compareSizes(bundles[other]!, bundles[one]!));
  let attempts = 0;

  const candidates = (): readonly PlanWorker[] => {
    const taken = workers.filter(({ worker }) => used.get(worker)! > 0);
    const unused = workers.filter(({ worker }) => used.get(worker) === 0);
    switch (strategy) {
      case 'STRICT_PACK':
        return taken.length > 0 ? taken : unused;
      case 'PACK':
        return [...taken, ...unused];
      case 'STRICT_SPREAD':
        return unused;
      case 'SPREAD':
        return [...unused, ...taken.sort((one, other) => used.get(one.worker)! - used.get(other.worker)!)];
    }
  };
  const placeRest = (): boolean => {
    const position = order[plan.length];
    if (position === undefined) return true;
    for (const { worker, available } of candidates()) {
      if (++attempts > ATTEMPTS) return false;
      const allocation = available.tryAllocate(bundles[position]!);
      if (!allocation) continue;
      plan.push({ position, worker });
      used.set(worker, used.get(worker)! + 1);
      if (placeRest()) return true;
      plan.pop();
      used.set(worker, used.get(worker)! - 1);
      for (const [id, taken] of allocation) available.free(id, taken);
    }
    return false;
  };
  if (strategy === 'STRICT_SPREAD' && bundles.length > workers.length) return undefined;
  return placeRest() ? plan : undefined;
}

/** Bundles with devices are the hardest to place, then the largest. */
function compareSizes(one: ResourceSet, other: ResourceSet): number {
  const units = (set: ResourceSet) => set.resourceIds().filter((id) => id.isUnitInstance).length;
  return units(one) - units(other) || one.size - other.size || sumOf(one) - sumOf(other);
}

function sumOf(set: ResourceSet): number {
  return [...set.resources.values()].reduce((sum, value) => sum + value.toNumber(), 0);
}
