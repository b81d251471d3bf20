/** A scheduler as its clients see it: what was told, and books that are added up from that alone. */
import * as assert from 'uvu/assert';
import { ResourceSet } from '../../../src/state/resources/resource-set.ts';
import type { PlacementStrategy } from '../../../src/state/scheduling/bundle-planning.ts';
import type { Lease } from '../../../src/state/scheduling/lease.ts';
import { LeaseScheduler } from '../../../src/state/scheduling/lease-scheduler.ts';
import type { SchedulingClass } from '../../../src/state/scheduling/scheduling-class.ts';
import { shape } from '../../support/scheduling.ts';

type Quantities = Record<string, number>;

interface ModelWorker {
  readonly total: Quantities;
  readonly labels: Record<string, string>;
  isDraining: boolean;
  /** Somebody's CPU came back while others had it. */
  owes: boolean;
}

interface ModelGroup {
  readonly bundles: readonly Quantities[];
  readonly strategy: PlacementStrategy;
  /** By bundle; -1 while it has no place. */
  workers: number[];
}

const RESOURCES = ['CPU', 'memory', 'GPU'];
export const QUANTUM_MS = 100;

export class SchedulerModel {
  readonly scheduler: LeaseScheduler;
  readonly workers = new Map<number, ModelWorker>();
  readonly groups = new Map<string, ModelGroup>();
  readonly held = new Map<number, Lease>();
  readonly recalled = new Map<number, Lease>();
  readonly wishes = new Map<string, { client: number; wanted: number; schedulingClass: SchedulingClass }>();
  readonly happened = new Map<string, number>();
  nowMs = 0;
  readonly #blocked = new Set<number>();
  readonly #seen = new Set<number>();
  #workers = 0;

