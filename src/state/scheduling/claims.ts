/**
 * Workers that are kept free for somebody. Small requests that fit into every gap would else be granted for ever before a
 * large one that needs two gaps at once. Who has nothing yet and was passed over too often claims a worker, or those of a
 * plan, and nobody of the same priority gets anything there before him.
 */
import type { NodeResourceInstanceSet } from '../resources/node-resource-instance-set.ts';
import type { LeaseRequest } from './lease.ts';
import type { PlacementGroup } from './placement-groups.ts';
import { fits, freed } from './recall.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** Claims for a request the worker with the fewest leases to wait for. Whether there is one. */
export function claimForRequest(request: LeaseRequest, ledgers: Iterable<WorkerLedger>): boolean {
  let best: WorkerLedger | undefined;
  for (const ledger of ledgers) {
    if (!isClaimable(ledger) || (best && best.leases.size <= ledger.leases.size)) continue;
    if (!request.selectors.some((selector) => ledger.matches(selector))) continue;
    // What the worker never has it cannot keep free; what is in a group is not in its totals.
    if (!request.schedulingClass.placementGroup && !ledger.total.canAllocate(request.demands)) continue;
    if (fits(whenReturned(ledger, request.priority), [request.demands])) best = ledger;
  }
  if (best) claim(best, request, request.priority);
  return best !== undefined;
}

/** Claims for a group the workers of a plan. Whether there is one. */
export function claimForGroup(group: PlacementGroup, ledgers: ReadonlyMap<number, WorkerLedger>): boolean {
  const claimable = [...ledgers.values()].filter(isClaimable);
  const plan = group.plan(claimable, (ledger) => whenReturned(ledger, 0));
  for (const { worker } of plan ?? []) claim(ledgers.get(worker)!, group, 0);
  return plan !== undefined;
}

function isClaimable({ claimant, isDraining }: WorkerLedger): boolean {
  return claimant === undefined && !isDraining;
}

function claim(ledger: WorkerLedger, claimant: object, priority: number): void {
  ledger.claimant = claimant;
  ledger.claimPriority = priority;
}

/** What a worker has when all leases are returned that this priority may recall. */
function whenReturned(ledger: WorkerLedger, priority: number): NodeResourceInstanceSet {
  const returned = [...ledger.leases].filter(
    (lease) => !lease.request.isLongLived && lease.priority <= priority,
  );
  return freed(ledger.available.copy(), returned);
}
