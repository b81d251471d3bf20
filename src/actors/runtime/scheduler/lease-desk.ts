/**
 * The scheduler's desk for leases: turns what threads say into requests of the pure {@link LeaseScheduler}, and what that
 * decides into messages. Threads say how many leases they want beside those they hold; the scheduler counts both together.
 */
import { InfeasibleRequestError } from '../../../state/errors.ts';
import { FallbackOption } from '../../../state/labels/fallback-strategy.ts';
import { LabelSelector } from '../../../state/labels/label-selector.ts';
import { NodeResourceSet } from '../../../state/resources/node-resource-set.ts';
import { ResourceSet } from '../../../state/resources/resource-set.ts';
import type { PlacementStrategy } from '../../../state/scheduling/bundle-planning.ts';
import type { Feasibility } from '../../../state/scheduling/feasibility.ts';
import type { Lease } from '../../../state/scheduling/lease.ts';
import { LeaseScheduler } from '../../../state/scheduling/lease-scheduler.ts';
import type { SchedulerStats } from '../../../state/scheduling/scheduler-stats.ts';
import type { SchedulingClass } from '../../../state/scheduling/scheduling-class.ts';
import type { Demands } from '../link/messages.ts';

/** What the desk tells. */
export interface LeaseNews {
  granted(thread: number, classNumber: number, lease: number, worker: number): void;
  /** The worker is to close the lane of a caller's lease. */
  recalled(worker: number, lease: number, caller: number): void;
  /** What a thread's class waits for will never be. */
  infeasible(thread: number, classNumber: number, error: InfeasibleRequestError): void;
  placed(actor: number, worker: number): void;
  groupReady(group: string): void;
}

/** Workers as they are all made. */
export interface WorkerTemplate {
  readonly resources: { readonly [name: string]: number };
  readonly labels: { readonly [key: string]: string };
  readonly maxWorkers: number;
}

/** Actors are a client of their own, whose leases are never recalled. */
const ACTORS = -1;

/** One thread's wish for leases of one class and priority. */
interface Wish {
  readonly thread: number;
  readonly classNumber: number;
  readonly schedulingClass: SchedulingClass;
  held: number;
  /** Wanted beside those held. */
  missing: number;
  /** Workers that have what the next call's arguments name. */
  preferredWorkers: readonly number[];
}

export class LeaseDesk {
  readonly #news: LeaseNews;
  readonly #template: WorkerTemplate;
  readonly #after: (delayMs: number, run: () => void) => () => void;
  readonly #scheduler: LeaseScheduler;
  readonly #wishes = new Map<string, Wish>();
  /** By lease. */
  readonly #granted = new Map<number, Wish>();
  readonly #workerOf = new Map<number, number>();
  readonly #actorLeases = new Map<number, number>();
  readonly #aside = new Set<number>();
  #workers = 0;
  #stopTimer: (() => void) | undefined;

