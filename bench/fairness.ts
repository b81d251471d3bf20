/** How long a put waits for its turn when another thread puts as fast as it can. */
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Store } from '../src/index.ts';
import { GREEDY, type GreedyData, giveBack } from './fairness-worker.ts';
import type { Row, Run, Subject } from './harness.ts';

const STORE_BYTES = 64 * 2 ** 20;
const PUTS = { full: 200, quick: 30 };
const PAUSE_MS = 2;

function beside(name: string, greedyWorkers: number, work: GreedyData['work']): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const store = await Store.create({ memory: STORE_BYTES, spillLimit: 0 });
      const source = new Uint8Array(1024);
      const words = new Int32Array(new SharedArrayBuffer(GREEDY.WORDS * 4));
      const workerData: GreedyData = { store: store.handle, work, words };
      const url = new URL('./fairness-worker.js', import.meta.url);
      const workers = Array.from(
        { length: greedyWorkers },
        () => new Worker(url, { workerData, execArgv: [] }),
      );
      return {
        round: async () => {
          const before = Atomics.load(words, GREEDY.PUTS);
          Atomics.store(words, GREEDY.GO, 1);
          Atomics.notify(words, GREEDY.GO);
          while (greedyWorkers > 0 && Atomics.load(words, GREEDY.PUTS) - before < 100) await setImmediate();
          const samples: number[] = [];
          for (let put = 0; put < (scale.quick ? PUTS.quick : PUTS.full); put++) {
            // Now and then: whoever rests in between has to be given a processor first.
            await delay(PAUSE_MS);
            const startedMs = performance.now();
            const ref = store.putSync(source);
            samples.push((performance.now() - startedMs) * 1000);
            giveBack(store, ref);
          }
          Atomics.store(words, GREEDY.GO, 0);
          return samples;
        },
        tearDown: async () => {
          await Promise.all(workers.map((worker) => worker.terminate()));
          await store.close();
        },
      };
    },
  };
}

export const rows: readonly Row[] = [
  {
    name: 'fairness: a put of 1 KiB',
    unit: 'µs/put',
    subjects: [
      beside('alone', 0, 'puts'),
      beside('beside a worker that puts', 1, 'puts'),
      beside('beside two workers that put', 2, 'puts'),
      beside('beside two workers that only compute', 2, 'computes'),
    ],
  },
];
