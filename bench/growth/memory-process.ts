/** A process that starts a number of workers, with a runtime or without, and says how much memory that took. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Runtime } from '../../src/index.ts';

/** What is started. */
export interface MemoryOrder {
  readonly workers: number;
  readonly runtime: boolean;
}

/** Threads that have just started still compile and collect. */
const SETTLE_MS = 500;

async function start({ workers, runtime }: MemoryOrder): Promise<() => Promise<unknown>> {
  if (runtime) {
    // Memory that is populated ahead of its use is not the runtime's own.
    const started = await Runtime.start({ workers, memory: '64MiB', populateAhead: 0 });
    return () => started.close();
  }
  const started = Array.from(
    { length: workers },
    () => new Worker(new URL('./bare-worker.js', import.meta.url), { execArgv: [] }),
  );
  await Promise.all(started.map((worker) => once(worker, 'message')));
  return () => Promise.all(started.map((worker) => worker.terminate()));
}

process.once('message', async (order: MemoryOrder) => {
  const before = process.memoryUsage.rss();
  const end = await start(order);
  await sleep(SETTLE_MS);
  const grownBytes = process.memoryUsage.rss() - before;
  await end();
  process.send?.(grownBytes, () => process.disconnect());
});