  constructor() {
    this.scheduler = new LeaseScheduler({
      quantumMs: QUANTUM_MS,
      onGrant: (lease) => {
        assert.not(this.#seen.has(lease.leaseId), 'granted once');
        assert.not(this.workers.get(lease.worker)!.isDraining);
        this.#seen.add(lease.leaseId);
        this.held.set(lease.leaseId, lease);
        this.#note('grant');
      },
      onRecall: (lease) => {
        assert.ok(this.held.has(lease.leaseId));
        assert.not(this.recalled.has(lease.leaseId), 'recalled once');
        assert.not(this.#classOf(lease).isLongLived);
        const isOld = this.nowMs - lease.grantedMs >= QUANTUM_MS;
        assert.ok(isOld || this.workers.get(lease.worker)!.isDraining);
        this.recalled.set(lease.leaseId, lease);
        this.#note('recall');
      },
      onGroupReady: (groupId, workers) => {
        this.groups.get(groupId)!.workers = [...workers];
        this.#note('group');
      },
    });
  }

  addWorker(total: Quantities, labels: Record<string, string>): void {
    this.workers.set(this.#workers, { total, labels, isDraining: false, owes: false });
    this.scheduler.addWorker(this.#workers++, shape(total, labels));
  }

  removeWorker(worker: number): void {
    this.#ended(this.scheduler.removeWorker(worker), (lease) => lease.worker === worker);
    this.workers.delete(worker);
    for (const group of this.groups.values()) {
      if (group.workers.includes(worker)) this.#note('group loses bundles');
      group.workers = group.workers.map((place) => (place === worker ? -1 : place));
    }
  }

  setDraining(worker: number, isDraining: boolean): void {
    this.workers.get(worker)!.isDraining = isDraining;
    this.scheduler.setDraining(worker, isDraining);
  }

  request(client: number, schedulingClass: SchedulingClass, wanted: number): void {
    this.wishes.set(`${client} ${schedulingClass.key}`, { client, wanted, schedulingClass });
    this.scheduler.request(client, schedulingClass, wanted);
  }

  giveBack(lease: Lease): void {
    assert.ok(this.scheduler.returnLease(lease.leaseId));
    assert.not(this.scheduler.returnLease(lease.leaseId));
    this.#forget(lease);
  }

  clientGone(client: number): void {
    for (const [key, wish] of this.wishes) if (wish.client === client) this.wishes.delete(key);
    this.#ended(this.scheduler.clientGone(client), (lease) => lease.client === client);
  }

  toggle(lease: Lease): void {
    if (this.#blocked.delete(lease.leaseId)) {
      assert.ok(this.scheduler.unblocked(lease.leaseId));
      this.workers.get(lease.worker)!.owes = true;
      this.#note('unblocked');
    } else {
      assert.ok(this.scheduler.blocked(lease.leaseId));
      this.#blocked.add(lease.leaseId);
    }
  }

  createGroup(groupId: string, bundles: readonly Quantities[], strategy: PlacementStrategy): void {
    const sets = bundles.map((bundle) => new ResourceSet(bundle));
    this.groups.set(groupId, { bundles, strategy, workers: bundles.map(() => -1) });
    this.scheduler.createPlacementGroup(groupId, sets, strategy);
  }

  removeGroup(groupId: string): void {
    const isOf = (lease: Lease) => this.#classOf(lease).placementGroup?.groupId === groupId;
    this.#ended(this.scheduler.removePlacementGroup(groupId), isOf);
    this.groups.delete(groupId);
  }

  schedule(): void {
    this.scheduler.schedule(this.nowMs);
    this.check();
  }

  check(): void {
    for (const [worker, { total, owes }] of this.workers) {
      const left = this.#left(worker);
      const available = this.scheduler.available(worker)!;
      for (const resource of RESOURCES) {
        assert.is(available[resource] ?? 0, left[resource], `${resource} of worker ${worker}`);
        const mayOwe = resource === 'CPU' && owes;
        assert.ok(left[resource]! >= 0 || mayOwe, `${resource} of worker ${worker}: ${left[resource]}`);
        assert.ok(left[resource]! <= (total[resource] ?? 0));
      }
      if (left.CPU! >= 0) this.workers.get(worker)!.owes = false;
    }
    for (const { strategy, workers, bundles } of this.groups.values()) {
      const placed = workers.filter((worker) => worker >= 0);
      const distinct = new Set(placed).size;
      if (strategy === 'STRICT_PACK') assert.ok(distinct <= 1);
      if (strategy === 'STRICT_SPREAD') assert.is(distinct, placed.length);
      assert.is(workers.length, bundles.length);
    }
    const stats = this.scheduler.stats();
    assert.is(stats.leases, this.held.size);
    assert.is(stats.blockedLeases, this.#blocked.size);
    assert.is(stats.recalledLeases, this.recalled.size);
    assert.is(stats.grantedTotal, this.#seen.size);
    assert.is(stats.endedTotal, this.#seen.size - this.held.size);
    if (stats.claimedWorkers > 0) this.#note('claim');
    else this.#checkNobodyWaitsInVain();
  }

  #checkNobodyWaitsInVain(): void {
    for (const { client, wanted, schedulingClass } of this.wishes.values()) {
      const { key, resources, placementGroup, labelSelector } = schedulingClass;
      const leases = [...this.held.values()].filter(
        (lease) => lease.client === client && lease.classKey === key,
      );
      if (placementGroup || leases.length >= wanted) continue;
      this.#note('wait');
      for (const [worker, { isDraining, labels }] of this.workers) {
        if (isDraining || !(labelSelector?.matches(new Map(Object.entries(labels))) ?? true)) continue;
        if (resources.isEmpty && leases.some((lease) => lease.worker === worker)) continue;
        const left = this.#left(worker);
        const hasRoom = Object.entries(resources.getResourceMap()).every(
          ([resource, demand]) => left[resource]! >= demand,
        );
        assert.not(hasRoom, `client ${client} waits for ${key}, and worker ${worker} has room`);
      }
    }
  }

  /** What a worker must have left. */
  #left(worker: number): Quantities {
    const { total } = this.workers.get(worker)!;
    const taken = [...this.held.values()]
      .filter((lease) => lease.worker === worker && !this.#classOf(lease).placementGroup)
      .map((lease) => {
        const { CPU = 0, ...others } = this.#classOf(lease).resources.getResourceMap();
        return this.#blocked.has(lease.leaseId) ? others : { CPU, ...others };
      });
    const setApart = [...this.groups.values()].flatMap(({ bundles, workers }) =>
      bundles.filter((_, index) => workers[index] === worker),
    );
    const all: Quantities[] = [...taken, ...setApart];
    return Object.fromEntries(
      RESOURCES.map((resource) => [
        resource,
        all.reduce((rest, one) => rest - (one[resource] ?? 0), total[resource] ?? 0),
      ]),
    );
  }

  #classOf(lease: Lease): SchedulingClass {
    return CLASSES_BY_KEY.get(lease.classKey)!;
  }

  #ended(leases: readonly Lease[], isExpected: (lease: Lease) => boolean): void {
    const expected = [...this.held.values()].filter(isExpected);
    const ids = (some: readonly Lease[]) => some.map(({ leaseId }) => leaseId).sort((one, two) => one - two);
    assert.equal(ids(leases), ids(expected));
    for (const lease of leases) this.#forget(lease);
  }

  #forget({ leaseId }: Lease): void {
    this.held.delete(leaseId);
    this.recalled.delete(leaseId);
    this.#blocked.delete(leaseId);
  }

  #note(event: string): void {
    this.happened.set(event, (this.happened.get(event) ?? 0) + 1);
  }
}

/** The classes of the test, by key. */
export const CLASSES_BY_KEY = new Map<string, SchedulingClass>();
