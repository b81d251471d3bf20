/** Watching a word for a moment before sleeping: a sleep costs a wake-up, some ten microseconds on both sides. */
import type { SharedWords } from './ring/ring.ts';

/** About 75 µs: a wake-up and the work of whoever was woken. */
const MOST_LOADS = 10_000;
const FEWEST_LOADS = 64;
/** A sleep shorter than this would have been a longer spin. */
const SHORT_SLEEP_MS = 0.15;

/** Spins longer after short sleeps and less after long ones, down to nothing: processors are for work. */
export class AdaptiveSpin {
  readonly #words: SharedWords;
  #loads = FEWEST_LOADS;

  constructor(words: SharedWords) {
    this.#words = words;
  }

  /** Whether the word changed from `before` while it was watched. If not, sleep, and tell {@link slept}. */
  watch(index: number, before: number): boolean {
    for (let load = 0; load < this.#loads; load++)
      if (Atomics.load(this.#words, index) !== before) return true;
    return false;
  }

  /** How long the sleep behind a spin in vain has lasted. */
  slept(ms: number): void {
    const loads = ms < SHORT_SLEEP_MS ? this.#loads * 2 : this.#loads >>> 1;
    this.#loads = Math.min(MOST_LOADS, Math.max(FEWEST_LOADS, loads));
  }
}
