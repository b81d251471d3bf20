/** The runtime beside its peers: tasks beside piscina in its best mode, actors beside comlink, arrays beside structured clone. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Remote, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Piscina } from 'piscina';
import { type ActorHandle, Runtime } from '../src/index.ts';
import type { Row, Run, Scale, Subject } from './harness.ts';
import { Counter, tasks } from './tasks-work.ts';

const MEMORY = '256MiB';
const IN_FLIGHT = 1_000;
const CALLS = { full: 20_000, quick: 4_000 };
const TRIPS = { full: 2_000, quick: 500 };
const TRIPS_TOGETHER = 50;
const COLD_TRIPS = { full: 40, quick: 10 };
/** Long enough for both sides to fall asleep. */
const PAUSE_MS = 5;
/** The compiler's threads disturb the first thousands of calls. */
const WARM_UP_CALLS = 5_000;
const MEBIBYTE_VALUES = 2 ** 20 / Float64Array.BYTES_PER_ELEMENT;

const countOf = (counts: { readonly full: number; readonly quick: number }, scale: Scale): number =>
  scale.quick ? counts.quick : counts.full;

/** Microseconds per call, `inFlight` of them at any time. */
async function flight(count: number, inFlight: number, call: () => PromiseLike<unknown>): Promise<number> {
  const startedMs = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent < count) {
      sent++;
      await call();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return ((performance.now() - startedMs) * 1000) / count;
}

/** Microseconds of each call, which finds everybody asleep. */
async function cold(count: number, call: () => PromiseLike<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let trip = 0; trip < count; trip++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const startedMs = performance.now();
    await call();
    samples.push((performance.now() - startedMs) * 1000);
  }
  return samples;
}

/** What a subject has to call with, set up. */
interface Peer {
  readonly call: () => PromiseLike<unknown>;
  readonly end: () => Promise<void>;
}

type Measure = (peer: Peer, scale: Scale) => Promise<number | number[]>;

function subject(name: string, open: () => Promise<Peer>, measure: Measure): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const peer = await open();
      // Together and one by one: batches run other code than single trips.
      for (const inFlight of [100, 1])
        await flight(scale.quick ? IN_FLIGHT : WARM_UP_CALLS, inFlight, peer.call);
      return { round: () => measure(peer, scale), tearDown: peer.end };
    },
  };
}

async function openRuntime(workers: number): Promise<Runtime> {
  return Runtime.start({ workers, memory: MEMORY });
}

const plasmoid = (workers: number, call: (runtime: Runtime) => () => PromiseLike<unknown>) => async () => {
  const runtime = await openRuntime(workers);
  return { call: call(runtime), end: () => runtime.close() };
};

type Atomics = 'sync' | 'async' | 'disabled';

const piscina =
  (threads: number, atomics: Atomics, perWorker: number, name: string, argument?: () => unknown) =>
  async (): Promise<Peer> => {
    const pool = new Piscina({
      filename: new URL('./tasks-work.js', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      atomics,
      concurrentTasksPerWorker: perWorker,
      recordTiming: false,
    });
    return { call: () => pool.run(argument?.(), { name }), end: () => pool.destroy() };
  };

const actor = async (): Promise<Peer> => {
  const runtime = await openRuntime(1);
  const counter: ActorHandle<Counter> = await runtime.spawn(Counter, []);
  return { call: () => counter.add(1), end: () => runtime.close() };
};

const comlink = async (): Promise<Peer> => {
  const worker = new Worker(new URL('./comlink-work.js', import.meta.url), { execArgv: [] });
  await once(worker, 'online');
  const counter: Remote<Counter> = wrap<Counter>(nodeEndpoint(worker));
  return {
    call: () => counter.add(1),
    end: async () => {
      await worker.terminate();
    },
  };
};

const nothing = plasmoid(1, (runtime) => () => runtime.submit(tasks.nothing, []));
const nothingSync = plasmoid(
  1,
  (runtime) => () => Promise.resolve(runtime.submit(tasks.nothing, []).getSync()),
);
const many: Measure = (peer, scale) => flight(countOf(CALLS, scale), IN_FLIGHT, peer.call);
/** Averages of a few trips each: whether both sides are awake changes from one moment to the next. */
const single: Measure = async (peer, scale) => {
  const samples: number[] = [];
  for (let trip = 0; trip < countOf(TRIPS, scale); trip += TRIPS_TOGETHER)
    samples.push(await flight(TRIPS_TOGETHER, 1, peer.call));
  return samples;
};
const asleep: Measure = (peer, scale) => cold(countOf(COLD_TRIPS, scale), peer.call);

/** Milliseconds of something, while one worker is busy and 100,000 calls wait for it. */
function saturated(name: string, act: (runtime: Runtime) => Promise<void>): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const runtime = await openRuntime(1);
      // Longer than any row: the runtime is closed without waiting for it.
      runtime.submit(tasks.compute, [3_600_000_000]);
      const calls = Array.from({ length: scale.quick ? 10_000 : 100_000 }, () =>
        runtime.submit(tasks.nothing, []),
      );
      return {
        round: async () => {
          const startedMs = performance.now();
          await act(runtime);
          return performance.now() - startedMs;
        },
        tearDown: async () => {
          await runtime.close({ deadline: 0 });
          await Promise.allSettled(calls);
        },
      };
    },
  };
}

