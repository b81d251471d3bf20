/** Work done again and again for the time of a round, counted as Ray's `timeit` does. */

import type { Scale } from '../harness.ts';

/** Both sides: so short that they take turns often, long enough for a batch of Plasmoid's. */
export const roundSeconds = ({ quick }: Scale): number => (quick ? 0.07 : 0.3);

/**
 * Before the first round, in which compilers learn: as long as in `timeit`. A look measures the compiler as well, on both
 * sides: a batch takes Ray seconds in some rows.
 */
export const warmUpSeconds = ({ quick }: Scale): number => (quick ? 0 : 1);

/** A row's work, ready to be done. */
export interface Work {
  /** Once, to its end; a promise only where it waits without blocking. */
  once(): unknown;
  /** Operations, or gigabytes, of it. */
  readonly multiplier: number;
}

/** One round after the other. */
export class PacedWork {
  readonly #work: Work;
  /** As many between two looks at the clock as make a tenth of a round. */
  #step = 1;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Operations per second. */
  async round(seconds: number): Promise<number> {
    const startedMs = performance.now();
    let count = 0;
    while (performance.now() - startedMs < seconds * 1000) {
      for (let index = 0; index < this.#step; index++) {
        const pending = this.#work.once();
        if (pending instanceof Promise) await pending;
      }
      count += this.#step;
    }
    const elapsedMs = performance.now() - startedMs;
    this.#step = Math.floor(count / 10) + 1;
    return (this.#work.multiplier * count * 1000) / elapsedMs;
  }
}
