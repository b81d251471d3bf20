/** Who waits for what, and whose turn it is: by priority, then the clients in turn, then the requests of each in turn. */
import { invalidArgument } from '../options.ts';
import { ClientRecord, type LeaseRecord, LeaseRequest } from './lease.ts';
import type { SchedulingClass } from './scheduling-class.ts';

export class RequestBook {
  readonly #clients = new Map<number, ClientRecord>();
  #turns = 0;

  get clients(): ReadonlyMap<number, ClientRecord> {
    return this.#clients;
  }

  /** Sets what a client wants of a class; a request that wants nothing and has nothing is forgotten. */
  want(
    client: number,
    schedulingClass: SchedulingClass,
    wanted: number,
    preferredWorkers: readonly number[],
  ): LeaseRequest | undefined {
    if (!Number.isSafeInteger(wanted) || wanted < 0) {
      throw invalidArgument('wanted', wanted, 'an integer of at least 0');
    }
    const found = this.#clients.get(client)?.requests.get(schedulingClass.key);
    if (!found && wanted === 0) return undefined;
    const request = found ?? this.#add(client, schedulingClass);
    if (request.waiting === 0) beginAnew(request);
    request.wanted = wanted;
    request.preferredWorkers = preferredWorkers;
    this.#forgetIfDone(request);
    return request;
  }

  granted(lease: LeaseRecord): void {
    const { request } = lease;
    request.leases.add(lease);
    if (!request.isLongLived) request.owner.sharedLeases++;
    request.turn = ++this.#turns;
    request.owner.turn = ++this.#turns;
    request.passedOver = 0;
  }

  ended(lease: LeaseRecord): void {
    const { request } = lease;
    if (request.waiting === 0) beginAnew(request);
    request.leases.delete(lease);
    if (!request.isLongLived) request.owner.sharedLeases--;
    this.#forgetIfDone(request);
  }

  /** What was taken from a client's class goes to others: both have had their turn. */
  recalled({ request }: LeaseRecord): void {
    request.turn = ++this.#turns;
    request.owner.turn = ++this.#turns;
  }

  /** Those who wait, the highest priority first, and of each priority by client, whose turn is first at the beginning. */
  waiting(): LeaseRequest[][][] {
    const byPriority = new Map<number, LeaseRequest[][]>();
    for (const { requests } of [...this.#clients.values()].sort(byTurn)) {
      const own = new Map<number, LeaseRequest[]>();
      for (const request of [...requests.values()].sort(byTurn)) {
        if (request.waiting === 0) continue;
        const some = own.get(request.priority);
        if (some) some.push(request);
        else own.set(request.priority, [request]);
      }
      for (const [priority, some] of own) {
        const clients = byPriority.get(priority);
        if (clients) clients.push(some);
        else byPriority.set(priority, [some]);
      }
    }
    return [...byPriority].sort(([one], [other]) => other - one).map(([, clients]) => clients);
  }

  #add(client: number, schedulingClass: SchedulingClass): LeaseRequest {
    let owner = this.#clients.get(client);
    if (!owner) {
      owner = new ClientRecord(client, ++this.#turns);
      this.#clients.set(client, owner);
    }
    const request = new LeaseRequest(owner, schedulingClass, ++this.#turns);
    owner.requests.set(schedulingClass.key, request);
    return request;
  }

  #forgetIfDone(request: LeaseRequest): void {
    if (request.wanted > 0 || request.leases.size > 0) return;
    const { owner } = request;
    owner.requests.delete(request.schedulingClass.key);
    if (owner.requests.size === 0) this.#clients.delete(owner.client);
  }
}

/** Of what happened while it did not wait, it knows nothing. */
function beginAnew(request: LeaseRequest): void {
  request.isStalled = false;
  request.passedOver = 0;
}

function byTurn(one: { readonly turn: number }, other: { readonly turn: number }): number {
  return one.turn - other.turn;
}
