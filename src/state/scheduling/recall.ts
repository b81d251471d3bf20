/**
 * Which leases are to be returned so that others get their turn. A lease is recalled for somebody who waits if it was held
 * for long enough, if it would make room, perhaps together with others on its worker, and if its holder has more than he:
 * the client has more leases than his, or the class more than the one he waits for. So who has no lease of a class can
 * always have one, and nobody loses a lease to somebody who has as many. Leases of a lower priority always make room,
 * those of a higher one never. Of several, those go first whose holders have most.
 */
import type { NodeResourceInstanceSet } from '../resources/node-resource-instance-set.ts';
import type { ResourceSet } from '../resources/resource-set.ts';
import type { ClientRecord, LeaseRecord, LeaseRequest } from './lease.ts';
import type { PlacementGroup } from './placement-groups.ts';
import { isOpenTo } from './placement-policy.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** What there is to choose from. */
export interface RecallSituation {
  readonly ledgers: ReadonlyMap<number, WorkerLedger>;
  /** Those were recalled before, and are still held. */
  readonly recalled: ReadonlySet<LeaseRecord>;
  /** Groups without places, and requests that wait, whose turn is first at the beginning. */
  readonly groups: readonly PlacementGroup[];
  readonly requests: readonly LeaseRequest[];
  readonly nowMs: number;
  /** How long a lease is held at least. */
  readonly quantumMs: number;
}

/** The leases to recall, each once. */
export function chooseRecalls(situation: RecallSituation): LeaseRecord[] {
  const recall = new Recall(situation);
  const { groups, requests } = situation;
  // When all that could be recalled is, nobody else has to be asked.
  for (const group of groups) if (recall.dueLeases > 0) recall.forGroup(group);
  for (const request of requests) if (recall.dueLeases > 0) recall.forRequest(request);
  return recall.chosen;
}

/** Works on copies, in which what was recalled is free already and those who wait have what is coming to them. */
class Recall {
  readonly chosen: LeaseRecord[] = [];
  /** Leases that could still be recalled for somebody. */
  dueLeases = 0;
  readonly #situation: RecallSituation;
  readonly #available = new Map<WorkerLedger, NodeResourceInstanceSet>();
  readonly #clientLeases = new Map<ClientRecord, number>();
  readonly #classLeases = new Map<LeaseRequest, number>();
  readonly #going: Set<LeaseRecord>;