  constructor(
    news: LeaseNews,
    template: WorkerTemplate,
    after: (delayMs: number, run: () => void) => () => void,
    quantumMs: number,
  ) {
    this.#news = news;
    this.#template = template;
    this.#after = after;
    this.#scheduler = new LeaseScheduler({
      onGrant: (lease) => this.#hearGrant(lease),
      onRecall: ({ worker, leaseId, client }) => news.recalled(worker, leaseId, client),
      onGroupReady: (group) => news.groupReady(group),
      quantumMs,
    });
  }

  addWorker(worker: number): void {
    const { resources, labels } = this.#template;
    this.#scheduler.addWorker(worker, {
      resources: new NodeResourceSet(resources),
      labels: new Map(Object.entries(labels)),
    });
    this.#workers++;
  }

  /** It takes nothing new; what it has ends soon. */
  drain(worker: number): void {
    this.#scheduler.setDraining(worker);
  }

  /** It takes nothing new for a while: another worker may stand in for it. */
  standAside(worker: number, isAside: boolean): void {
    if (isAside) this.#aside.add(worker);
    else this.#aside.delete(worker);
    this.#scheduler.setDraining(worker, isAside);
  }

  /** Workers that others may stand in for. */
  get standIns(): number {
    return this.#aside.size;
  }

  /** The worker has gone, with its leases. */
  removeWorker(worker: number): void {
    const lost = this.#scheduler.removeWorker(worker);
    for (const lease of lost) this.#forget(lease.leaseId);
    this.#aside.delete(worker);
    if (this.#workers > 0) this.#workers--;
  }

  /** A thread wants so many leases more. The error says why that will never be. */
  request(
    thread: number,
    classNumber: number,
    demands: Demands,
    priority: number,
    missing: number,
    preferredWorkers: readonly number[],
  ): InfeasibleRequestError | undefined {
    // A thread has one wish for each of its classes: that of its next call's priority.
    for (const other of this.#wishes.values()) {
      if (other.thread !== thread || other.classNumber !== classNumber || other.missing === 0) continue;
      if (other.schedulingClass.priority !== priority) this.#want(other, 0);
    }
    const key = `${classNumber}:${priority}`;
    let wish = this.#wishes.get(`${thread}/${key}`);
    if (wish === undefined) {
      const schedulingClass = classOf(key, demands, priority, false);
      wish = { thread, classNumber, schedulingClass, held: 0, missing: 0, preferredWorkers };
      this.#wishes.set(`${thread}/${key}`, wish);
    }
    if (missing > 0) {
      const problem = this.#problemOf(this.#scheduler.feasibility(wish.schedulingClass, this.#spare()));
      if (problem !== undefined) return problem;
    }
    wish.preferredWorkers = preferredWorkers;
    this.#want(wish, missing);
    this.#setLeasePriorities(thread, classNumber, priority, missing === 0);
    return undefined;
  }

  /** Leases are as urgent as what their thread would run next on them; with nothing left, they are nobody's special right. */
  #setLeasePriorities(thread: number, classNumber: number, priority: number, isIdle: boolean): void {
    for (const [lease, wish] of this.#granted) {
      if (wish.thread !== thread || wish.classNumber !== classNumber) continue;
      const own = isIdle ? Math.min(0, wish.schedulingClass.priority ?? 0) : priority;
      this.#scheduler.setLeasePriority(lease, own);
    }
  }

  returnLease(lease: number): void {
    if (this.#scheduler.returnLease(lease)) this.#forget(lease);
  }

  blocked(lease: number): void {
    this.#scheduler.blocked(lease);
  }

  unblocked(lease: number): void {
    this.#scheduler.unblocked(lease);
  }

  /** A thread has gone. Its leases end when their workers say so: they may still run something of it. */
  threadGone(thread: number): void {
    for (const wish of this.#wishes.values()) if (wish.thread === thread) this.#want(wish, 0);
    for (const [lease, wish] of this.#granted) {
      if (wish.thread !== thread) continue;
      const worker = this.#workerOf.get(lease);
      if (worker !== undefined) this.#news.recalled(worker, lease, thread);
    }
  }

  /** An actor wants a worker, for as long as it lives. */
  placeActor(actor: number, demands: Demands): InfeasibleRequestError | undefined {
    const schedulingClass = classOf(actorKey(actor), demands, 0, true);
    const problem = this.#problemOf(this.#scheduler.feasibility(schedulingClass, this.#spare()));
    if (problem === undefined) this.#scheduler.request(ACTORS, schedulingClass, 1);
    return problem;
  }

  /** An actor needs its worker no more, or wants none any more. */
  releaseActor(actor: number, demands: Demands): void {
    this.#scheduler.request(ACTORS, classOf(actorKey(actor), demands, 0, true), 0);
    const lease = this.#actorLeases.get(actor);
    this.#actorLeases.delete(actor);
    if (lease !== undefined) this.#scheduler.returnLease(lease);
  }

  createGroup(
    group: string,
    bundles: readonly { readonly [name: string]: number }[],
    strategy: PlacementStrategy,
  ): InfeasibleRequestError | undefined {
    const sets = bundles.map((bundle) => new ResourceSet(bundle));
    let isKept = false;
    try {
      const feasibility = this.#scheduler.createPlacementGroup(group, sets, strategy, this.#spare());
      const problem = this.#problemOf(feasibility);
      isKept = problem === undefined;
      return problem;
    } finally {
      if (!isKept) this.#scheduler.removePlacementGroup(group);
    }
  }

  removeGroup(group: string): void {
    for (const { leaseId, worker, client } of this.#scheduler.removePlacementGroup(group)) {
      this.#news.recalled(worker, leaseId, client);
      this.#forget(leaseId);
    }
    for (const wish of this.#wishes.values()) {
      if (wish.missing === 0 || wish.schedulingClass.placementGroup?.groupId !== group) continue;
      const problem = this.#problemOf(this.#scheduler.feasibility(wish.schedulingClass));
      this.#want(wish, 0);
      if (problem !== undefined) this.#news.infeasible(wish.thread, wish.classNumber, problem);
    }
  }

  /** Grants what can be granted; by itself again when it is time to recall something. */
  schedule(): void {
    const nowMs = performance.now();
    const nextMs = this.#scheduler.schedule(nowMs);
    this.#stopTimer?.();
    this.#stopTimer =
      nextMs === undefined ? undefined : this.#after(Math.max(1, nextMs - nowMs), () => this.schedule());
  }

  /** Whether somebody waits for what one worker more could give. */
  get hasDemand(): boolean {
    return this.#scheduler.demand().length > 0;
  }

  /** Whether nobody holds a lease on a worker. */
  isIdle(worker: number): boolean {
    for (const other of this.#workerOf.values()) if (other === worker) return false;
    return true;
  }

  stats(): SchedulerStats {
    return this.#scheduler.stats();
  }

  #hearGrant(lease: Lease): void {
    const { client, classKey, leaseId, worker } = lease;
    if (client === ACTORS) {
      const actor = Number(classKey.slice(1));
      this.#actorLeases.set(actor, leaseId);
      this.#news.placed(actor, worker);
      return;
    }
    const wish = this.#wishes.get(`${client}/${classKey}`);
    if (wish === undefined) return;
    wish.held++;
    wish.missing = Math.max(0, wish.missing - 1);
    this.#granted.set(leaseId, wish);
    this.#workerOf.set(leaseId, worker);
    this.#news.granted(client, wish.classNumber, leaseId, worker);
  }

  #forget(lease: number): void {
    const wish = this.#granted.get(lease);
    this.#granted.delete(lease);
    this.#workerOf.delete(lease);
    if (wish === undefined) return;
    wish.held--;
    this.#want(wish, wish.missing);
  }

  #want(wish: Wish, missing: number): void {
    wish.missing = missing;
    this.#scheduler.request(wish.thread, wish.schedulingClass, wish.held + missing, wish.preferredWorkers);
    if (wish.held + missing === 0) this.#wishes.delete(`${wish.thread}/${wish.schedulingClass.key}`);
  }

  /** Workers that could still be added. */
  #spare() {
    const { resources, labels, maxWorkers } = this.#template;
    return {
      resources: new NodeResourceSet(resources),
      labels: new Map(Object.entries(labels)),
      count: Math.max(0, maxWorkers + this.#aside.size - this.#workers),
    };
  }

  #problemOf(feasibility: Feasibility): InfeasibleRequestError | undefined {
    if (feasibility.isFeasible) return undefined;
    const { cause, needed, largest, reason } = feasibility;
    return new InfeasibleRequestError(reason, {
      cause,
      needed: JSON.stringify(needed),
      largest: JSON.stringify(largest),
    });
  }
}

const actorKey = (actor: number): string => `a${actor}`;

function classOf(key: string, demands: Demands, priority: number, isLongLived: boolean): SchedulingClass {
  const { resources, labelSelector, fallbackStrategy, placementGroup, bundle } = demands;
  return {
    key,
    resources: new ResourceSet(resources),
    labelSelector: new LabelSelector(labelSelector),
    fallbackStrategy: fallbackStrategy.map(
      (option) => new FallbackOption(new LabelSelector(option.labelSelector)),
    ),
    priority,
    isLongLived,
    ...(placementGroup === undefined
      ? {}
      : {
          placementGroup: {
            groupId: placementGroup,
            ...(bundle === undefined ? {} : { bundleIndex: bundle }),
          },
        }),
  };
}
