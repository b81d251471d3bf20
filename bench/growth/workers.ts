/**
 * How cost grows with the number of workers, from 1 to 64, however many processors there are: beyond their number a curve
 * says what workers cost that get nothing done.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ActorHandle, Runtime } from '../../src/index.ts';
import type { Row, Run, Scale } from '../harness.ts';
import { counted, curveRow } from './curve.ts';
import { Member, tasks } from './workers-work.ts';

const POINTS = [1, 2, 4, 8, 16, 32, 64];
const QUICK_POINTS = [1, 4];
const CURVE = {
  axis: 'workers',
  points: POINTS,
  quickPoints: QUICK_POINTS,
  nameOf: counted('worker'),
} as const;
const MEMORY = '256MiB';
const IN_FLIGHT = 1_000;
const CALLS = { full: 20_000, quick: 2_000 };
const SHARED_VALUES = 2 ** 20 / Float64Array.BYTES_PER_ELEMENT;

const callsOf = (scale: Scale): number => (scale.quick ? CALLS.quick : CALLS.full);

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

async function spawnMembers(runtime: Runtime, count: number): Promise<ActorHandle<Member>[]> {
  return Promise.all(Array.from({ length: count }, () => runtime.spawn(Member, [])));
}

const taskRow: Row = curveRow({
  ...CURVE,
  name: 'growth: empty tasks, 1,000 in flight',
  unit: 'tasks/s',
  higherIsBetter: true,
  rounds: 5,
  setUp: async (workers, scale): Promise<Run> => {
    const runtime = await Runtime.start({ workers, memory: MEMORY, populateAhead: 0 });
    const count = callsOf(scale);
    return {
      round: async () => {
        let sent = 0;
        const lane = async (): Promise<void> => {
          while (sent < count) {
            sent++;
            await runtime.submit(tasks.nothing, []);
          }
        };
        const milliseconds = await elapsedMs(() => Promise.all(Array.from({ length: IN_FLIGHT }, lane)));
        return (count * 1000) / milliseconds;
      },
      tearDown: () => runtime.close(),
    };
  },
});

/** Each of n actors, one per worker, calls all n by turns; so many calls in all, whatever n is. */
const actorRow: Row = curveRow({
  ...CURVE,
  name: 'growth: calls of n actors to n actors',
  unit: 'calls/s',
  higherIsBetter: true,
  rounds: 5,
  setUp: async (workers, scale): Promise<Run> => {
    const runtime = await Runtime.start({ workers, memory: MEMORY, populateAhead: 0 });
    const members = await spawnMembers(runtime, workers);
    // Callers and called ones are apart: a call of `callOthers` holds its own actor until it is done.
    const callers = await spawnMembers(runtime, workers);
    await Promise.all(callers.map((caller) => caller.meet(members)));
    const each = Math.ceil(callsOf(scale) / workers);
    return {
      round: async () => {
        const milliseconds = await elapsedMs(() =>
          Promise.all(callers.map((caller) => caller.callOthers(each))),
        );
        return (each * workers * 1000) / milliseconds;
      },
      tearDown: () => runtime.close(),
    };
  },
});

/** From the put of one array until all workers have summed it in place. */
const broadcastRow: Row = curveRow({
  ...CURVE,
  name: 'growth: one array of 1 MiB put and read by all workers',
  unit: 'µs/worker',
  rounds: 5,
  setUp: async (workers, scale): Promise<Run> => {
    const runtime = await Runtime.start({ workers, memory: MEMORY, populateAhead: 0 });
    const members = await spawnMembers(runtime, workers);
    const values = new Float64Array(SHARED_VALUES).fill(1);
    const broadcast = async (): Promise<void> => {
      const ref = await runtime.store.put(values);
      await Promise.all(members.map((member) => member.sum(ref)));
      ref.release();
    };
    return {
      round: async () => {
        const samples: number[] = [];
        for (let sample = 0; sample < (scale.quick ? 3 : 10); sample++)
          samples.push(((await elapsedMs(broadcast)) * 1000) / workers);
        return samples;
      },
      tearDown: () => runtime.close(),
    };
  },
});

const startRow: Row = curveRow({
  ...CURVE,
  name: 'growth: start of a runtime',
  unit: 'ms',
  rounds: 3,
  setUp: (workers): Run => ({
    round: async () => {
      const startMs = performance.now();
      const runtime = await Runtime.start({ workers, memory: MEMORY, populateAhead: 0 });
      const milliseconds = performance.now() - startMs;
      await runtime.close();
      return milliseconds;
    },
  }),
});

/** What the runtime cannot beat. */
const bareStartRow: Row = curveRow({
  ...CURVE,
  name: 'growth: start of bare worker threads',
  unit: 'ms',
  rounds: 3,
  setUp: (count): Run => ({
    round: async () => {
      const startMs = performance.now();
      const workers = Array.from(
        { length: count },
        () => new Worker(new URL('./bare-worker.js', import.meta.url), { execArgv: [] }),
      );
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      const milliseconds = performance.now() - startMs;
      await Promise.all(workers.map((worker) => worker.terminate()));
      return milliseconds;
    },
  }),
});

export const rows: readonly Row[] = [taskRow, actorRow, broadcastRow, startRow, bareStartRow];
