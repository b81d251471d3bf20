/**
 * What is tried, in which order, when a create finds no memory. Pure: the actor performs the steps and says what came of
 * them; the clock is handed in.
 *
 *     minor collection of the asker → minor ones of all others → full one of the asker → full ones of all others →
 *     objects that nobody holds go → objects that nobody views are moved to disk → the new one is created on disk
 *
 * A thread reports its collection when everything found is free, so a step is over with its reports, or with its time when
 * a thread is deep in native code. Collections disturb others, full ones for up to hundreds of milliseconds: after a round
 * that did not help, all but the asker's minor one are left out for a while, and the disk takes what does not fit. But
 * nobody is refused before everything was tried for him: a create for which the disk has no room either sits the while
 * out and makes up for what was left out, and waits longer for threads that have not reported.
 */

/** What the actor does next for the create at the head of the queue; `pause` is nothing but a look now and then. */
export type PressureStep =
  | 'minorHere'
  | 'minorEverywhere'
  | 'fullHere'
  | 'fullEverywhere'
  | 'evict'
  | 'spill'
  | 'disk'
  | 'pause'
  | 'refuse';

/** How long the reports of a collection are waited for before the next step is taken without them. */
export const REPORT_LIMIT_MS: Readonly<Partial<Record<PressureStep, number>>> = Object.freeze({
  minorHere: 250,
  minorEverywhere: 250,
  // The asker has just reported a minor one: it is at work.
  fullHere: 2_000,
  fullEverywhere: 1_000,
  // A disk at work is waited for; each batch that frees memory earns another one.
  spill: 30_000,
});
/** How much longer a create that would be refused waits for threads that were asked and have not reported. */
export const LATE_REPORT_MS = 5_000;
/** After a round of collections that did not help, the next one is this long after it, */
export const FUTILE_PAUSE_MIN_MS = 100;
export const FUTILE_PAUSE_MAX_MS = 2_000;
/** and in between so many times as long as the round took. */
export const FUTILE_PAUSE_FACTOR = 10;
/** A minor collection is poor when less than this part of the memory is free after it. */
export const POOR_FREE_PART = 1 / 8;
/** What a full collection costs, before one has been seen. */
export const FULL_GUESS_MS = 50;

const CLIMB: readonly PressureStep[] = [
  'minorHere',
  'minorEverywhere',
  'fullHere',
  'fullEverywhere',
  'evict',
  'spill',
  'disk',
];
/** When minor collections have been poor for as long as a full one takes. */
const FULL_CLIMB: readonly PressureStep[] = ['fullHere', 'fullEverywhere', 'evict', 'spill', 'disk'];
/** What is taken when collections have not helped. */
const BEYOND_COLLECTIONS: readonly PressureStep[] = ['evict', 'spill', 'disk'];
const THROTTLED: readonly PressureStep[] = ['minorEverywhere', 'fullHere', 'fullEverywhere'];

/** Remembers across creates which collections are worth their time. One per store. */
export class CollectionThrottle {
  #allowedFromMs = Number.NEGATIVE_INFINITY;
  #lastRoundMs = Number.NEGATIVE_INFINITY;
  #poorMinorMs = 0;
  #fullMs = FULL_GUESS_MS;

  /** From when on rounds of collections may be asked for. */
  get allowedFromMs(): number {
    return this.#allowedFromMs;
  }

  /** When the last round began that did not help. */
  get lastRoundMs(): number {
    return this.#lastRoundMs;
  }

  /**
   * Whether the next create shall begin with a full collection: minor ones do not find what has grown old, and one block
   * at a time they would cost more for ever. Waiting until they have cost as much as a full one loses at most twice.
   */
  isFullDue(nowMs: number): boolean {
    return this.#poorMinorMs >= this.#fullMs && nowMs >= this.#allowedFromMs;
  }

  /** A create had to go to disk although collections ran for it. */
  reportFutile(startedMs: number, nowMs: number): void {
    const wished = (nowMs - startedMs) * FUTILE_PAUSE_FACTOR;
    this.#lastRoundMs = startedMs;
    this.#allowedFromMs = nowMs + Math.min(Math.max(FUTILE_PAUSE_MIN_MS, wished), FUTILE_PAUSE_MAX_MS);
  }

  /** A minor collection was enough for a create, but not for many more. */
  reportPoorMinor(tookMs: number): void {
    this.#poorMinorMs += tookMs;
  }

  /** An asker ran a full collection. */
  reportFull(tookMs: number): void {
    this.#poorMinorMs = 0;
    this.#fullMs = tookMs;
  }
}

