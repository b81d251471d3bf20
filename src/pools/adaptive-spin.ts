/** Watching a word for a moment before sleeping: a sleep costs a wake-up, some ten microseconds on both sides. */
import type { SharedWords } from './ring/ring.ts';

/** About one wake-up's worth of loads. */
const MOST_LOADS = 5_000;
const FEWEST_LOADS = 64;
/** So many spins in vain, then one of full length: else nobody would notice that the other side has become quick. */
const PROBE_INTERVAL = 32;

/** Spins as long as it pays: twice as long after each success, half as long after each failure. */
export class AdaptiveSpin {
  readonly #words: SharedWords;
  #loads = MOST_LOADS;
  #failures = 0;

  constructor(words: SharedWords) {
    this.#words = words;
  }

  /** Whether the word changed from `before` while it was watched. */
  watch(index: number, before: number): boolean {
    const isProbe = this.#failures >= PROBE_INTERVAL;
    const loads = isProbe ? MOST_LOADS : this.#loads;
    for (let load = 0; load < loads; load++) {
      if (Atomics.load(this.#words, index) === before) continue;
      this.#loads = Math.min(MOST_LOADS, loads * 2);
      this.#failures = 0;
      return true;
    }
    this.#loads = Math.max(FEWEST_LOADS, this.#loads >>> 1);
    this.#failures = isProbe ? 0 : this.#failures + 1;
    return false;
  }
}
