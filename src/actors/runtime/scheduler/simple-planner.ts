/** Which worker runs what: by CPUs alone. */
import type { Demands } from '../link/messages.ts';

export interface Lease {
  readonly id: number;
  readonly client: number;
  readonly classNumber: number;
  readonly worker: number;
  readonly cpus: number;
}

interface Wish {
  readonly client: number;
  readonly classNumber: number;
  readonly demands: Demands;
  wanted: number;
}

export class SimplePlanner {
  readonly #free = new Map<number, number>();
  readonly #leases = new Map<number, Lease>();
  readonly #wishes = new Map<string, Wish>();
  readonly #onGrant: (lease: Lease) => void;
  #lastLease = 0;
  constructor(onGrant: (lease: Lease) => void) {
    this.#onGrant = onGrant;
  }
  addWorker(worker: number): void {
    this.#free.set(worker, 1);
  }
  removeWorker(worker: number): Lease[] {
    this.#free.delete(worker);
    const lost = [...this.#leases.values()].filter((lease) => lease.worker === worker);
    for (const { id } of lost) this.#leases.delete(id);
    return lost;
  }
  request(client: number, classNumber: number, demands: Demands, wanted: number): void {
    this.#wishes.set(`${client}:${classNumber}`, { client, classNumber, demands, wanted });
  }
  returnLease(id: number): void {
    const lease = this.#leases.get(id);
    this.#leases.delete(id);
    if (lease !== undefined) this.#add(lease.worker, lease.cpus);
  }
  clientGone(client: number): void {
    for (const [key, wish] of this.#wishes) if (wish.client === client) this.#wishes.delete(key);
  }
  blocked(id: number): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.#add(lease.worker, lease.cpus);
  }
  unblocked(id: number): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.#add(lease.worker, -lease.cpus);
  }
  allocate(): number | undefined {
    let best: number | undefined;
    for (const [worker, free] of this.#free)
      if (best === undefined || free > this.#free.get(best)!) best = worker;
    return best;
  }
  get waiting(): number {
    let waiting = 0;
    for (const wish of this.#wishes.values()) waiting += wish.wanted;
    return waiting;
  }
  get leases(): number {
    return this.#leases.size;
  }
  isIdle(worker: number): boolean {
    return ![...this.#leases.values()].some((lease) => lease.worker === worker);
  }
  schedule(): void {
    for (let granted = true; granted; ) {
      granted = false;
      for (const wish of this.#wishes.values()) {
        if (wish.wanted === 0) continue;
        const cpus = wish.demands.resources.CPU ?? 0;
        for (const [worker, free] of this.#free) {
          if (free < cpus) continue;
          wish.wanted--;
          this.#add(worker, -cpus);
          const lease = {
            id: ++this.#lastLease,
            client: wish.client,
            classNumber: wish.classNumber,
            worker,
            cpus,
          };
          this.#leases.set(lease.id, lease);
          this.#onGrant(lease);
          granted = true;
          break;
        }
      }
    }
  }
  #add(worker: number, cpus: number): void {
    const free = this.#free.get(worker);
    if (free !== undefined) this.#free.set(worker, free + cpus);
  }
}
