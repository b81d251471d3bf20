/** What the workers do whose number grows. */

import { type ActorHandle, defineActors, defineTasks } from '../../src/index.ts';

export const tasks = defineTasks(import.meta.url, { nothing: () => {} });

/** One in each worker. */
export class Member {
  #others: readonly ActorHandle<Member>[] = [];

  meet(others: readonly ActorHandle<Member>[]): void {
    this.#others = others;
  }

  nothing(): void {}

  /** Calls the others by turns, all at once. */
  async callOthers(count: number): Promise<void> {
    const calls = Array.from({ length: count }, (_, index) =>
      this.#others[index % this.#others.length]?.nothing(),
    );
    await Promise.all(calls);
  }

  sum(values: Float64Array): number {
    let total = 0;
    for (const value of values) total += value;
    return total;
  }
}
defineActors(import.meta.url, { Member });
