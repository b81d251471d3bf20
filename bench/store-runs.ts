/** What the store's rows are made of: sizes, stores, and subjects that run one loop in a worker or on the main thread. */

import { Worker } from 'node:worker_threads';
import { Store } from '../src/index.ts';
import type { Run, Scale, Subject } from './harness.ts';
import { type Batches, type Loop, type SyncLoopName, timeBatches } from './store-loops.ts';
import { assertNoStock, type StoreWorkerData } from './store-worker.ts';

export const MIB = 2 ** 20;

/** Operations per sample: gets; cycles on one thread; cycles by the actor, awake or asleep; hand-overs to a worker. */
export interface Counts {
  readonly get: number;
  readonly local: number;
  readonly remote: number;
  readonly asleep: number;
  readonly delivery: number;
}

/** Far longer than the actor watches for work before it sleeps. */
const PAUSE_MS = 2;

/** One size of objects, and how many of them make a sample: enough for about a millisecond or one operation. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
  /** Operations per sample. */
  readonly counts: Counts;
  /** Objects alive at a time in the rows of single steps; no more than a stock takes back. */
  readonly width: number;
  /** Objects put into fresh memory in one round. */
  readonly freshCount: number;
  readonly samples: { readonly full: number; readonly quick: number };
}

export const SIZES: readonly Size[] = [
  {
    name: '8 B',
    bytes: 8,
    counts: { get: 1024, local: 1024, remote: 200, asleep: 1, delivery: 20 },
    width: 32,
    freshCount: 65_536,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '1 KiB',
    bytes: 1024,
    counts: { get: 1024, local: 1024, remote: 200, asleep: 1, delivery: 20 },
    width: 32,
    freshCount: 16_384,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '1 MiB',
    bytes: MIB,
    counts: { get: 1024, local: 16, remote: 16, asleep: 1, delivery: 16 },
    width: 8,
    freshCount: 64,
    samples: { full: 20, quick: 4 },
  },
  {
    name: '64 MiB',
    bytes: 64 * MIB,
    counts: { get: 32, local: 1, remote: 1, asleep: 1, delivery: 1 },
    width: 1,
    freshCount: 4,
    samples: { full: 5, quick: 1 },
  },
];

/** A stock takes up to a sixteenth of it. */
export const POOL_BYTES = 256 * MIB;

export function batchesOf(size: Size, scale: Scale, kind: keyof Counts): Batches {
  return {
    samples: scale.quick ? size.samples.quick : size.samples.full,
    count: size.counts[kind],
    pause: kind === 'asleep' ? PAUSE_MS : 0,
  };
}

/** A pool whose pages come by use; with `withoutStock`, one that never gives blocks in advance. */
export async function openStore(withoutStock: boolean): Promise<Store> {
  // Objects of 64 MiB need room in the sixteenth that is left.
  const memory = withoutStock ? 8 * POOL_BYTES : POOL_BYTES;
  const store = await Store.create({ memory, populateAhead: 0 });
  if (withoutStock)
    ballast.set(store, [await store.create((memory * 15) / 16), await store.create(memory / 64)]);
  return store;
}

/** Slots that must not be collected while their store is measured. */
const ballast = new WeakMap<Store, object>();

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
      const withoutStock = kind === 'remote' || kind === 'asleep';
      const store = await openStore(withoutStock);
      const batches = batchesOf(size, scale, kind);
      const data = {
        task: 'loop',
        handle: store.handle,
        loop,
        bytes: size.bytes,
        batches,
        withoutStock,
      } as const;
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
      const withoutStock = kind === 'remote' || kind === 'asleep';
      const store = await openStore(withoutStock);
      const loop = makeLoop(store, size.bytes);
      return {
        round: async () => {
          const measured = await timeBatches(loop, batchesOf(size, scale, kind));
          if (withoutStock) await assertNoStock(store);
          return measured;
        },
        tearDown: () => store.close(),
      };
    },
  };
}
