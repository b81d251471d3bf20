/** The three threads of the model test, which all do what they are told in the same way: this one and two workers. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Store } from '../../src/index.ts';
import type { Action, Outcome } from './action.ts';
import { Hands } from './hands.ts';

export const THREADS = [0, 1, 2];

/** Longer than any call may take: a thread that is silent for so long has lost a wake-up. */
const LIMIT_MS = 30_000;

interface Asked {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

interface WorkerThread {
  readonly worker: Worker;
  /** Whom its next answers are for, in the order of the questions. */
  readonly asked: Asked[];
}

export class Threads {
  readonly #here: Hands;
  readonly #workers: readonly WorkerThread[];

  constructor(store: Store) {
    this.#here = new Hands(store);
    this.#workers = THREADS.slice(1).map(() => startWorker(store));
  }

  /** Runs it in a thread. Questions to one thread are answered in their order. */
  ask(thread: number, action: Action): Promise<Outcome> {
    const there = this.#workers[thread - 1];
    if (there === undefined) return this.#here.run(action);
    return new Promise<Outcome>((resolve, reject) => {
      const silent = new Error(`thread ${thread} does not answer ${JSON.stringify(action)}`);
      const timer = setTimeout(reject, LIMIT_MS, silent);
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        resolve(outcome);
      };
      there.asked.push({ resolve: settle, reject });
      there.worker.postMessage(action);
    });
  }

  /** For threads in which something went wrong: they may never answer again. */
  async terminate(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  async end(): Promise<void> {
    for (const { worker } of this.#workers) {
      worker.ref();
      const exited = once(worker, 'exit');
      worker.postMessage('end');
      await exited;
    }
  }
}

function startWorker(store: Store): WorkerThread {
  const worker = new Worker(new URL('./hands-worker.js', import.meta.url), {
    workerData: { store: store.handle },
  });
  const asked: Asked[] = [];
  worker.on('message', (outcome: Outcome) => asked.shift()?.resolve(outcome));
  worker.on('error', (error) => {
    for (const { reject } of asked.splice(0)) reject(error);
  });
  // A failure must not leave it waiting for orders.
  worker.unref();
  return { worker, asked };
}
