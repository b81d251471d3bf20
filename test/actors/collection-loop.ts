/** The loop that keeps nothing: a put and a get per round, with a large heap beside it. */
import type { Store, StoreStatistics } from '../../src/index.ts';

export const POOL_BYTES = 64 * 2 ** 20;
const OBJECT_BYTES = 2 ** 20;
/** Counted with garbage, so that somewhat over 300 MB live. */
const BALLAST_BYTES = 350e6;

/** What the rounds cost, in microseconds, and how the store stood at the end. */
export interface LoopResult {
  readonly meanUs: number;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly heapBytes: number;
  readonly stats: StoreStatistics;
}

/** A live graph of objects of about 300 MB. */
function makeBallast(): unknown[] {
  const ballast: unknown[] = [];
  while (process.memoryUsage().heapUsed < BALLAST_BYTES) {
    for (let index = 0; index < 100_000; index++) ballast.push({ index, list: [index] });
  }
  return ballast;
}

function summarise(times: Float64Array, stats: StoreStatistics, ballast: unknown[]): LoopResult {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  times.sort();
  const at = (part: number): number => (times[Math.floor(times.length * part)] ?? 0) * 1000;
  const heapBytes = process.memoryUsage().heapUsed;
  if (ballast.length === 0) throw new Error('the ballast is gone');
  return { meanUs: mean * 1000, medianUs: at(0.5), p99Us: at(0.99), heapBytes, stats };
}

function check(view: Uint8Array, round: number): void {
  if (view[0] !== (round & 0xff) || view.length !== OBJECT_BYTES)
    throw new Error(`round ${round} reads ${view[0]}`);
}

/** With promises, through the event loop. */
export async function loopAsync(store: Store, rounds: number): Promise<LoopResult> {
  const ballast = makeBallast();
  const source = new Uint8Array(OBJECT_BYTES);
  const times = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    source[0] = round;
    const startedMs = performance.now();
    const ref = await store.put(source);
    check(await store.get(ref), round);
    times[round] = performance.now() - startedMs;
  }
  return summarise(times, await store.stats(), ballast);
}

/** In one synchronous stretch: no turn of the event loop, no finalization registry. */
export function loopSync(store: Store, rounds: number): LoopResult {
  const ballast = makeBallast();
  const source = new Uint8Array(OBJECT_BYTES);
  const times = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    source[0] = round;
    const startedMs = performance.now();
    check(store.getSync(store.putSync(source)), round);
    times[round] = performance.now() - startedMs;
  }
  return summarise(times, store.statsSync(), ballast);
}
