/** A process that starts workers, with a runtime or without, or makes objects, and says how much memory that took. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Runtime, Store } from '../../src/index.ts';
import { controlLayout, MAX_OBJECTS_DEFAULT } from '../../src/state/control-layout.ts';
import { makeSource } from '../store-loops.ts';
import { residentBytes } from './mappings.ts';

/** Workers: bytes of the whole process. Objects: bytes of the control region for each. */
export type MemoryOrder = WorkersOrder | { readonly objects: number };

interface WorkersOrder {
  readonly workers: number;
  readonly runtime: boolean;
}

/** Threads that have just started still compile and collect. */
const SETTLE_MS = 500;

async function start({ workers, runtime }: WorkersOrder): Promise<() => Promise<unknown>> {
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

async function bytesOfWorkers(order: WorkersOrder): Promise<number> {
  const before = process.memoryUsage.rss();
  const end = await start(order);
  await sleep(SETTLE_MS);
  const grownBytes = process.memoryUsage.rss() - before;
  await end();
  return grownBytes;
}

/** The store is the first of its process: a later one's region may lie beside that of another, and be one mapping with it. */
async function bytesOfObjects(objects: number): Promise<number> {
  const store = await Store.create({ memory: '256MiB', populateAhead: 0 });
  const { totalBytes } = controlLayout(MAX_OBJECTS_DEFAULT, false);
  const source = makeSource(8);
  const emptyBytes = controlBytes(totalBytes);
  const refs = Array.from({ length: objects }, () => store.putSync(source));
  const grownBytes = controlBytes(totalBytes) - emptyBytes;
  for (const ref of refs) ref.release();
  await store.close();
  return grownBytes / objects;
}

function controlBytes(totalBytes: number): number {
  const bytes = residentBytes(totalBytes);
  if (bytes === undefined) throw new Error('the control region is not a mapping of its own');
  return bytes;
}

process.once('message', async (order: MemoryOrder) => {
  const bytes = await ('objects' in order ? bytesOfObjects(order.objects) : bytesOfWorkers(order));
  process.send?.(bytes, () => process.disconnect());
});
