/** A store with threads that churn in it; see `churn.ts`. */

import { Worker } from 'node:worker_threads';
import { Store, type StoreStatistics } from '../../src/index.ts';
import type { ChurnPlan } from './churn.ts';
import type { ChurnAnswers, ChurnOrder, ChurnWorkerData } from './churn-worker.ts';

export interface ChurnOptions {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly seed: number;
  /** The part of the refs and views that is forgotten. */
  readonly forgottenPart?: number;
}

/** The part of the memory that lives, in all threads together. */
const LIVE_PART = 0.7;
const FORGOTTEN_PART = 0.02;

export class ChurnThreads {
  readonly store: Store;
  readonly #threads: readonly Thread[];

  private constructor(store: Store, threads: readonly Thread[]) {
    this.store = store;
    this.#threads = threads;
  }

  /** Resolves when everything lives that shall live. */
  static async start({
    memoryBytes,
    threads,
    seed,
    forgottenPart = FORGOTTEN_PART,
  }: ChurnOptions): Promise<ChurnThreads> {
    // Without a disk: full memory is then cleared by collections, and not by moving objects.
    const store = await Store.create({ memory: memoryBytes, spillLimit: 0, populateAhead: memoryBytes });
    const planOf = (index: number): ChurnPlan => ({
      seed: seed + index,
      liveBytes: (memoryBytes * LIVE_PART) / threads,
      forgottenPart,
    });
    const started = Array.from({ length: threads }, (_, index) => new Thread(store, planOf(index)));
    await Promise.all(started.map((thread) => thread.ready));
    return new ChurnThreads(store, started);
  }

  /** Asks all threads at once. */
  ask<Task extends ChurnOrder['task']>(
    order: ChurnOrder & { readonly task: Task },
  ): Promise<ChurnAnswers[Task][]> {
    return Promise.all(this.#threads.map((thread) => thread.ask<Task>(order)));
  }

  /** Lets go of everything; what is left in the store then. */
  async empty(): Promise<StoreStatistics> {
    await this.ask({ task: 'end' });
    await Promise.all(this.#threads.map((thread) => thread.end()));
    await this.store.trim();
    return this.store.stats();
  }
}

class Thread {
  readonly ready: Promise<unknown>;
  readonly #worker: Worker;
  readonly #failed: Promise<never>;

  constructor(store: Store, plan: ChurnPlan) {
    const workerData: ChurnWorkerData = { handle: store.handle, plan };
    this.#worker = new Worker(new URL('./churn-worker.js', import.meta.url), { workerData, execArgv: [] });
    this.#failed = new Promise((_, reject) => {
      this.#worker.once('error', reject);
    });
    this.#failed.catch(() => {});
    this.ready = this.#answer();
  }

  async ask<Task extends ChurnOrder['task']>(order: ChurnOrder): Promise<ChurnAnswers[Task]> {
    const answer = this.#answer();
    this.#worker.postMessage(order);
    // The worker answers each order with what belongs to its task.
    return (await answer) as ChurnAnswers[Task];
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(): Promise<unknown> {
    const message = new Promise((resolve) => {
      this.#worker.once('message', resolve);
    });
    return Promise.race([message, this.#failed]);
  }
}
