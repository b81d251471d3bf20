/**
 * Placement groups: bundles of resources that are set apart together, or not at all. A group whose bundles have no place
 * waits; one that loses some with their workers looks for new places for those, as in Ray.
 */
import { InvalidArgumentError } from '../errors.ts';
import { invalidArgument } from '../options.ts';
import type { ResourceSet } from '../resources/resource-set.ts';
import type { Allocation } from '../resources/task-resource-instance-set.ts';
import { type BundlePlan, type PlacementStrategy, planBundles } from './bundle-planning.ts';
import type { WorkerLedger } from './worker-ledger.ts';

const STRATEGIES: readonly PlacementStrategy[] = ['PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'];

/** One bundle, and where it is. */
export interface Bundle {
  readonly index: number;
  readonly resources: ResourceSet;
  /** What was taken for it, and of whom; undefined while it has no place. */
  place: { readonly ledger: WorkerLedger; readonly allocation: Allocation } | undefined;
}

export class PlacementGroup {
  readonly groupId: string;
  readonly strategy: PlacementStrategy;
  readonly bundles: readonly Bundle[];
  /** It was tried with all workers: only if something has come free since there may be room. */
  isStalled = false;
  /** Rounds in which others got something since it began to wait. */
  passedOver = 0;

  /** What is no group of bundles: `InvalidArgumentError`. */
  constructor(groupId: string, bundles: readonly ResourceSet[], strategy: PlacementStrategy) {
    if (!/^[0-9a-f]+$/.test(groupId))
      throw invalidArgument('groupId', groupId, 'lower-case hexadecimal digits');
    if (!STRATEGIES.includes(strategy)) {
      throw invalidArgument('strategy', strategy, `one of ${STRATEGIES.join(', ')}`);
    }
    if (bundles.length === 0) throw new InvalidArgumentError(`placement group ${groupId} has no bundles`);
    for (const [index, bundle] of bundles.entries()) {
      const isPositive = [...bundle.resources.values()].every((value) => value.compare(0) > 0);
      if (bundle.isEmpty || !isPositive) {
        throw new InvalidArgumentError(`bundle ${index} of placement group ${groupId} is ${bundle}`);
      }
    }
    this.groupId = groupId;
    this.strategy = strategy;
    this.bundles = bundles.map((resources, index) => ({
      index,
      resources: resources.copy(),
      place: undefined,
    }));
  }

  /** Whether all bundles have places. */
  get isReady(): boolean {
    return this.bundles.every(({ place }) => place !== undefined);
  }

  get missing(): readonly Bundle[] {
    return this.bundles.filter(({ place }) => place === undefined);
  }

  /** For each bundle its worker, once it is ready. */
  get workers(): readonly number[] {
    return this.bundles.flatMap(({ place }) => (place ? [place.ledger.worker] : []));
  }

  bundlesOn(ledger: WorkerLedger): Bundle[] {
    return this.bundles.filter(({ place }) => place?.ledger === ledger);
  }

  /**
   * Where the bundles that have no place could go, given what each worker would have for them. That is the planner's to
   * take from. Workers that are not open to the group are left out.
   */
  plan(
    ledgers: Iterable<WorkerLedger>,
    availableOf: (ledger: WorkerLedger) => WorkerLedger['available'],
  ): BundlePlan | undefined {
    const usesUnits = this.missing.some(({ resources }) =>
      resources.resourceIds().some((id) => id.isUnitInstance),
    );
    const open = [...ledgers]
      .filter((ledger) => ledger.isOpenTo(this, 0))
      .sort(
        (one, other) =>
          (usesUnits ? 0 : Number(one.hasUnits) - Number(other.hasUnits)) ||
          one.utilization - other.utilization ||
          one.worker - other.worker,
      );
    return planBundles(
      this.missing.map(({ resources }) => resources),
      this.strategy,
      open.map((ledger) => ({
        worker: ledger.worker,
        available: availableOf(ledger),
        bundles: this.bundlesOn(ledger).length,
      })),
    );
  }

  /** Takes places for all bundles that have none, or none at all. */
  place(ledgers: ReadonlyMap<number, WorkerLedger>): boolean {
    const plan = this.plan(ledgers.values(), (ledger) => ledger.available.copy());
    if (!plan) return false;
    const { missing } = this;
    for (const { position, worker } of plan) {
      const bundle = missing[position]!;
      const ledger = ledgers.get(worker)!;
      // The plan was made with a copy of the same, in the same order.
      const allocation = ledger.take(bundle.resources)!;
      bundle.place = { ledger, allocation };
      ledger.addBundle(this.groupId, bundle.index, allocation);
    }
    return true;
  }

  /** Gives everything back. Nobody may hold any of it. Returns whose workers have more now. */
  release(): Set<WorkerLedger> {
    const ledgers = new Set(this.bundles.flatMap(({ place }) => (place ? [place.ledger] : [])));
    for (const ledger of ledgers) {
      ledger.removeBundles(
        this.groupId,
        this.bundlesOn(ledger).map(({ index, place }) => [index, place!.allocation]),
      );
    }
    for (const bundle of this.bundles) bundle.place = undefined;
    return ledgers;
  }

  /** A worker is gone, with the bundles on it. Whether there were any. */
  lose(ledger: WorkerLedger): boolean {
    const lost = this.bundlesOn(ledger);
    for (const bundle of lost) bundle.place = undefined;
    return lost.length > 0;
  }
}
