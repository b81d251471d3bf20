/** Many calls while workers die: each is settled once, with its result or by name, and nothing is left of any. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  type CallOptions,
  PlasmoidError,
  type ResultRef,
  type Runtime,
  type StoreStatistics,
  WorkerDiedError,
  WorkerOutOfMemoryError,
} from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { randomFrom } from '../../support/random.ts';
import { threadCount, withRuntime } from '../../support/runtimes.ts';
import { tell } from '../../support/tell.ts';
import { until } from '../../support/until.ts';
import { chaos } from './chaos-tasks.ts';

const UNDER_WAY = 64;
const WORKERS = 3;
/** One call in so many ends its worker, and one in so many is followed by an end from outside. */
const KILL_EVERY = 60;
const TERMINATE_EVERY = 150;
const LENGTH = 4_000;

interface Tally {
  resolved: number;
  readonly rejected: Map<string, number>;
}

interface Planned {
  readonly ref: ResultRef;
  /** Whether a result is the right one; undefined for a call that can have none. */
  readonly isRight: ((value: unknown) => boolean) | undefined;
}

export async function runKillCampaign(calls: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'kills-'));
  const file = join(directory, 'begun');
  try {
    await withRuntime(
      WORKERS,
      async (runtime, terminate) => {
        await Promise.all(Array.from({ length: 20 }, () => runtime.submit(chaos.addLater, [1, 1])));
        await until('all workers serve', async () => (await runtime.stats()).workers === WORKERS);
        const before = await quiet(runtime);
        const threads = threadCount() ?? 0;
        const tally = await campaign(runtime, terminate, calls, seed, file);
        await until('all workers serve again', async () => (await runtime.stats()).workers === WORKERS);
        await until('the dead threads have gone', () => (threadCount() ?? 0) <= threads);
        assert.is((await runtime.stats()).calls.underWay, 0);
        const after = await quiet(runtime);
        assert.is(after.primary.objectBytes, before.primary.objectBytes);
        assert.is(after.fallback.objectBytes, before.fallback.objectBytes);
        tell(`${calls} calls: ${tally.resolved} resolved, ${JSON.stringify([...tally.rejected])}`);
        assertBegunOnce(file);
      },
      { resourceLimits: { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 8 } },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The store's numbers when nothing is under way and nobody holds anything. Workers have garbage as well. */
async function quiet(runtime: Runtime): Promise<StoreStatistics> {
  let stats = await runtime.store.stats();
  await until('nothing is left in the store', async () => {
    await Promise.all(Array.from({ length: WORKERS * 3 }, () => runtime.submit(chaos.collect, [])));
    collect();
    stats = await runtime.store.stats();
    return stats.objectCount === 0 && stats.unsealedCount === 0;
  });
  return stats;
}

async function campaign(
  runtime: Runtime,
  terminate: (worker: number) => Promise<void>,
  calls: number,
  seed: number,
  file: string,
): Promise<Tally> {
  const random = randomFrom(seed);
  const tally: Tally = { resolved: 0, rejected: new Map() };
  const underWay = new Set<Promise<void>>();
  let settled = 0;
  for (let number = 0; number < calls; number++) {
    const { ref, isRight } = plan(runtime, number, random, file);
    const end: Promise<void> = judge(ref, isRight, tally).then(() => {
      settled++;
      underWay.delete(end);
    });
    underWay.add(end);
    if (random() < 1 / TERMINATE_EVERY) await terminate(1 + Math.floor(random() * WORKERS));
    if (underWay.size >= UNDER_WAY) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  assert.is(settled, calls, 'each was settled once');
  return tally;
}

function plan(runtime: Runtime, number: number, random: () => number, file: string): Planned {
  const once: CallOptions = { retries: 0 };
  if (random() < 1 / KILL_EVERY) {
    const kind = Math.floor(random() * 4);
    const ref =
      kind === 0
        ? runtime.submit(chaos.exit, [], once)
        : kind === 1
          ? runtime.submit(chaos.throwInTimer, [], once)
          : kind === 2
            ? runtime.submit(chaos.exhaust, [], once)
            : runtime.submit(chaos.exitCounted, [file, number], once);
    return { ref, isRight: undefined };
  }
  const other = Math.floor(random() * 1_000);
  const isSum = (value: unknown): boolean => value === number + other;
  const options: CallOptions | undefined = random() < 0.5 ? undefined : { retries: 20 };
  switch (Math.floor(random() * 6)) {
    case 0:
      return { ref: runtime.submit(chaos.add, [number, other], options), isRight: isSum };
    case 1:
      return { ref: runtime.submit(chaos.addLater, [number, other], options), isRight: isSum };
    case 2:
      return { ref: runtime.submit(chaos.addNested, [number, other], options), isRight: isSum };
    case 3: {
      const doubled = runtime.submit(chaos.double, [new Float64Array(LENGTH).fill(number)], options);
      return { ref: doubled, isRight: (value) => isFull(value, number * 2) };
    }
    case 4: {
      // A result that is still to come as an argument.
      const doubled = runtime.submit(chaos.double, [new Float64Array(LENGTH).fill(number)], options);
      const again = runtime.submit(chaos.double, [doubled as ResultRef<Float64Array>], options);
      return { ref: again, isRight: (value) => isFull(value, number * 4) };
    }
    default: {
      const ref = runtime.submit(chaos.counted, [file, number], once);
      return { ref, isRight: (value) => value === number };
    }
  }
}

function isFull(value: unknown, expected: number): boolean {
  return value instanceof Float64Array && value.length === LENGTH && value.every((item) => item === expected);
}

async function judge(ref: ResultRef, isRight: Planned['isRight'], tally: Tally): Promise<void> {
  try {
    const value: unknown = await ref;
    if (isRight?.(value) !== true) throw new TypeError(`${ref.what} resolved with ${String(value)}`);
    tally.resolved++;
  } catch (error) {
    if (!(error instanceof PlasmoidError)) throw error;
    const isDeath = error instanceof WorkerDiedError || error instanceof WorkerOutOfMemoryError;
    if (!isDeath) throw error;
    tally.rejected.set(error.name, (tally.rejected.get(error.name) ?? 0) + 1);
  } finally {
    ref.release();
  }
}

/** Calls that are not to be tried again have begun once at most. */
function assertBegunOnce(file: string): void {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  assert.is(new Set(lines).size, lines.length);
}
