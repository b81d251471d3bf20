/** Numbers about a scheduler, for people and for those who add and remove workers. */
import type { LeaseRequest } from './lease.ts';
import type { PlacementGroup } from './placement-groups.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** What waits: so many times these resources, under these labels. */
export interface Demand {
  /** Of the class; of a placement group its id. */
  readonly key: string;
  readonly resources: Readonly<Record<string, number>>;
  /** The first selector, as users write it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly count: number;
  /** Bundles, which must all have places at once. */
  readonly isGroup: boolean;
}

/** Counts of what there is now, and of what there ever was. */
export interface SchedulerStats {
  readonly workers: number;
  readonly drainingWorkers: number;
  readonly claimedWorkers: number;
  readonly leases: number;
  readonly blockedLeases: number;
  /** Asked to be returned, and not returned yet. */
  readonly recalledLeases: number;
  /** Clients' classes that wait, ... */
  readonly waitingRequests: number;
  /** ... and the leases that they wait for. */
  readonly waitingLeases: number;
  readonly groups: number;
  readonly waitingGroups: number;
  readonly grantedTotal: number;
  readonly endedTotal: number;
  readonly recalledTotal: number;
}

/** What the numbers are taken from. */
export interface StatsSource {
  readonly ledgers: Iterable<WorkerLedger>;
  readonly waiting: readonly LeaseRequest[];
  readonly groups: Iterable<PlacementGroup>;
  readonly leases: number;
  readonly recalled: number;
  readonly grantedTotal: number;
  readonly endedTotal: number;
  readonly recalledTotal: number;
}

export function statsOf(source: StatsSource): SchedulerStats {
  const ledgers = [...source.ledgers];
  const groups = [...source.groups];
  const count = (predicate: (ledger: WorkerLedger) => boolean) => ledgers.filter(predicate).length;
  return {
    workers: ledgers.length,
    drainingWorkers: count(({ isDraining }) => isDraining),
    claimedWorkers: count(({ claimant }) => claimant !== undefined),
    leases: source.leases,
    blockedLeases: ledgers.reduce(
      (sum, { leases }) => sum + [...leases].filter(({ isBlocked }) => isBlocked).length,
      0,
    ),
    recalledLeases: source.recalled,
    waitingRequests: source.waiting.length,
    waitingLeases: source.waiting.reduce((sum, { waiting }) => sum + waiting, 0),
    groups: groups.length,
    waitingGroups: groups.filter(({ isReady }) => !isReady).length,
    grantedTotal: source.grantedTotal,
    endedTotal: source.endedTotal,
    recalledTotal: source.recalledTotal,
  };
}

/** Requests of one class are one demand, whoever waits. What is asked of a placement group is set apart already. */
export function demandOf(waiting: readonly LeaseRequest[], groups: Iterable<PlacementGroup>): Demand[] {
  const demands = new Map<string, Demand>();
  for (const { schedulingClass, selectors, priority, waiting: missing } of waiting) {
    if (schedulingClass.placementGroup) continue;
    const { key, resources } = schedulingClass;
    const count = (demands.get(key)?.count ?? 0) + missing;
    const labels = selectors[0]!.toStringMap();
    demands.set(key, { key, resources: resources.getResourceMap(), labels, priority, count, isGroup: false });
  }
  const bundles = [...groups].flatMap(({ groupId, missing }) =>
    missing.map(({ resources }) => ({
      key: groupId,
      resources: resources.getResourceMap(),
      labels: {},
      priority: 0,
      count: 1,
      isGroup: true,
    })),
  );
  return [...demands.values(), ...bundles];
}
