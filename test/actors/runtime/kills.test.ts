// deadline: 120 s
/** Workers that die in the middle of calls. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WorkerDiedError, WorkerOutOfMemoryError } from '../../../src/index.ts';
import { readSeed } from '../../support/random.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { chaos } from './chaos-tasks.ts';
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

test('1,000 calls of all kinds, while workers die', () => runKillCampaign(1_000, readSeed()));

test.run();
