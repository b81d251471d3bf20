/** Watching a word for a moment before sleeping: a sleep costs a wake-up, some ten microseconds on both sides. */
import { availableParallelism } from 'node:os';
import type { SharedWords } from './ring/ring.ts';

/** How long a spin may become, and why it would. */
export interface SpinLimits {
  /** Some 7.5 ns each. */
  readonly mostLoads: number;
  /** A sleep shorter than this would have been a longer spin. */
  readonly shortSleepMs: number;
  /** Behind a sleep as long as this the other side sleeps as well: it will take a wake-up, which a spin would only disturb. */
  readonly restMs: number;
  /** Longest spins in a row that may be in vain; then it does not spin for {@link PAUSE_SLEEPS}, and longer each time. */
  readonly vainSpins: number;
}

/** Of one who is awaited: about 75 µs, a wake-up and the work of whoever was woken. */
const ONE_WAKE_UP: SpinLimits = {
  mostLoads: 10_000,
  shortSleepMs: 0.15,
  restMs: Number.POSITIVE_INFINITY,
  vainSpins: Number.POSITIVE_INFINITY,
};
/** On one processor nobody changes a word while another watches it. */
export const CAN_WATCH = availableParallelism() > 1;
const FEWEST_LOADS = 64;
const PAUSE_SLEEPS = 64;
const PAUSE_SLEEPS_MAX = 512;

/** Spins longer after short sleeps and less after long ones, down to nothing: processors are for work. */
export class AdaptiveSpin {
  readonly #words: SharedWords;
  readonly #limits: SpinLimits;
  #loads = FEWEST_LOADS;
  #vainSpins = 0;
  #pauseSleeps = 0;
  /** How long the next pause will be. */
  #nextPauseSleeps = PAUSE_SLEEPS;

  constructor(words: SharedWords, limits = ONE_WAKE_UP) {
    this.#words = words;
    this.#limits = limits;
  }

  /** Whether the word changed from `before` while it was watched. If not, sleep, and tell {@link slept}. */
  watch(index: number, before: number): boolean {
    if (!CAN_WATCH) return false;
    for (let load = 0; load < this.#loads; load++) {
      if (Atomics.load(this.#words, index) === before) continue;
      this.#vainSpins = 0;
      if (this.#loads > FEWEST_LOADS) this.#nextPauseSleeps = PAUSE_SLEEPS;
      return true;
    }
    if (this.#loads === this.#limits.mostLoads) this.#vainSpins++;
    return false;
  }

  /** How long the sleep behind a spin in vain has lasted. */
  slept(ms: number): void {
    if (this.#pauseSleeps > 0) {
      this.#pauseSleeps--;
      return;
    }
    const { mostLoads, shortSleepMs, restMs, vainSpins } = this.#limits;
    if (ms >= restMs) {
      this.#loads = FEWEST_LOADS;
      return;
    }
    if (this.#vainSpins >= vainSpins) {
      this.#vainSpins = 0;
      this.#pauseSleeps = this.#nextPauseSleeps;
      this.#nextPauseSleeps = Math.min(PAUSE_SLEEPS_MAX, this.#nextPauseSleeps * 2);
      this.#loads = FEWEST_LOADS;
      return;
    }
    const loads = ms < shortSleepMs ? this.#loads * 2 : this.#loads >>> 1;
    this.#loads = Math.min(mostLoads, Math.max(FEWEST_LOADS, loads));
  }
}
