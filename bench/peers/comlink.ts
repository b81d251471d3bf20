/** comlink 4.4.2 over a worker, by the adapter for Node that it comes with. It has no settings. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Remote, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Counter } from './plasmoid-tasks.ts';

export interface ComlinkCounter {
  readonly counter: Remote<Counter>;
  readonly end: () => Promise<void>;
}

export async function openComlink(): Promise<ComlinkCounter> {
  const worker = new Worker(new URL('./comlink-worker.js', import.meta.url), { execArgv: [] });
  await once(worker, 'online');
  return {
    counter: wrap<Counter>(nodeEndpoint(worker)),
    end: async () => {
      await worker.terminate();
    },
  };
}
