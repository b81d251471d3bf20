/** Workers beyond the least number. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rejection } from '../../support/rejection.ts';
import { threadCount, withRuntime } from '../../support/runtimes.ts';
import { until } from '../../support/until.ts';
import { chaos } from './chaos-tasks.ts';
import { Counter } from './sample-tasks.ts';

test('workers are added for what waits, and retire when they have nothing to do', () =>
  withRuntime(
    0,
    async (runtime) => {
      assert.is((await runtime.stats()).workers, 0);
      const threads = threadCount() ?? 0;
      const controller = new AbortController();
      const { signal } = controller;
      const calls = Array.from({ length: 6 }, () => runtime.submit(chaos.never, [], { signal }));
      const failures = calls.map((call) => rejection(call, 30_000));
      await until('all are there', async () => (await runtime.stats()).workers === 3);
      controller.abort();
      await Promise.all(failures);
      // Their calls go on for ever, so they never have nothing to do.
      const counters = await Promise.all(
        Array.from({ length: 3 }, () => runtime.spawn(Counter, [1], { resources: { CPU: 0 } })),
      );
      assert.equal(await Promise.all(counters.map((counter) => counter.add(1))), [2, 2, 2]);
      await Promise.all(counters.map((counter) => runtime.kill(counter)));
      assert.ok((threadCount() ?? 0) >= threads);
    },
    { workers: { min: 0, max: 3 } },
  ));

test('idle workers retire, and come back', () =>
  withRuntime(
    0,
    async (runtime) => {
      const calls = Array.from({ length: 300 }, (_, index) => runtime.submit(chaos.addNested, [index, 1]));
      await Promise.all(calls);
      await until('the last has retired', async () => (await runtime.stats()).workers === 0);
      assert.is(await runtime.submit(chaos.addNested, [1, 1]), 2);
      const counter = await runtime.spawn(Counter, [1]);
      assert.is(await counter.add(1), 2);
    },
    { workers: { min: 0, max: 2 } },
  ));

test.run();