async function cancelOne(runtime: Runtime): Promise<void> {
  const controller = new AbortController();
  const call = runtime.submit(tasks.nothing, [], { signal: controller.signal });
  controller.abort();
  await call.catch(() => {});
}

/** Four tasks read one array of 1 MiB; microseconds for all. */
function fourReaders(name: string, open: () => Promise<Peer>): Subject {
  const four = ({ call }: Peer) => Promise.all(Array.from({ length: 4 }, call));
  return subject(name, open, async (peer, scale) => {
    const samples: number[] = [];
    for (let round = 0; round < (scale.quick ? 50 : 500); round += TRIPS_TOGETHER)
      samples.push(await flight(TRIPS_TOGETHER, 1, () => four(peer)));
    return samples;
  });
}

const array = (): Float64Array => new Float64Array(MEBIBYTE_VALUES).fill(1);

const byRef = (workers: number) => async (): Promise<Peer> => {
  const runtime = await openRuntime(workers);
  const ref = await runtime.store.put(array());
  return { call: () => runtime.submit(tasks.touch, [ref]), end: () => runtime.close() };
};

const byValue = (workers: number) => async (): Promise<Peer> => {
  const runtime = await openRuntime(workers);
  const values = array();
  return { call: () => runtime.submit(tasks.touch, [values]), end: () => runtime.close() };
};

const MODES: readonly (readonly [Atomics, number])[] = [
  ['sync', 1],
  ['sync', 64],
  ['async', 64],
  ['disabled', 64],
];

function besidePiscina(
  own: readonly Subject[],
  threads: number,
  measure: Measure,
  task = 'nothing',
  argument?: () => unknown,
) {
  const peers = MODES.map(([atomics, perWorker]) =>
    subject(
      `piscina ${atomics}, ${perWorker} per worker`,
      piscina(threads, atomics, perWorker, task, argument),
      measure,
    ),
  );
  return [...own, ...peers];
}

const values = array();

export const rows: readonly Row[] = [
  {
    name: 'tasks: empty, 1,000 in flight, one worker',
    unit: 'µs/task',
    subjects: besidePiscina([subject('plasmoid', nothing, many)], 1, many),
  },
  {
    name: 'tasks: empty, one at a time, both sides warm',
    unit: 'µs/task',
    subjects: besidePiscina(
      [subject('plasmoid, awaited', nothing, single), subject('plasmoid, getSync', nothingSync, single)],
      1,
      single,
    ),
  },
  {
    name: 'tasks: empty, one at a time, both sides asleep',
    unit: 'µs/task',
    subjects: besidePiscina([subject('plasmoid, awaited', nothing, asleep)], 1, asleep),
  },
  {
    name: 'tasks: of 100 µs, 1,000 in flight, two workers',
    unit: 'µs/task',
    rounds: 7,
    subjects: besidePiscina(
      [
        subject(
          'plasmoid',
          plasmoid(2, (runtime) => () => runtime.submit(tasks.compute, [100])),
          (peer, scale) => flight(countOf(CALLS, scale) / 4, IN_FLIGHT, peer.call),
        ),
      ],
      2,
      (peer, scale) => flight(countOf(CALLS, scale) / 4, IN_FLIGHT, peer.call),
      'compute',
      () => 100,
    ),
  },
  ...[1, 2].map((workers) => ({
    name: `tasks: an array of 1 MiB to four tasks, ${workers === 1 ? 'one worker' : 'two workers'}`,
    unit: 'µs/four',
    subjects: [
      fourReaders('plasmoid, by its ref', byRef(workers)),
      fourReaders('plasmoid, put for each call', byValue(workers)),
      fourReaders(
        'piscina, structured clone',
        piscina(workers, 'sync', 1, 'touch', () => values),
      ),
    ],
  })),
  {
    name: 'tasks: beside 100,000 that wait',
    unit: 'ms',
    subjects: [
      saturated('cancel one', cancelOne),
      saturated('add one of high priority', async (runtime) => {
        runtime.submit(tasks.nothing, [], { priority: 1 });
      }),
      saturated('read the numbers', async (runtime) => {
        await runtime.stats();
      }),
    ],
  },
  {
    name: 'actors: 1,000 calls in flight',
    unit: 'µs/call',
    subjects: [subject('plasmoid', actor, many), subject('comlink', comlink, many)],
  },
  {
    name: 'actors: one call at a time, both sides warm',
    unit: 'µs/call',
    subjects: [subject('plasmoid', actor, single), subject('comlink', comlink, single)],
  },
];
