/**
 * What is tried, in which order, when a create finds no primary memory. Pure: the actor performs the steps and says
 * what came of them; the clock is handed in.
 *
 *     recall leases → minor collection of the asker → full one of the asker → full ones of all others → disk
 *
 * Each step is followed by a look at the pool. A collection frees asynchronously (V8 sweeps in the background), so the
 * look is repeated until the step's time is over. Full collections cost up to hundreds of milliseconds: after a round
 * of them that did not help, they are left out for a while.
 */

/** What the actor does next for the create at the head of the queue. */
export type PressureStep = 'recall' | 'minorHere' | 'fullHere' | 'fullEverywhere' | 'fallback';

const STEPS: readonly PressureStep[] = ['recall', 'minorHere', 'fullHere', 'fullEverywhere', 'fallback'];

/** Time for the background sweeper after a collection was reported. */
export const SETTLE_MS = 20;
/** Time for a thread to report the collection it was asked for, before the next step is taken without it. */
export const COLLECTION_WAIT_MS = 500;
/** After full collections that did not help, they are skipped this long, at least. */
const FUTILE_PAUSE_MIN_MS = 500;
/** And at least this many times as long as they took. */
const FUTILE_PAUSE_FACTOR = 10;

/** Remembers across creates whether full collections are worth their time. One per store. */
export class CollectionThrottle {
  #futileUntilMs = Number.NEGATIVE_INFINITY;

  /** Whether full collections may be asked for now. */
  allows(nowMs: number): boolean {
    return nowMs >= this.#futileUntilMs;
  }

  /** A create had to go to disk although full collections ran for it. */
  reportFutile(startedMs: number, nowMs: number): void {
    const pause = Math.max(FUTILE_PAUSE_MIN_MS, (nowMs - startedMs) * FUTILE_PAUSE_FACTOR);
    this.#futileUntilMs = nowMs + pause;
  }
}

/** One create's way through the steps. */
export class PressureLadder {
  #index = -1;
  #until = Number.NEGATIVE_INFINITY;
  #fullStartedMs: number | undefined;
  readonly #throttle: CollectionThrottle;

  constructor(throttle: CollectionThrottle) {
    this.#throttle = throttle;
  }

  /** The step under way, or undefined before the first. */
  get current(): PressureStep | undefined {
    return STEPS[this.#index];
  }

  /** When the step under way is over, in the clock of `nowMs`. */
  get untilMs(): number {
    return this.#until;
  }

  /** Takes the next step. `fallback` is the last; asking for more repeats it. */
  advance(nowMs: number): PressureStep {
    this.#index = Math.min(this.#index + 1, STEPS.length - 1);
    const isFull = this.current === 'fullHere' || this.current === 'fullEverywhere';
    if (isFull && !this.#throttle.allows(nowMs)) return this.advance(nowMs);
    if (isFull) this.#fullStartedMs ??= nowMs;
    const step = this.current ?? 'fallback';
    if (step === 'fallback' && this.#fullStartedMs !== undefined) {
      this.#throttle.reportFutile(this.#fullStartedMs, nowMs);
      this.#fullStartedMs = undefined;
    }
    this.#until = step === 'recall' || step === 'fallback' ? nowMs : nowMs + COLLECTION_WAIT_MS;
    return step;
  }

  /** The thread that was asked has collected: what is left is the sweeper's time. */
  collected(nowMs: number): void {
    this.#until = Math.min(this.#until, nowMs + SETTLE_MS);
  }
}
