/** The loops, for any number of rounds: what `collection.test.ts` and `collection.long.ts` share. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store, type StoreOptions } from '../../src/index.ts';
import { type LoopPlan, type LoopResult, loopAsync, MEBIBYTE, POOL_BYTES } from './collection-loop.ts';

/** Going there would be an error, not a slower success. */
const WITHOUT_DISK: StoreOptions = { memory: POOL_BYTES, spillLimit: 0 };
/** Going there would be seen. */
const WITH_DISK: StoreOptions = { memory: POOL_BYTES, spillLimit: POOL_BYTES };
/** From a few bytes to a sixteenth of the pool. */
const MIXED = [10, 100_000, MEBIBYTE, 64, 5_000, 4 * MEBIBYTE, 1_000, 700_000, 3_000_000, 20_000];

function report({ name, rounds }: LoopPlan, result: LoopResult): void {
  const { meanUs, medianUs, p99Us, heapBytes, fallbackBytes, primaryBytes } = result;
  process.stdout.write(
    `${name}: ${rounds} rounds of ${meanUs.toFixed(0)} µs on average, median ${medianUs.toFixed(0)}, ` +
      `p99 ${p99Us.toFixed(0)}, beside a heap of ${(heapBytes / 1e6).toFixed(0)} MB\n`,
  );
  assert.is(fallbackBytes, 0, 'nothing ever lay on disk');
  assert.ok(primaryBytes <= POOL_BYTES);
  assert.ok(heapBytes >= 300e6, 'the heap is as large as it shall be');
}

async function onMain(options: StoreOptions, plan: LoopPlan): Promise<void> {
  const store = await Store.create(options);
  report(plan, await loopAsync(store, plan));
  await store.verify();
  await store.close();
}

async function inWorker(options: StoreOptions, plan: LoopPlan): Promise<void> {
  const store = await Store.create(options);
  const worker = new Worker(new URL('./collection-worker.js', import.meta.url), {
    workerData: { store: store.handle, plan },
    execArgv: [],
  });
  const exited = once(worker, 'exit');
  const [result] = await once(worker, 'message');
  report(plan, result);
  await exited;
  const stats = await store.stats();
  assert.is(stats.objectCount, 0, 'what the worker dropped went with it');
  await store.verify();
  await store.close();
}

/** Declares the tests. */
export function collectionTests(rounds: number): void {
  const sizes = [MEBIBYTE];
  const some = Math.ceil(rounds / 5);

  test('nothing kept, asynchronously on the main thread', () =>
    onMain(WITHOUT_DISK, { name: 'async', rounds, sizes, keptViews: 0 }));

  test('nothing kept, in one synchronous stretch of a worker', () =>
    inWorker(WITHOUT_DISK, { name: 'sync', rounds, sizes, keptViews: 0 }));

  test('nothing kept, with a disk that is never touched', () =>
    onMain(WITH_DISK, { name: 'async, disk', rounds: some, sizes, keptViews: 0 }));

  test('objects of many sizes', async () => {
    await onMain(WITHOUT_DISK, { name: 'async, mixed', rounds: some, sizes: MIXED, keptViews: 0 });
    await inWorker(WITHOUT_DISK, { name: 'sync, mixed', rounds: some, sizes: MIXED, keptViews: 0 });
  });

  test('refs dropped, without a view', async () => {
    await onMain(WITHOUT_DISK, { name: 'async, refs', rounds: some, sizes, keptViews: -1 });
    await inWorker(WITHOUT_DISK, { name: 'sync, refs', rounds: some, sizes, keptViews: -1 });
  });

  test('refs dropped, the last sixteen views kept', async () => {
    await onMain(WITHOUT_DISK, { name: 'async, 16 views', rounds: some, sizes, keptViews: 16 });
    await inWorker(WITHOUT_DISK, { name: 'sync, 16 views', rounds: some, sizes, keptViews: 16 });
  });
}
