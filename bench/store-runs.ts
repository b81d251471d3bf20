/** What the store's rows are made of: sizes, stores, and subjects that run one loop in a worker or on the main thread. */

import { Worker } from 'node:worker_threads';
import { Store } from '../src/index.ts';
import type { Run, Scale, Subject } from './harness.ts';
import { type Batches, type Loop, type SyncLoopName, timeBatches } from './store-loops.ts';
import type { StoreWorkerData } from './store-worker.ts';

export const MIB = 2 ** 20;

/** Operations per sample: gets; cycles on one thread; hand-overs to a worker. */
export interface Counts {
  readonly get: number;
  readonly local: number;
  readonly delivery: number;
}

/** One size of objects, and how many of them make a sample: enough for about a millisecond or one operation. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
  /** Operations per sample. */
  readonly counts: Counts;
  /** Objects alive at a time in the rows of single steps. */
  readonly width: number;
  /** Objects put into fresh memory in one round. */
  readonly freshCount: number;
  readonly samples: { readonly full: number; readonly quick: number };
}

export const SIZES: readonly Size[] = [
  {
    name: '8 B',
    bytes: 8,
    counts: { get: 1024, local: 1024, delivery: 20 },
    width: 32,
    freshCount: 65_536,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '1 KiB',
    bytes: 1024,
    counts: { get: 1024, local: 1024, delivery: 20 },
    width: 32,
    freshCount: 16_384,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '1 MiB',
    bytes: MIB,
    counts: { get: 1024, local: 16, delivery: 16 },
    width: 8,
    freshCount: 64,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '64 MiB',
    bytes: 64 * MIB,
    counts: { get: 32, local: 1, delivery: 1 },
    width: 1,
    freshCount: 4,
    samples: { full: 5, quick: 1 },
  },
];

export const POOL_BYTES = 256 * MIB;

export function batchesOf(size: Size, scale: Scale, kind: keyof Counts): Batches {
  return {
    samples: scale.quick ? size.samples.quick : size.samples.full,
    count: size.counts[kind],
  };
}

/** A pool whose pages come by use. */
export function openStore(): Promise<Store> {
  return Store.create({ memory: POOL_BYTES, populateAhead: 0 });
}

/** A worker that answers each message with one of its own. */
export class Answerer {
  readonly #worker: Worker;
  #settle: { resolve(answer: unknown): void; reject(error: unknown): void } | undefined;
  #error: unknown;

  constructor(workerData: StoreWorkerData) {
    this.#worker = new Worker(new URL('./store-worker.js', import.meta.url), { workerData, execArgv: [] });
    this.#worker.on('message', (answer: unknown) => this.#settle?.resolve(answer));
    this.#worker.on('error', (error) => {
      this.#error = error;
      this.#settle?.reject(error);
    });
  }

  /** Rejects with the worker's error, also one that came before. */
  ask(message: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#settle = { resolve, reject };
      this.#worker.postMessage(message, transfer);
    });
  }

  /** Runs one round of a worker that measures. */
  async round(): Promise<number[]> {
    return (await this.ask('round')) as number[];
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Operations in a worker, with the synchronous calls. */
export function inWorker(name: string, size: Size, loop: SyncLoopName, kind: keyof Counts): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const store = await openStore();
      const batches = batchesOf(size, scale, kind);
      const data = { task: 'loop', handle: store.handle, loop, bytes: size.bytes, batches } as const;
      const worker = new Answerer(data);
      return {
        round: () => worker.round(),
        tearDown: async () => {
          await worker.end();
          await store.close();
        },
      };
    },
  };
}

/** Operations on the main thread, with the asynchronous calls. */
export function onMain(
  name: string,
  size: Size,
  makeLoop: (store: Store, bytes: number) => Loop,
  kind: keyof Counts,
): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const store = await openStore();
      const loop = makeLoop(store, size.bytes);
      return {
        round: () => timeBatches(loop, batchesOf(size, scale, kind)),
        tearDown: () => store.close(),
      };
    },
  };
}
