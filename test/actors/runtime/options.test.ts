/** Mistakes of programmers: told at once, by name, with what would be right. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError, Runtime, type RuntimeOptions } from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { Latch, tasks } from './sample-tasks.ts';

test('programmer errors throw at once, by name', () =>
  withRuntime(1, async (runtime) => {
    const wrong = (run: () => unknown, pattern: RegExp) =>
      assert.throws(
        run,
        (error: Error) => error instanceof InvalidArgumentError && pattern.test(error.message),
      );
    wrong(() => runtime.submit((() => 1) as unknown as typeof tasks.nothing, []), /defineTasks/);
    wrong(() => runtime.submit(tasks.nothing, 5 as unknown as []), /args/);
    wrong(() => runtime.submit(tasks.nothing, [], { retrys: 1 } as object), /retries/);
    wrong(() => runtime.submit(tasks.nothing, [], { priority: 1.5 }), /priority/);
    wrong(() => runtime.submit(tasks.nothing, [], { resources: { CPU: -1 } }), /resources\.CPU/);
    wrong(() => runtime.submit(tasks.nothing, [], { deadline: Number.NaN }), /deadline/);
    wrong(() => runtime.submit(tasks.nothing, [], { resources: { CPU: 1e300 } }), /resources\.CPU/);
    wrong(() => runtime.submit(tasks.nothing, [], { resources: { GPU: 1.5 } }), /resources\.GPU/);
    for (const options of [{ resources: { GPU: 0.5 } }, { resources: { GPU: 1e9 } }, { heartbeat: 0 }])
      assert.instance(await rejection(Runtime.start({ ...options, memory: '64MiB' })), InvalidArgumentError);
    const holes: { CPU: number }[] = new Array(2);
    assert.instance(await rejection(runtime.placementGroup(holes)), InvalidArgumentError);
    const late = runtime.spawn(Latch, [], { restartDelay: Number.POSITIVE_INFINITY });
    assert.instance(await rejection(late), InvalidArgumentError);
  }));

test('a class is no task, and a task no class: both say what they are', () =>
  withRuntime(1, async (runtime) => {
    assert.throws(
      () => runtime.submit(Latch as unknown as typeof tasks.nothing, []),
      (error: Error) =>
        /task must be one that defineTasks made, but Latch was made by defineActors/.test(error.message),
    );
    assert.throws(
      () => runtime.map(Latch as unknown as typeof tasks.echo, []),
      (error: unknown) => error instanceof InvalidArgumentError,
    );
    const error = await rejection(runtime.spawn(tasks.nothing as unknown as typeof Latch, []));
    assert.instance(error, InvalidArgumentError);
    assert.match(
      error.message,
      /actorClass must be one that defineActors made, but nothing was made by defineTasks/,
    );
  }));

test('options of a runtime are checked as its own', async () => {
  const refuses = async (options: object, pattern: RegExp) => {
    const error = await rejection(Runtime.start(options as RuntimeOptions));
    assert.instance(error, InvalidArgumentError);
    assert.match(error.message, pattern);
  };
  await refuses({ worker: 2 }, /^Runtime\.start: there is no option worker; did you mean workers\?/);
  await refuses({ memry: '64MiB' }, /^Runtime\.start: there is no option memry; did you mean memory\?/);
  await refuses({ memory: -1 }, /^Runtime\.start: memory/);
  await refuses({ resources: new Map([['CPU', 2]]) }, /resources must be a plain object/);
  await refuses({ resources: { CPU: 0.00001 } }, /resources\.CPU must be 0 or at least 0\.0001/);
  await refuses({ labels: { 'ray.io/node': 'a' } }, /labels must be an object of labels .*reserved/);
  await refuses({ labels: { tier: 'not a label' } }, /labels must be an object of labels .*Invalid label/);
  await refuses({ labels: ['fast'] }, /labels must be a plain object/);
});

test('a worker has a CPU beside what else it is given', () =>
  withRuntime(
    1,
    async (runtime) => {
      assert.is(await runtime.submit(tasks.add, [1, 2]), 3);
      assert.is(await runtime.submit(tasks.add, [1, 2], { resources: { GPU: 2 } }), 3);
    },
    { resources: { GPU: 2 } },
  ));

test.run();
