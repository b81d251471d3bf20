/** One allocator, several threads. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../../src/pools/allocator/allocator.ts';
import { readSeed } from '../../support/random.ts';
import type { SharedOrder, SharedReport } from './allocator-worker.ts';

const WORKERS = 3;
const STEPS = 60_000;
/** Too few for all that the threads would keep: some are refused, and caches are merged in the middle. */
const CAPACITY_UNITS = 6_000;

test('no unit is ever of two threads, and all come back', async () => {
  const seed = readSeed();
  const allocator = Allocator.open({ capacityUnits: CAPACITY_UNITS });
  const owners = new Int32Array(new SharedArrayBuffer(CAPACITY_UNITS * 4));
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const common = { allocator: allocator.handle, owners, seed, steps: STEPS, ready, workers: WORKERS };
  const reports = await Promise.all(
    Array.from({ length: WORKERS }, async (_, index): Promise<SharedReport> => {
      const workerData: SharedOrder = { ...common, me: index + 1 };
      const worker = new Worker(new URL('./allocator-worker.js', import.meta.url), {
        workerData,
        execArgv: [],
      });
      const [report] = await once(worker, 'message');
      await worker.terminate();
      return report;
    }),
  );
  for (const { taken, refused, conflicts } of reports) {
    assert.ok(taken > STEPS / 4, `${taken} blocks taken`);
    assert.ok(refused > 0, 'nobody was ever refused');
    assert.is(conflicts, 0);
  }
  allocator.verify();
  const left = reports.flatMap((report) => report.left);
  assert.is(allocator.blockCount, left.length);
  for (const block of left) allocator.free(block);
  allocator.flushCache();
  assert.is(allocator.freeUnits, CAPACITY_UNITS);
  assert.is(allocator.largestFreeUnits, CAPACITY_UNITS);
  allocator.verify();
});

test.run();
