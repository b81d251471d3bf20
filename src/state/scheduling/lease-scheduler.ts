/**
 * Who may run tasks where. A worker, a thread, is what Ray calls a node, a lease what its raylet leases: the permission of
 * one client to run tasks of one class on one worker, one after the other. Queued tasks stay with their clients; only
 * their number, as far as it matters, comes here. Actors are leases that are never recalled.
 *
 * No clock and no thread: times are handed in, and whoever drives it calls `schedule` after changes, and at the time that
 * it answers with.
 */
import { InvalidArgumentError } from '../errors.ts';
import type { ResourceSet } from '../resources/resource-set.ts';
import type { PlacementStrategy } from './bundle-planning.ts';
import { claimForGroup, claimForRequest } from './claims.ts';
import { type Feasibility, groupFeasibility, leaseFeasibility, type WorkerTemplate } from './feasibility.ts';
import { type Lease, LeaseRecord, type LeaseRequest } from './lease.ts';
import { PlacementGroup } from './placement-groups.ts';
import { placeLease } from './placement-policy.ts';
import { chooseRecalls } from './recall.ts';
import { RequestBook } from './request-book.ts';
import { type Demand, demandOf, type SchedulerStats, statsOf } from './scheduler-stats.ts';
import type { SchedulingClass } from './scheduling-class.ts';
import { WorkerLedger, type WorkerShape } from './worker-ledger.ts';

/** What the scheduler has to say. Called by `schedule` alone, when it is done; a callback may call anything else. */
export interface LeaseSchedulerOptions {
  readonly onGrant: (lease: Lease) => void;
  /** Please return it, once its running task is done. Said once of a lease. */
  readonly onRecall: (lease: Lease) => void;
  /** All bundles have places: for each its worker. Again, when some had to move. */
  readonly onGroupReady?: (groupId: string, workers: readonly number[]) => void;
  /** How long a lease is held before it is recalled for others, in milliseconds. */
  readonly quantumMs?: number;
}

const DEFAULT_QUANTUM_MS = 100;
/** Looking for leases to recall costs more than granting some, so it is not done at each change. */
const RECALLS_PER_QUANTUM = 4;
/** Rounds in which others get something, for each worker, before somebody without a lease claims a worker. */
const PATIENCE_PER_WORKER = 2;

export class LeaseScheduler {
  readonly #options: LeaseSchedulerOptions;
  readonly #quantumMs: number;
  readonly #ledgers = new Map<number, WorkerLedger>();
  readonly #book = new RequestBook();
  readonly #leases = new Map<number, LeaseRecord>();
  readonly #groups = new Map<string, PlacementGroup>();
  readonly #recalled = new Set<LeaseRecord>();
  /** Where something has come free since everybody who waits was tried there. */
  #freed = new Map<number, WorkerLedger>();
  /** Somebody may wait who was not tried anywhere. */
  #hasNewRequests = false;
  #leaseCount = 0;
  #endedCount = 0;
  #recallCount = 0;
  #nextRecallMs = Number.NEGATIVE_INFINITY;
  /** What is to be told when the work is done. */
  #news: (() => void)[] = [];

  constructor(options: LeaseSchedulerOptions) {
    this.#options = options;
    this.#quantumMs = options.quantumMs ?? DEFAULT_QUANTUM_MS;
  }

