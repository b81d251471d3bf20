// deadline: 120 s
/** Workers that die in the middle of calls. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WorkerDiedError, WorkerOutOfMemoryError } from '../../../src/index.ts';
import { readSeed } from '../../support/random.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { until } from '../../support/until.ts';
import { chaos, fleeting } from './chaos-tasks.ts';
import { runKillCampaign } from './kill-campaign.ts';

const ONCE = { retries: 0 };

test('each way to die has its error, which names the call and the worker', () =>
  withRuntime(
    1,
    async (runtime, terminate) => {
      const exited = await rejection(runtime.submit(chaos.exit, [], ONCE), 20_000);
      assert.instance(exited, WorkerDiedError);
      assert.match(exited.message, /exit had begun on worker 1/);
      const thrown = await rejection(runtime.submit(chaos.throwInTimer, [], ONCE), 20_000);
      assert.instance(thrown, WorkerDiedError);
      assert.match(thrown.message, /thrown in a timer/);
      const exhausted = await rejection(runtime.submit(chaos.exhaust, [], ONCE), 20_000);
      assert.instance(exhausted, WorkerOutOfMemoryError);
      assert.is(await runtime.submit(chaos.add, [1, 2]), 3);
      await terminate(1);
      assert.is(await runtime.submit(chaos.add, [2, 2]), 4);
    },
    { resourceLimits: { maxOldGenerationSizeMb: 48 } },
  ));

test('retries are further attempts', () =>
  withRuntime(1, async (runtime) => {
    const error = await rejection(runtime.submit(chaos.exit, [], { retries: 2 }), 20_000);
    assert.instance(error, WorkerDiedError);
    assert.match(error.message, /worker 3/);
  }));

test('a stream that has given items is not begun again', () =>
  withRuntime(1, async (runtime) => {
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of runtime.stream(chaos.itemsThenExit, [5])) items.push(item);
    })();
    assert.instance(await rejection(reading, 20_000), WorkerDiedError);
    assert.equal(items, [0, 1, 2, 3, 4]);
  }));

test('a result that has gone with its worker is one that was lost', () =>
  withRuntime(1, async (runtime) => {
    for (let round = 0; round < 10; round++) {
      const ref = runtime.submit(chaos.bigThenExit, [10_000], ONCE);
      try {
        assert.is((await ref)[9_999], 1);
      } catch (error) {
        assert.instance(error, WorkerDiedError);
      }
    }
  }));

test('a caller that dies leaves nothing with those it has called', () =>
  withRuntime(2, async (runtime) => {
    for (let round = 0; round < 5; round++) {
      const error = await rejection(runtime.submit(chaos.callThenExit, [10], ONCE), 20_000);
      assert.instance(error, WorkerDiedError);
      assert.is(await runtime.submit(chaos.addBlocking, [1, 1]).get({ timeout: 20_000 }), 2);
    }
    await until('nothing is left in the store', async () => {
      await Promise.all(Array.from({ length: 8 }, () => runtime.submit(chaos.collect, [])));
      return (await runtime.store.stats()).objectCount === 0;
    });
    await until('no lease is left', async () => (await runtime.stats()).leases === 0);
  }));

test('items on their way keep their objects', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'items-'));
  try {
    await withRuntime(1, async (runtime) => {
      const file = join(directory, 'told');
      await runtime.submit(chaos.add, [1, 1]);
      const stream = runtime.stream(fleeting.items, [10, 4_000, file]);
      await turn();
      // This thread hears of no item until the worker has ended the generator and has collected what it can.
      const limitMs = performance.now() + 5_000;
      while (!existsSync(file) && performance.now() < limitMs);
      const firsts: number[] = [];
      for await (const item of stream) firsts.push(item[3_999] ?? -1);
      assert.equal(firsts, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('1,000 calls of all kinds, while workers die', () => runKillCampaign(1_000, readSeed()));

test.run();
