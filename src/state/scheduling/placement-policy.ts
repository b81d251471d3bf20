/**
 * Which of the workers that have room takes the next lease. The labels decide first: of the selectors, one after the other,
 * whatever matches an earlier one. Then locality: workers that the client prefers, in its order. Then whoever is least
 * busy, by Ray's measure.
 *
 * Ray's hybrid policy fills a node up to half before it goes on to the next, because a node has many processors and a new
 * one costs a machine. A worker here is one thread: two tasks on one share a processor, while those on two run at once, so
 * the load is spread from the first task on. Of equally busy ones the one with the fewest leases, then the one with the
 * lowest number, so that the same workers stay idle, and an elastic pool can let them go. As in Ray, workers with devices are
 * left to those who use them, as long as there are others.
 */
import type { LabelSelector } from '../labels/label-selector.ts';
import type { Allocation } from '../resources/task-resource-instance-set.ts';
import type { LeaseRequest } from './lease.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** A worker, and what was taken of it. */
export interface Placement {
  readonly ledger: WorkerLedger;
  readonly allocation: Allocation;
}

/** Takes what the request asks for from the best of the candidates, or nothing if none has room. */
export function placeLease(
  request: LeaseRequest,
  candidates: ReadonlyMap<number, WorkerLedger>,
): Placement | undefined {
  const isOpen = (ledger: WorkerLedger) => isOpenTo(request, ledger);
  for (const selector of request.selectors) {
    for (const worker of request.preferredWorkers) {
      const ledger = candidates.get(worker);
      if (!ledger?.matches(selector) || !isOpen(ledger)) continue;
      const allocation = ledger.take(request.demands);
      if (allocation) return { ledger, allocation };
    }
    const placement = placeOnLeastBusy(request, selector, candidates, isOpen);
    if (placement) return placement;
  }
  return undefined;
}

/** Whether the worker may take a lease for this request at all, if it has room. */
export function isOpenTo(request: LeaseRequest, ledger: WorkerLedger): boolean {
  if (!ledger.isOpenTo(request, request.priority)) return false;
  return !request.asksForNothing || ![...request.leases].some(({ worker }) => worker === ledger.worker);
}

function placeOnLeastBusy(
  request: LeaseRequest,
  selector: LabelSelector,
  candidates: ReadonlyMap<number, WorkerLedger>,
  isOpen: (ledger: WorkerLedger) => boolean,
): Placement | undefined {
  const usesUnits = request.demands.resourceIds().some((id) => id.isUnitInstance || id.placementGroup);
  // In a group a demand may fit into the sum of its bundles and into none of them: then the next best is tried.
  const refused = new Set<WorkerLedger>();
  for (;;) {
    let best: WorkerLedger | undefined;
    for (const ledger of candidates.values()) {
      if (refused.has(ledger) || (best && !isBetter(ledger, best, usesUnits))) continue;
      if (!ledger.matches(selector) || !isOpen(ledger)) continue;
      if (ledger.available.canAllocate(request.demands)) best = ledger;
    }
    if (!best) return undefined;
    const allocation = best.take(request.demands);
    if (allocation) return { ledger: best, allocation };
    refused.add(best);
  }
}

function isBetter(one: WorkerLedger, other: WorkerLedger, usesUnits: boolean): boolean {
  if (!usesUnits && one.hasUnits !== other.hasUnits) return !one.hasUnits;
  return (
    (one.utilization - other.utilization ||
      one.leases.size - other.leases.size ||
      one.worker - other.worker) < 0
  );
}
