/** Both loops, for any number of rounds: what `collection.test.ts` and `collection.long.ts` share. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../../src/index.ts';
import { type LoopResult, loopAsync, POOL_BYTES } from './collection-loop.ts';

function report(name: string, rounds: number, result: LoopResult): void {
  const { meanUs, medianUs, p99Us, heapBytes, stats } = result;
  process.stdout.write(
    `${name}: ${rounds} rounds of 1 MiB, ${meanUs.toFixed(0)} µs each on average, median ${medianUs.toFixed(0)}, ` +
      `p99 ${p99Us.toFixed(0)}, beside a heap of ${(heapBytes / 1e6).toFixed(0)} MB\n`,
  );
  assert.is(stats.fallback.allocatedBytes, 0);
}

/** Declares the tests. */
export function collectionTests(rounds: number): void {
  // Without a disk: going there would be an error, not a slower success.
  const options = { memory: POOL_BYTES, spillLimit: 0 };

  test(`${rounds} rounds that keep nothing, asynchronously on the main thread`, async () => {
    const store = await Store.create(options);
    report('async', rounds, await loopAsync(store, rounds));
    await store.close();
  });

  test(`${rounds} rounds that keep nothing, in one synchronous stretch of a worker`, async () => {
    const store = await Store.create(options);
    const worker = new Worker(new URL('./collection-worker.js', import.meta.url), {
      workerData: { store: store.handle, rounds },
      execArgv: [],
    });
    const exited = once(worker, 'exit');
    const [result] = await once(worker, 'message');
    report('sync', rounds, result);
    await exited;
    await store.verify();
    await store.close();
  });
}