  constructor(situation: RecallSituation) {
    this.#situation = situation;
    this.#going = new Set(situation.recalled);
    for (const { request } of situation.recalled) this.#count(request, -1);
    for (const { leases } of situation.ledgers.values()) {
      for (const lease of leases) if (this.#isDue(lease)) this.dueLeases++;
    }
  }

  forGroup(group: PlacementGroup): void {
    const ledgers = this.#claimedBy(group);
    if (group.plan(ledgers, (ledger) => this.#of(ledger))) return;
    const victims = (ledger: WorkerLedger) =>
      [...ledger.leases]
        .filter((lease) => this.#isDue(lease) && lease.priority <= 0)
        .sort((one, other) => this.#compare(one, other));
    const plan = group.plan(ledgers, (ledger) => freed(this.#of(ledger).copy(), victims(ledger)));
    if (!plan) return;
    const { missing } = group;
    for (const worker of new Set(plan.map((step) => step.worker))) {
      const ledger = this.#situation.ledgers.get(worker)!;
      const demands = plan
        .filter((step) => step.worker === worker)
        .map(({ position }) => missing[position]!.resources);
      const needed = fewest(this.#of(ledger), demands, victims(ledger));
      for (const lease of needed ?? []) this.#recall(lease, ledger);
      for (const demand of demands) this.#of(ledger).tryAllocate(demand);
    }
  }

  forRequest(request: LeaseRequest): void {
    // Who asks for nothing waits for no lease to come back.
    if (request.asksForNothing) return;
    for (let missing = request.waiting; missing > 0 && this.dueLeases > 0; missing--) {
      const ledger = this.#findRoom(request) ?? this.#makeRoom(request);
      if (!ledger) return;
      this.#of(ledger).tryAllocate(request.demands);
      this.#count(request, 1);
    }
  }

  #findRoom(request: LeaseRequest): WorkerLedger | undefined {
    return this.#candidates(request).find((ledger) => fits(this.#of(ledger), [request.demands]));
  }

  #makeRoom(request: LeaseRequest): WorkerLedger | undefined {
    let best: { ledger: WorkerLedger; victims: readonly LeaseRecord[] } | undefined;
    for (const ledger of this.#candidates(request)) {
      const due = [...ledger.leases]
        .filter((lease) => this.#isDue(lease) && this.#hasMore(lease, request))
        .sort((one, other) => this.#compare(one, other));
      const victims = due.length > 0 && fewest(this.#of(ledger), [request.demands], due);
      if (!victims) continue;
      const order = best
        ? victims.length - best.victims.length || this.#compare(victims[0]!, best.victims[0]!)
        : -1;
      if (order < 0) best = { ledger, victims };
    }
    for (const lease of best?.victims ?? []) this.#recall(lease, best!.ledger);
    return best?.ledger;
  }

  #candidates(request: LeaseRequest): WorkerLedger[] {
    return this.#claimedBy(request).filter(
      (ledger) => isOpenTo(request, ledger) && request.selectors.some((selector) => ledger.matches(selector)),
    );
  }

  /** Its claims, if it has some: what comes free elsewhere goes to others before it is enough. Else all workers. */
  #claimedBy(claimant: object): WorkerLedger[] {
    const all = [...this.#situation.ledgers.values()];
    const claimed = all.filter((ledger) => ledger.claimant === claimant);
    return claimed.length > 0 ? claimed : all;
  }

  #isDue(lease: LeaseRecord): boolean {
    const { nowMs, quantumMs } = this.#situation;
    return !this.#going.has(lease) && !lease.request.isLongLived && nowMs - lease.grantedMs >= quantumMs;
  }

  #hasMore({ request: holder, priority }: LeaseRecord, other: LeaseRequest): boolean {
    if (holder === other || priority > other.priority) return false;
    if (priority < other.priority) return true;
    return (
      this.#leasesOf(holder.owner) > this.#leasesOf(other.owner) ||
      this.#leasesOfClass(holder) > this.#leasesOfClass(other)
    );
  }

  /** Below zero for the one that goes first: of the lowest priority, of whoever has most, the oldest. */
  #compare(one: LeaseRecord, other: LeaseRecord): number {
    return (
      one.priority - other.priority ||
      this.#leasesOf(other.request.owner) - this.#leasesOf(one.request.owner) ||
      this.#leasesOfClass(other.request) - this.#leasesOfClass(one.request) ||
      one.grantedMs - other.grantedMs ||
      one.leaseId - other.leaseId
    );
  }

  #recall(lease: LeaseRecord, ledger: WorkerLedger): void {
    freed(this.#of(ledger), [lease]);
    this.#going.add(lease);
    this.dueLeases--;
    this.#count(lease.request, -1);
    this.chosen.push(lease);
  }

  #count(request: LeaseRequest, change: number): void {
    if (!request.isLongLived) this.#clientLeases.set(request.owner, this.#leasesOf(request.owner) + change);
    this.#classLeases.set(request, this.#leasesOfClass(request) + change);
  }

  #leasesOf(client: ClientRecord): number {
    return this.#clientLeases.get(client) ?? client.sharedLeases;
  }

  #leasesOfClass(request: LeaseRequest): number {
    return this.#classLeases.get(request) ?? request.leases.size;
  }

  #of(ledger: WorkerLedger): NodeResourceInstanceSet {
    let available = this.#available.get(ledger);
    if (!available) {
      const going = [...ledger.leases].filter((lease) => this.#situation.recalled.has(lease));
      available = freed(ledger.available.copy(), going);
      this.#available.set(ledger, available);
    }
    return available;
  }
}

/** What there is when these leases have been returned. */
export function freed(
  available: NodeResourceInstanceSet,
  leases: Iterable<LeaseRecord>,
): NodeResourceInstanceSet {
  for (const { held } of leases) for (const [id, taken] of held) available.free(id, taken);
  return available;
}

/** Whether all demands fit at once. */
export function fits(available: NodeResourceInstanceSet, demands: readonly ResourceSet[]): boolean {
  const [only] = demands;
  // Cheap, and enough to refuse: in a group it may still fit into no bundle.
  if (demands.length === 1 && !available.canAllocate(only!)) return false;
  const copy = available.copy();
  return demands.every((demand) => copy.tryAllocate(demand) !== undefined);
}

/** The first of these leases whose return makes the demands fit, without those that turn out not to matter. */
function fewest(
  available: NodeResourceInstanceSet,
  demands: readonly ResourceSet[],
  leases: readonly LeaseRecord[],
): readonly LeaseRecord[] | undefined {
  const count = leases.findIndex((_, index) =>
    fits(freed(available.copy(), leases.slice(0, index + 1)), demands),
  );
  if (count < 0) return fits(available, demands) ? [] : undefined;
  let needed = leases.slice(0, count + 1);
  for (const lease of needed) {
    const without = needed.filter((other) => other !== lease);
    if (fits(freed(available.copy(), without), demands)) needed = without;
  }
  return needed;
}
