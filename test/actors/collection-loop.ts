/** Loops that release nothing, with a large heap beside them. */
import type { Store, StoreStatistics } from '../../src/index.ts';

export const MEBIBYTE = 2 ** 20;
export const POOL_BYTES = 64 * MEBIBYTE;
/** A live graph of more than 300 MB, made once per thread. */
const BALLAST_OBJECTS = 3_000_000;
const ballast: unknown[] = [];
/** The statistics are looked at so often; they cost a round trip and are not part of what a round takes. */
const LOOKS = 20;

/** What a loop does in its rounds. */
export interface LoopPlan {
  readonly name: string;
  readonly rounds: number;
  /** Sizes of the objects, taken in turn. */
  readonly sizes: readonly number[];
  /** How many of the last views are kept. -1: none is ever made, only refs are dropped. */
  readonly keptViews: number;
}

/** What the rounds cost, in microseconds, and how the store stood. */
export interface LoopResult {
  readonly meanUs: number;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly heapBytes: number;
  /** The most that ever lay on disk. */
  readonly fallbackBytes: number;
  readonly primaryBytes: number;
}

/** The state of a loop beside the store. */
class Rounds {
  readonly #plan: LoopPlan;
  readonly #times: Float64Array;
  readonly #source: Uint8Array;
  readonly #kept: { readonly view: Uint8Array; readonly round: number }[] = [];
  #fallbackBytes = 0;
  #primaryBytes = 0;

  constructor(plan: LoopPlan) {
    this.#plan = plan;
    this.#times = new Float64Array(plan.rounds);
    this.#source = new Uint8Array(Math.max(...plan.sizes));
    while (ballast.length < BALLAST_OBJECTS) ballast.push({ index: ballast.length, list: [ballast.length] });
  }

  value(round: number): Uint8Array {
    const { sizes } = this.#plan;
    this.#source[0] = round;
    return this.#source.subarray(0, sizes[round % sizes.length]);
  }

  /** A view is checked when it is made, and again when it has been kept for its time. */
  keep(view: Uint8Array, round: number): void {
    this.#check(view, round);
    this.#kept.push({ view, round });
    const oldest = this.#kept.length > this.#plan.keptViews ? this.#kept.shift() : undefined;
    if (oldest !== undefined) this.#check(oldest.view, oldest.round);
  }

  took(round: number, ms: number): void {
    this.#times[round] = ms;
  }

  isLook(round: number): boolean {
    return round % Math.ceil(this.#plan.rounds / LOOKS) === 0 || round === this.#plan.rounds - 1;
  }

  look({ primary, fallback }: StoreStatistics): void {
    this.#fallbackBytes = Math.max(this.#fallbackBytes, fallback.allocatedBytes);
    this.#primaryBytes = Math.max(this.#primaryBytes, primary.allocatedBytes);
  }

  result(): LoopResult {
    const times = this.#times.toSorted();
    const at = (part: number): number => (times[Math.floor(times.length * part)] ?? 0) * 1000;
    const heapBytes = process.memoryUsage().heapUsed;
    if (ballast.length !== BALLAST_OBJECTS) throw new Error('the ballast is gone');
    return {
      meanUs: (times.reduce((sum, time) => sum + time, 0) / times.length) * 1000,
      medianUs: at(0.5),
      p99Us: at(0.99),
      heapBytes,
      fallbackBytes: this.#fallbackBytes,
      primaryBytes: this.#primaryBytes,
    };
  }

  #check(view: Uint8Array, round: number): void {
    const { sizes } = this.#plan;
    if (view[0] === (round & 0xff) && view.length === sizes[round % sizes.length]) return;
    throw new Error(`round ${round} reads ${view[0]} in ${view.length} bytes`);
  }
}

/** With promises, through the event loop. */
export async function loopAsync(store: Store, plan: LoopPlan): Promise<LoopResult> {
  const rounds = new Rounds(plan);
  for (let round = 0; round < plan.rounds; round++) {
    const startedMs = performance.now();
    const ref = await store.put(rounds.value(round));
    if (plan.keptViews >= 0) rounds.keep(await store.get(ref), round);
    rounds.took(round, performance.now() - startedMs);
    if (rounds.isLook(round)) rounds.look(await store.stats());
  }
  return rounds.result();
}

/** In one synchronous stretch: no turn of the event loop, no finalization registry. */
export function loopSync(store: Store, plan: LoopPlan): LoopResult {
  const rounds = new Rounds(plan);
  for (let round = 0; round < plan.rounds; round++) {
    const startedMs = performance.now();
    const ref = store.putSync(rounds.value(round));
    if (plan.keptViews >= 0) rounds.keep(store.getSync(ref), round);
    rounds.took(round, performance.now() - startedMs);
    if (rounds.isLook(round)) rounds.look(store.statsSync());
  }
  return rounds.result();
}
