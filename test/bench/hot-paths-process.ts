/**
 * Entry of the process that `hot-paths.test.ts` looks at: runs one hot path for some phases, and prints how large the
 * trace of deoptimisations was after each. The trace is a file that V8 opens and closes for each entry, so that its
 * size is exact at any time.
 */
import { existsSync, statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type ObjectRef, Runtime, Store } from '../../src/index.ts';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { ringTotalBytes } from '../../src/state/ring-layout.ts';
import { tasks } from './hot-paths-tasks.ts';

interface Path {
  /** Does the path once, or a batch of it. */
  readonly step: () => void | Promise<void>;
  /** Of one phase. */
  readonly steps: number;
  readonly end?: () => Promise<void>;
}

const MEMORY = '64MiB';
const STEPS = 20_000;
const IN_FLIGHT = 500;
const RING_WORDS = 4_096;
const MESSAGE_WORDS = 8;
const MESSAGE_TYPE = 1;

async function inStore(
  makeStep: (store: Store, source: Float64Array<ArrayBuffer>) => () => void,
): Promise<Path> {
  const store = await Store.create({ memory: MEMORY });
  return { step: makeStep(store, new Float64Array(128).fill(1)), steps: STEPS, end: () => store.close() };
}

const PATHS: Record<string, () => Path | Promise<Path>> = {
  get: () =>
    inStore((store, source) => {
      const ref = store.putSync(source);
      return () => store.release(store.getSync(ref));
    }),

  getInto: () =>
    inStore((store, source) => {
      const ref = store.putSync(source);
      const target = new Float64Array(source.length);
      return () => store.getIntoSync(ref, target);
    }),

  put: () => inStore((store, source) => () => store.putSync(source).release()),

  cycle: () =>
    inStore((store, source) => () => {
      const ref: ObjectRef<Float64Array<ArrayBuffer>> = store.putSync(source);
      store.release(store.getSync(ref));
      ref.release();
    }),

  ring: () => {
    const memory = new SharedArrayBuffer(ringTotalBytes(RING_WORDS));
    const producer = RingProducer.acquire(memory, 0, RING_WORDS);
    const consumer = RingConsumer.acquire(memory, 0, RING_WORDS);
    const take = (_type: number, words: Int32Array, start: number): void => {
      if (words[start] !== MESSAGE_TYPE) throw new Error('A record was changed');
    };
    return {
      steps: STEPS,
      step: () => {
        const start = producer.claim(MESSAGE_TYPE, MESSAGE_WORDS);
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) producer.words[start + offset] = MESSAGE_TYPE;
        producer.publish();
        consumer.drain(take, 1);
      },
    };
  },

  submit: async () => {
    const runtime = await Runtime.start({ workers: 1, memory: MEMORY });
    return {
      steps: STEPS / IN_FLIGHT,
      end: () => runtime.close(),
      step: async () => {
        await Promise.all(Array.from({ length: IN_FLIGHT }, () => runtime.submit(tasks.nothing, [])));
      },
    };
  },

  /** For the test of the test: a function whose code is thrown away in each phase, while it runs. */
  unstable: () => {
    setFlagsFromString('--allow-natives-syntax');
    const throwAway = new Function('target', '%DeoptimizeFunction(target)');
    const steps = 20 * STEPS;
    let done = 0;
    const step = (): void => {
      if (++done % steps === 0) throwAway(step);
    };
    return { steps, step };
  },
};

/** Its own code does not count: V8 compiles it in the middle of the loop, when nobody knows yet what comes behind it. */
async function testLoop({ step, steps }: Path): Promise<void> {
  for (let index = 0; index < steps; index++) {
    const pending = step();
    if (pending !== undefined) await pending;
  }
}

const [, , name = '', trace = '', phases = '1'] = process.argv;
const open = PATHS[name];
if (open === undefined) throw new Error(`No hot path named ${name}`);
const path = await open();
const sizes: number[] = [];
for (let phase = 0; phase < Number(phases); phase++) {
  await testLoop(path);
  sizes.push(existsSync(trace) ? statSync(trace).size : 0);
}
await path.end?.();
console.log(JSON.stringify(sizes));
