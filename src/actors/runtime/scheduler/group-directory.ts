/** Placement groups, and who waits for them. */
import { InfeasibleRequestError } from '../../../state/errors.ts';
import type { PlacementStrategy } from '../../../state/scheduling/bundle-planning.ts';
import type { LeaseDesk } from './lease-desk.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export class GroupDirectory {
  readonly #desk: LeaseDesk;
  readonly #waiters = new Map<string, Waiter>();

  constructor(desk: LeaseDesk) {
    this.#desk = desk;
  }

  /** The promise ends when all bundles have places. Rejects with `InfeasibleRequestError`. */
  create(
    group: string,
    bundles: readonly { readonly [name: string]: number }[],
    strategy: PlacementStrategy,
  ): Promise<void> {
    const problem = this.#desk.createGroup(group, bundles, strategy);
    if (problem !== undefined) return Promise.reject(problem);
    return new Promise((resolve, reject) => this.#waiters.set(group, { resolve, reject }));
  }

  ready(group: string): void {
    this.#waiters.get(group)?.resolve();
    this.#waiters.delete(group);
  }

  remove(group: string): void {
    this.#desk.removeGroup(group);
    this.#waiters
      .get(group)
      ?.reject(new InfeasibleRequestError('the placement group was removed', { group }));
    this.#waiters.delete(group);
  }
}