/** One create's way through the steps. */
export class PressureLadder {
  readonly #throttle: CollectionThrottle;
  readonly #askedMs: number;
  #ahead: PressureStep[] = [...CLIMB];
  #current: PressureStep | undefined;
  #startedMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  /** Whether a report would end the step under way. */
  #isAwaiting = false;
  #roundStartedMs: number | undefined;
  #leftOut: PressureStep[] = [];
  #isLate = false;

  /** `askedMs`: when the create came. A round that began later was for it, too, whoever made it necessary. */
  constructor(throttle: CollectionThrottle, askedMs: number) {
    this.#throttle = throttle;
    this.#askedMs = askedMs;
  }

  /** The step under way, or undefined before the first. */
  get current(): PressureStep | undefined {
    return this.#current;
  }

  /** When the step under way is over, in the clock of `nowMs`. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** Takes the next step. `refuse` is the last; asking for more repeats it. */
  advance(nowMs: number): PressureStep {
    this.#leave(nowMs);
    let step = this.#ahead.shift();
    while (step !== undefined && THROTTLED.includes(step) && nowMs < this.#throttle.allowedFromMs) {
      this.#leftOut.push(step);
      step = this.#ahead.shift();
    }
    if (step === undefined) return this.#withoutDisk(nowMs);
    if (THROTTLED.includes(step)) this.#roundStartedMs ??= nowMs;
    if (BEYOND_COLLECTIONS.includes(step) && this.#roundStartedMs !== undefined) {
      this.#throttle.reportFutile(this.#roundStartedMs, nowMs);
      this.#roundStartedMs = undefined;
    }
    const limitMs = REPORT_LIMIT_MS[step] ?? 0;
    return this.#take(step, nowMs, nowMs + limitMs, limitMs > 0);
  }

  /** All threads asked last have collected, and what they found is free. */
  collected(nowMs: number): void {
    this.#isLate = false;
    if (!this.#isAwaiting || this.#current === 'spill') return;
    this.#isAwaiting = false;
    this.#tookMs = nowMs - this.#startedMs;
    this.#untilMs = Math.min(this.#untilMs, nowMs);
    if (this.#current === 'fullHere') this.#throttle.reportFull(this.#tookMs);
  }

  /** A batch of moves has ended, or none could be begun. While they free memory, more of them are tried. */
  spilled(nowMs: number, freedBytes: number): void {
    if (this.#current !== 'spill') return;
    this.#isAwaiting = false;
    this.#untilMs = Math.min(this.#untilMs, nowMs);
    if (freedBytes > 0 && this.#ahead[0] !== 'spill') this.#ahead.unshift('spill');
  }

  /** The create got its memory, and this part of the store's memory is free after it. */
  served(freePart: number): void {
    const isPoor = this.#current === 'minorHere' && freePart < POOR_FREE_PART;
    if (isPoor) this.#throttle.reportPoorMinor(this.#tookMs);
  }

  #leave(nowMs: number): void {
    switch (this.#current) {
      case undefined:
        if (this.#throttle.isFullDue(nowMs)) this.#ahead = [...FULL_CLIMB];
        return;
      case 'minorHere':
        // Busy in user code: it would not hear of a full one either, but for the interrupt of the last step.
        if (this.#isAwaiting) this.#ahead = this.#ahead.filter((step) => step !== 'fullHere');
        return;
      case 'fullEverywhere':
        // The steps before ask nobody who is not asked again here.
        this.#isLate = this.#isAwaiting;
        return;
    }
  }

  /** The disk had no room either: what is left to be tried. */
  #withoutDisk(nowMs: number): PressureStep {
    const leftOut = this.#leftOut;
    this.#leftOut = [];
    if (leftOut.length > 0 && this.#throttle.lastRoundMs < this.#askedMs) {
      this.#ahead = [...leftOut, 'evict', 'spill', 'disk'];
      return this.#take('pause', nowMs, this.#throttle.allowedFromMs, false);
    }
    if (this.#isLate) {
      this.#isLate = false;
      this.#ahead = ['spill', 'disk'];
      return this.#take('pause', nowMs, nowMs + LATE_REPORT_MS, true);
    }
    return this.#take('refuse', nowMs, nowMs, false);
  }

  #take(step: PressureStep, nowMs: number, untilMs: number, isAwaiting: boolean): PressureStep {
    this.#current = step;
    this.#startedMs = nowMs;
    this.#untilMs = untilMs;
    this.#isAwaiting = isAwaiting;
    return step;
  }
}
