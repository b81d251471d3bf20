/**
 * Budgets of the hot paths, in plain operations: how many typed arrays on a SharedArrayBuffer that is there already
 * could be made in the same time. A machine that is slow, or busy, is so for both.
 */
import { Runtime, Store } from '../src/index.ts';
import { RingConsumer } from '../src/pools/ring/consumer.ts';
import { RingProducer } from '../src/pools/ring/producer.ts';
import { ringTotalBytes } from '../src/state/ring-layout.ts';
import type { Row, Run, Scale, Subject } from './harness.ts';
import { makeSource, touch } from './store-loops.ts';
import { tasks } from './tasks-work.ts';

const BYTES = 1024;
const MEMORY = '64MiB';
const RING_WORDS = 16_384;
const MESSAGE_WORDS = 8;
const MESSAGE_TYPE = 1;
const IN_FLIGHT = 1_000;
/** Operations per sample: about a millisecond. */
const COUNT = 2_000;
const WARM_UP_OPERATIONS = 20_000;
const SAMPLES = { full: 20, quick: 10 };

/** Does something so many times. */
type Repeat = (count: number) => void | Promise<void>;

interface Path {
  readonly repeat: Repeat;
  readonly end?: () => Promise<void>;
}

/** Microseconds per operation. */
function subject(name: string, open: () => Path | Promise<Path>): Subject {
  return {
    name,
    setUp: async (scale: Scale): Promise<Run> => {
      const { repeat, end } = await open();
      await repeat(WARM_UP_OPERATIONS);
      return {
        round: async () => {
          const samples: number[] = [];
          for (let sample = 0; sample < (scale.quick ? SAMPLES.quick : SAMPLES.full); sample++) {
            const startedMs = performance.now();
            await repeat(COUNT);
            samples.push(((performance.now() - startedMs) * 1000) / COUNT);
          }
          return samples;
        },
        ...(end === undefined ? {} : { tearDown: end }),
      };
    },
  };
}

function plain(): Path {
  const shared = new SharedArrayBuffer(BYTES);
  return {
    repeat: (count) => {
      for (let index = 0; index < count; index++) touch(new Float64Array(shared));
    },
  };
}

const inStore = (makeRepeat: (store: Store) => Repeat) => async (): Promise<Path> => {
  const store = await Store.create({ memory: MEMORY });
  return { repeat: makeRepeat(store), end: () => store.close() };
};

const getAndRelease = inStore((store) => {
  const ref = store.putSync(makeSource(BYTES));
  return (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync(ref);
      touch(view);
      store.release(view);
    }
  };
});

const getInto = inStore((store) => {
  const source = makeSource(BYTES);
  const ref = store.putSync(source);
  const target = new Float64Array(source.length);
  return (count) => {
    for (let index = 0; index < count; index++) {
      store.getIntoSync(ref, target);
      touch(target);
    }
  };
});

const putAndRelease = inStore((store) => {
  const source = makeSource(BYTES);
  return (count) => {
    for (let index = 0; index < count; index++) store.putSync(source).release();
  };
});

const inRuntime = (makeRepeat: (runtime: Runtime) => Repeat) => async (): Promise<Path> => {
  const runtime = await Runtime.start({ workers: 1, memory: MEMORY });
  return { repeat: makeRepeat(runtime), end: () => runtime.close() };
};

const oneTask = inRuntime((runtime) => (count) => {
  for (let index = 0; index < count; index++) runtime.submit(tasks.nothing, []).getSync();
});

const manyTasks = inRuntime((runtime) => async (count) => {
  for (let done = 0; done < count; done += IN_FLIGHT) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => runtime.submit(tasks.nothing, [])));
  }
});

/** Both ends on this thread: without the time that a word takes from one processor to the other. */
function ringRecord(): Path {
  const memory = new SharedArrayBuffer(ringTotalBytes(RING_WORDS));
  const producer = RingProducer.acquire(memory, 0, RING_WORDS);
  const consumer = RingConsumer.acquire(memory, 0, RING_WORDS);
  const words = producer.words;
  let sum = 0;
  const take = (_type: number, taken: Int32Array, start: number): void => {
    sum = (sum + taken[start]!) | 0;
  };
  return {
    repeat: (count) => {
      let expected = sum;
      for (let index = 0; index < count; index++) {
        const start = producer.claim(MESSAGE_TYPE, MESSAGE_WORDS);
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) words[start + offset] = index + offset;
        expected = (expected + index) | 0;
        producer.publish();
        consumer.drain(take, 1);
      }
      if (sum !== expected) throw new Error('Records were lost or changed');
    },
  };
}

const PLAIN = 'plain operation: new Float64Array(sharedArrayBuffer)';

/**
 * Plain operations that each path may take: half as many again as it takes on a busy machine, or more. A task alone
 * takes some 100 where both threads watch and 600 where they share a processor; where others want it too, it may be over.
 */
const PATHS: readonly (readonly [string, () => Path | Promise<Path>, number])[] = [
  ['getSync + release of the view, 1 KiB', getAndRelease, 30],
  ['getIntoSync, 1 KiB', getInto, 10],
  ['putSync + release of the ref, 1 KiB', putAndRelease, 30],
  ['one ring record of 32 bytes, written and taken', ringRecord, 5],
  ['one empty task, 1,000 in flight', manyTasks, 150],
  ['one empty task alone, getSync', oneTask, 1_000],
];

export const rows: readonly Row[] = [
  {
    name: 'budget: hot paths of 1 KiB objects, ring records and empty tasks',
    unit: 'µs',
    subjects: [subject(PLAIN, plain), ...PATHS.map(([name, open]) => subject(name, open))],
    claims: PATHS.map(([name, , operations]) => ({ subject: name, against: [PLAIN], times: 1 / operations })),
  },
];