  /** A worker that is there already: `InvalidArgumentError`. */
  addWorker(worker: number, shape: WorkerShape): void {
    if (this.#ledgers.has(worker)) throw new InvalidArgumentError(`worker ${worker} is there`, { worker });
    const ledger = new WorkerLedger(worker, shape);
    this.#ledgers.set(worker, ledger);
    this.#freed.set(worker, ledger);
  }

  /** The worker is gone: returns the leases that are lost. Bundles that were on it look for other places. */
  removeWorker(worker: number): Lease[] {
    const ledger = this.#ledgers.get(worker);
    if (!ledger) return [];
    this.#ledgers.delete(worker);
    this.#freed.delete(worker);
    const lost = [...ledger.leases];
    for (const lease of lost) this.#forget(lease);
    for (const group of this.#groups.values()) {
      if (group.lose(ledger)) group.isStalled = false;
    }
    return lost;
  }

  /** The worker takes nothing new, and its leases are recalled at the next scheduling; or it is as before. */
  setDraining(worker: number, isDraining = true): void {
    const ledger = this.#ledgers.get(worker);
    if (!ledger) return;
    ledger.isDraining = isDraining;
    this.#unclaim(ledger);
  }

  /**
   * Says how many leases of a class a client could use by now, those it has included: so a lease that is granted meanwhile
   * is not asked for twice, and one that was recalled is still wanted. 0 when there is nothing left to do. Workers that
   * have what the tasks need are preferred, in their order.
   */
  request(
    client: number,
    schedulingClass: SchedulingClass,
    wanted: number,
    preferredWorkers: readonly number[] = [],
  ): void {
    const request = this.#book.want(client, schedulingClass, wanted, preferredWorkers);
    if (request?.waiting === 0) this.#unclaimFor(request);
    else this.#hasNewRequests = true;
  }

  /** What the client would do with a lease next is of another priority than before: from now on that decides who may recall it. */
  setLeasePriority(leaseId: number, priority: number): void {
    const lease = this.#leases.get(leaseId);
    if (lease) lease.priority = priority;
  }

  /** The client is done with it. False for a lease that has ended already. */
  returnLease(leaseId: number): boolean {
    const lease = this.#leases.get(leaseId);
    if (lease) this.#end(lease);
    return lease !== undefined;
  }

  /** The client is gone: returns the leases that have ended with it. Nothing of it is left. */
  clientGone(client: number): Lease[] {
    const owner = this.#book.clients.get(client);
    const requests = [...(owner?.requests.values() ?? [])];
    const ended = requests.flatMap(({ leases }) => [...leases]);
    for (const request of requests) {
      this.#book.want(client, request.schedulingClass, 0, []);
      this.#unclaimFor(request);
    }
    for (const lease of ended) this.#end(lease);
    return ended;
  }

  /** Its task waits for others: they may use its CPU meanwhile. False if it has ended, or waits already. */
  blocked(leaseId: number): boolean {
    const lease = this.#leases.get(leaseId);
    if (!lease || lease.isBlocked) return false;
    lease.isBlocked = true;
    const ledger = this.#ledgers.get(lease.worker)!;
    ledger.lend(lease.allocation);
    this.#freed.set(ledger.worker, ledger);
    return true;
  }

  /** It goes on, and has its CPU again, even if others have it too. False if it has ended, or does not wait. */
  unblocked(leaseId: number): boolean {
    const lease = this.#leases.get(leaseId);
    if (!lease?.isBlocked) return false;
    lease.isBlocked = false;
    this.#ledgers.get(lease.worker)!.takeBack(lease.allocation);
    return true;
  }

  /**
   * Sets resources apart, all bundles or none, as soon as there is room; `onGroupReady` tells. Says whether that can ever
   * be; it waits in any case, for workers may come. A group that is there, or no bundles: `InvalidArgumentError`.
   */
  createPlacementGroup(
    groupId: string,
    bundles: readonly ResourceSet[],
    strategy: PlacementStrategy = 'PACK',
    template?: WorkerTemplate,
  ): Feasibility {
    if (this.#groups.has(groupId)) {
      throw new InvalidArgumentError(`placement group ${groupId} is there`, { groupId });
    }
    const group = new PlacementGroup(groupId, bundles, strategy);
    this.#groups.set(groupId, group);
    return groupFeasibility(group, this.#ledgers.values(), template);
  }

  /** Gives everything back. Returns the leases that had a part of it and have ended, as tasks of a removed group do in Ray. */
  removePlacementGroup(groupId: string): Lease[] {
    const group = this.#groups.get(groupId);
    if (!group) return [];
    this.#groups.delete(groupId);
    const ended = [...this.#leases.values()].filter(
      ({ request }) => request.schedulingClass.placementGroup?.groupId === groupId,
    );
    for (const lease of ended) this.#end(lease);
    for (const ledger of group.release()) this.#freed.set(ledger.worker, ledger);
    this.#unclaimFor(group);
    return ended;
  }

  /**
   * Grants what it can, and recalls what must be. Returns when it should be called again even if nothing changes, in
   * milliseconds; undefined if that is never.
   */
  schedule(nowMs: number): number | undefined {
    let granted = this.#placeGroups();
    // A grant may end a claim, and so make room for those who were tried before.
    while (this.#freed.size > 0 || this.#hasNewRequests) {
      const freed = this.#freed;
      this.#freed = new Map();
      this.#hasNewRequests = false;
      granted += this.#grant(nowMs, freed);
    }
    const waiting = this.#book.waiting().flat(2);
    if (granted > 0) this.#claim(waiting);
    this.#drain();
    const nextMs = this.#recall(waiting, nowMs);
    const news = this.#news;
    this.#news = [];
    for (const tell of news) tell();
    return nextMs;
  }

  /** Whether leases of this class can ever be granted, by the workers here and those that could be added. */
  feasibility(schedulingClass: SchedulingClass, template?: WorkerTemplate): Feasibility {
    return leaseFeasibility(schedulingClass, this.#ledgers.values(), this.#groups, template);
  }

  /** What waits, for those who decide how many workers there are. */
  demand(): Demand[] {
    return demandOf(this.#book.waiting().flat(2), this.#groups.values());
  }

  stats(): SchedulerStats {
    return statsOf({
      ledgers: this.#ledgers.values(),
      waiting: this.#book.waiting().flat(2),
      groups: this.#groups.values(),
      leases: this.#leases.size,
      recalled: this.#recalled.size,
      grantedTotal: this.#leaseCount,
      endedTotal: this.#endedCount,
      recalledTotal: this.#recallCount,
    });
  }

  /** What a worker has left, by resource. */
  available(worker: number): Record<string, number> | undefined {
    return this.#ledgers.get(worker)?.available.toNodeResourceSet().getResourceMap();
  }

  /** Before all leases, whatever their priority: groups are few, and many wait for each. */
  #placeGroups(): number {
    let placed = 0;
    for (const group of this.#groups.values()) {
      if (group.isReady || (group.isStalled && this.#freed.size === 0)) continue;
      group.isStalled = !group.place(this.#ledgers);
      if (group.isStalled) continue;
      placed++;
      group.passedOver = 0;
      this.#unclaimFor(group);
      for (const worker of group.workers) this.#freed.set(worker, this.#ledgers.get(worker)!);
      this.#news.push(() => this.#options.onGroupReady?.(group.groupId, group.workers));
    }
    return placed;
  }

  /** By priority, and of each priority one lease for each client in turn, until nothing fits any more. */
  #grant(nowMs: number, freed: ReadonlyMap<number, WorkerLedger>): number {
    const before = this.#leaseCount;
    for (let clients of this.#book.waiting()) {
      while (clients.length > 0)
        clients = clients.filter((requests) => this.#grantOne(requests, nowMs, freed));
    }
    return this.#leaseCount - before;
  }

  /** Grants one lease for the first of a client's requests that has room. Those without leave the list. */
  #grantOne(requests: LeaseRequest[], nowMs: number, freed: ReadonlyMap<number, WorkerLedger>): boolean {
    for (let request = requests.shift(); request; request = requests.shift()) {
      const placement = placeLease(request, request.isStalled ? freed : this.#ledgers);
      if (!placement) {
        request.isStalled = true;
        continue;
      }
      const { ledger, allocation } = placement;
      const lease = new LeaseRecord(++this.#leaseCount, request, ledger.worker, nowMs, allocation);
      this.#leases.set(lease.leaseId, lease);
      ledger.leases.add(lease);
      this.#book.granted(lease);
      this.#unclaimFor(request);
      this.#news.push(() => this.#options.onGrant(lease));
      if (request.waiting > 0) requests.push(request);
      return true;
    }
    return false;
  }

  /** Those who were passed over too often keep workers free for themselves, the one who was most often first. */
  #claim(waiting: readonly LeaseRequest[]): void {
    const groups = [...this.#groups.values()].filter(({ isReady }) => !isReady);
    const requests = waiting.filter(({ leases, asksForNothing }) => leases.size === 0 && !asksForNothing);
    const patience = PATIENCE_PER_WORKER * this.#ledgers.size;
    const all = [...groups, ...requests];
    for (const one of all) one.passedOver++;
    for (const one of all.sort((first, second) => second.passedOver - first.passedOver)) {
      if (one.passedOver <= patience) return;
      if (this.#hasClaim(one)) continue;
      if (one instanceof PlacementGroup) claimForGroup(one, this.#ledgers);
      else claimForRequest(one, this.#ledgers.values());
    }
  }

  /** Whoever drains gets back what it can. */
  #drain(): void {
    for (const ledger of this.#ledgers.values()) {
      if (!ledger.isDraining) continue;
      for (const lease of ledger.leases) {
        if (!lease.isRecalled && !lease.request.isLongLived) this.#tellRecall(lease);
      }
    }
  }

  #recall(requests: readonly LeaseRequest[], nowMs: number): number | undefined {
    const groups = [...this.#groups.values()].filter(({ isReady }) => !isReady);
    if (requests.length === 0 && groups.length === 0) return undefined;
    if (nowMs < this.#nextRecallMs) return this.#nextRecallMs;
    const [ledgers, recalled, quantumMs] = [this.#ledgers, this.#recalled, this.#quantumMs];
    const chosen = chooseRecalls({ ledgers, recalled, groups, requests, nowMs, quantumMs });
    for (const lease of chosen) {
      this.#tellRecall(lease);
      this.#book.recalled(lease);
    }
    this.#nextRecallMs = nowMs + quantumMs / RECALLS_PER_QUANTUM;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { isRecalled, request, grantedMs } of this.#leases.values()) {
      const isYoung = !isRecalled && !request.isLongLived && nowMs - grantedMs < quantumMs;
      if (isYoung) dueMs = Math.min(dueMs, grantedMs + quantumMs);
    }
    return dueMs === Number.POSITIVE_INFINITY ? undefined : Math.max(dueMs, this.#nextRecallMs);
  }

  #tellRecall(lease: LeaseRecord): void {
    lease.isRecalled = true;
    this.#recalled.add(lease);
    this.#recallCount++;
    this.#news.push(() => this.#options.onRecall(lease));
  }

  #end(lease: LeaseRecord): void {
    const ledger = this.#ledgers.get(lease.worker)!;
    ledger.give(lease.held);
    ledger.leases.delete(lease);
    this.#freed.set(ledger.worker, ledger);
    this.#forget(lease);
  }

  #forget(lease: LeaseRecord): void {
    this.#leases.delete(lease.leaseId);
    this.#recalled.delete(lease);
    this.#endedCount++;
    this.#book.ended(lease);
    // It may be wanted again, and wait from now on.
    this.#hasNewRequests = true;
  }

  #hasClaim(claimant: object): boolean {
    return [...this.#ledgers.values()].some((ledger) => ledger.claimant === claimant);
  }

  #unclaimFor(claimant: object): void {
    for (const ledger of this.#ledgers.values()) {
      if (ledger.claimant === claimant) this.#unclaim(ledger);
    }
  }

  #unclaim(ledger: WorkerLedger): void {
    ledger.claimant = undefined;
    this.#freed.set(ledger.worker, ledger);
  }
}
