/** Tasks: those that find everybody asleep, that take a while, that share an array, and that wait in great numbers. */
import { Runtime } from '../src/index.ts';
import type { Row, Run, Subject } from './harness.ts';
import { asleep, countOf, flight, type Measure, type Peer, subject } from './peers/calls.ts';
import { openPiscina, PISCINA_MODES, PISCINA_SINGLE, type PiscinaMode } from './peers/piscina.ts';
import { tasks } from './tasks-work.ts';

const MEMORY = '256MiB';
const IN_FLIGHT = 1_000;
const CALLS_OF_A_WHILE = { full: 5_000, quick: 500 };
const TRIPS_TOGETHER = 50;
const MEBIBYTE_VALUES = 2 ** 20 / Float64Array.BYTES_PER_ELEMENT;

async function openRuntime(workers: number): Promise<Runtime> {
  return Runtime.start({ workers, memory: MEMORY });
}

const plasmoid = (workers: number, call: (runtime: Runtime) => () => PromiseLike<unknown>) => async () => {
  const runtime = await openRuntime(workers);
  return { call: call(runtime), end: () => runtime.close() };
};

const piscina =
  (threads: number, mode: PiscinaMode, name: string, argument?: () => unknown) => async (): Promise<Peer> => {
    const pool = openPiscina(new URL('./tasks-work.js', import.meta.url).href, threads, mode);
    return { call: () => pool.run(argument?.(), { name }), end: () => pool.destroy() };
  };

const whileLong: Measure = (peer, scale) => flight(countOf(CALLS_OF_A_WHILE, scale), IN_FLIGHT, peer.call);

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

function besidePiscina(
  own: Subject,
  threads: number,
  measure: Measure,
  task = 'nothing',
  argument?: () => unknown,
): Subject[] {
  const peers = PISCINA_MODES.map((mode) =>
    subject(mode.name, piscina(threads, mode, task, argument), measure),
  );
  return [own, ...peers];
}

const values = array();

export const rows: readonly Row[] = [
  {
    name: 'tasks: empty, one at a time, both sides asleep',
    unit: 'µs/task',
    subjects: besidePiscina(
      subject(
        'plasmoid, awaited',
        plasmoid(1, (runtime) => () => runtime.submit(tasks.nothing, [])),
        asleep,
      ),
      1,
      asleep,
    ),
  },
  {
    name: 'tasks: of 100 µs, 1,000 in flight, two workers',
    unit: 'µs/task',
    rounds: 7,
    subjects: besidePiscina(
      subject(
        'plasmoid',
        plasmoid(2, (runtime) => () => runtime.submit(tasks.compute, [100])),
        whileLong,
      ),
      2,
      whileLong,
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
        piscina(workers, PISCINA_SINGLE, 'touch', () => values),
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
];
