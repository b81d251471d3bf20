import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InterruptedError,
  InvalidArgumentError,
  ObjectNotFoundError,
  Runtime,
  RuntimeClosedError,
  TaskModuleError,
  TimedOutError,
  UnstorableValueError,
} from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { broken, missing } from './broken-tasks.ts';
import { Latch, SampleError, tasks } from './sample-tasks.ts';

/** An actor that tasks and tests tell each other by. */
function spawnLatch(runtime: Runtime) {
  return runtime.spawn(Latch, [], { name: 'latch', resources: { CPU: 0 }, maxConcurrency: 100 });
}

test('values go there and back as structured clones do', () =>
  withRuntime(1, async (runtime) => {
    const shared = { name: 'shared' };
    const values: unknown[] = [
      undefined,
      null,
      -0,
      1.5,
      10n ** 30n,
      'text',
      '\u{1f600} wide',
      [1, [2, undefined, 3]],
      { nested: { list: [true, false] }, shared, again: shared },
      new Map<unknown, unknown>([[{ key: 1 }, new Set(['a'])]]),
      new Date(5),
      /pattern/giu,
      new Uint8Array([1, 2, 3]),
      Buffer.from('bytes'),
      new BigInt64Array([5n]),
    ];
    for (const value of values) assert.equal(await runtime.submit(tasks.echo, [value]), value);
    const back = (await runtime.submit(tasks.echo, [values[8]])) as { shared: object; again: object };
    assert.is(back.shared, back.again, 'one object stays one');
  }));

test('big arrays go by way of the store, and come back in place', () =>
  withRuntime(1, async (runtime) => {
    const array = new Float64Array(100_000).fill(2);
    assert.is(await runtime.submit(tasks.sum, [array]), 200_000);
    const ones = runtime.submit(tasks.ones, [100_000]);
    assert.is(await runtime.submit(tasks.sum, [ones]), 100_000, 'a result that is still to come as argument');
    const view = await ones;
    const before = new Set(runtime.store.list().map(({ id }) => id.hex));
    assert.is(await runtime.submit(tasks.sum, [view as Float64Array]), 100_000);
    const made = runtime.store.list().filter(({ id }) => !before.has(id.hex));
    assert.equal(made, [], 'sent on without a copy');
    assert.equal(await runtime.submit(tasks.firstOf, [{ parts: [array, view as Float64Array] }]), [2, 1]);
  }));

test('refs arrive as what they name; inside of values they stay refs', () =>
  withRuntime(1, async (runtime) => {
    const ref = await runtime.store.put(new Float64Array([3, 4]));
    assert.is(await runtime.submit(tasks.sum, [ref]), 7);
    assert.is(await runtime.submit(tasks.readRef, [{ ref }]), 3);
    const result = runtime.submit(tasks.ones, [3]);
    const object = await result.ref();
    assert.is(await runtime.submit(tasks.readRef, [{ ref: object }]), 1);
    ref.release();
    const gone = await runtime.store.put(new Float64Array([1]));
    runtime.store.delete(gone);
    assert.instance(await rejection(runtime.submit(tasks.sum, [gone])), ObjectNotFoundError);
  }));

test('errors keep class, message, stack, cause and properties, and say where they come from', () =>
  withRuntime(1, async (runtime) => {
    const error = await rejection(runtime.submit(tasks.fail, [7]));
    assert.instance(error, SampleError);
    assert.is(error.message, 'sample 7');
    assert.is(Reflect.get(error, 'detail'), 7);
    assert.instance(error.cause, RangeError);
    assert.match(error.stack ?? '', /sample-tasks[\s\S]*at task fail \(worker 1\)/);
    assert.is(Reflect.get(error, 'taskName'), 'fail');
    assert.is(Reflect.get(error, 'workerName'), 'worker 1');
    assert.is(
      await runtime.submit(tasks.failPlainly, []).catch((thrown: unknown) => thrown),
      'no error at all',
    );
    const dependent = runtime.submit(tasks.echo, [runtime.submit(tasks.fail, [8])]);
    assert.is((await rejection(dependent)).message, 'sample 8', 'who depends on a failure fails with it');
  }));

test('what cannot be sent is a clear error, and nothing is lost by it', () =>
  withRuntime(1, async (runtime) => {
    assert.throws(
      () => runtime.submit(tasks.echo, [() => 1]),
      (error: unknown) => error instanceof UnstorableValueError,
    );
    assert.instance(await rejection(runtime.submit(tasks.unsendable, [])), UnstorableValueError);
    const generator = await rejection(runtime.submit(tasks.count, [1]));
    assert.instance(generator, UnstorableValueError);
    assert.match(generator.message, /count gave a generator: runtime\.stream\(task, args\)/);
    assert.match(String(generator.cause), /^UnstorableValueError: a Generator cannot be sent/);
    assert.is(await runtime.submit(tasks.add, [1, 2]), 3);
  }));

test('a predicate that throws fails its call, and nothing else', () =>
  withRuntime(1, async (runtime) => {
    const retryIf = (): boolean => {
      throw new SyntaxError('in the predicate');
    };
    assert.instance(await rejection(runtime.submit(tasks.fail, [1], { retries: 2, retryIf })), SyntaxError);
    const late = (async () => false) as unknown as () => boolean;
    const error = await rejection(runtime.submit(tasks.fail, [1], { retries: 2, retryIf: late }));
    assert.instance(error, InvalidArgumentError);
    assert.match(error.message, /retryIf returns must be true or false/);
    assert.is(await runtime.submit(tasks.add, [1, 2]), 3);
    assert.instance(await rejection(runtime.close({ deadline: -1 })), InvalidArgumentError);
  }));

test('a module that cannot be imported, or does not define the task', () =>
  withRuntime(1, async (runtime) => {
    const error = await rejection(runtime.submit(broken.task, []));
    assert.instance(error, TaskModuleError);
    assert.match(error.message, /broken-tasks/);
    assert.instance(await rejection(runtime.submit(missing.task, [])), TaskModuleError);
  }));

test('a call that waits for a worker is cancelled by its signal, and never runs', () =>
  withRuntime(1, async (runtime) => {
    const latch = await spawnLatch(runtime);
    const blocker = runtime.submit(tasks.waitFor, ['latch', 'go']);
    const controller = new AbortController();
    const queued = runtime.submit(tasks.openLatch, ['latch', 'ran'], { signal: controller.signal });
    controller.abort(new Error('enough'));
    const error = await rejection(queued);
    assert.instance(error, InterruptedError);
    assert.is((error.cause as Error).message, 'enough');
    await latch.open('go');
    await blocker;
    await runtime.submit(tasks.nothing, []);
    assert.equal(await latch.order(), ['go']);
  }));

test('a call that has begun hears of its cancellation, in the event loop or in a loop of its own', () =>
  withRuntime(2, async (runtime) => {
    const latch = await spawnLatch(runtime);
    const controller = new AbortController();
    const asynchronous = runtime.submit(tasks.untilCancelled, ['latch'], { signal: controller.signal });
    await latch.opened('begun');
    controller.abort();
    assert.instance(await rejection(asynchronous), InterruptedError);
    await latch.opened('cancelled');
    assert.is(await runtime.submit(tasks.add, [1, 1]), 2);
  }));

test('a deadline ends a call', () =>
  withRuntime(1, async (runtime) => {
    await spawnLatch(runtime);
    const late = runtime.submit(tasks.untilCancelled, ['latch'], { deadline: 20 });
    const error = await rejection(late);
    assert.instance(error, TimedOutError);
    assert.match(error.message, /untilCancelled was not done within 20 ms/);
  }));

test('failures that the predicate accepts are tried again, others are not', () =>
  withRuntime(1, async (runtime) => {
    const retryIf = (error: unknown) => error instanceof SampleError;
    assert.is(await runtime.submit(tasks.failUntil, [3], { retries: 5, retryIf }), 3);
    assert.is(
      (await rejection(runtime.submit(tasks.failUntil, [100], { retries: 2, retryIf }))).message,
      'sample 3',
    );
    assert.is((await rejection(runtime.submit(tasks.failUntil, [100], { retries: 2 }))).message, 'sample 4');
  }));

test('calls of a higher priority begin first', () =>
  withRuntime(1, async (runtime) => {
    const latch = await spawnLatch(runtime);
    const blocker = runtime.submit(tasks.waitFor, ['latch', 'go']);
    const calls = [0, 5, -5, 5].map((priority, index) =>
      runtime.submit(tasks.openLatch, ['latch', `${priority}.${index}`], { priority }),
    );
    await latch.open('go');
    await Promise.all([blocker, ...calls]);
    assert.equal(await latch.order(), ['go', '5.1', '5.3', '0.0', '-5.2']);
  }));

test('map keeps the order, bounds what is under way, and takes values as it needs them', () =>
  withRuntime(2, async (runtime) => {
    let taken = 0;
    function* values(): Generator<Float64Array> {
      for (; taken < 50; taken++) yield new Float64Array([taken]);
    }
    const sums: number[] = [];
    for await (const sum of runtime.map(tasks.sum, values(), { concurrency: 4 })) {
      sums.push(sum);
      assert.ok(taken <= sums.length + 4);
    }
    assert.equal(
      sums,
      Array.from({ length: 50 }, (_, index) => index),
    );
  }));

test('a stream gives the items of a generator, and its failure after them', () =>
  withRuntime(1, async (runtime) => {
    const items: number[] = [];
    for await (const item of runtime.stream(tasks.count, [100])) items.push(item);
    assert.equal(
      items,
      Array.from({ length: 100 }, (_, index) => index),
    );
    const arrays: number[] = [];
    for await (const array of runtime.stream(tasks.arrays, [10, 10_000])) arrays.push(array[9_999] ?? -1);
    assert.equal(arrays, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const failing = runtime.stream(tasks.countThenFail, [3]);
    const seen: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const item of failing) seen.push(item);
      })(),
    );
    assert.equal(seen, [0, 1, 2]);
    assert.instance(error, SampleError);
    for await (const item of runtime.stream(tasks.count, [1_000_000])) if (item === 5) break;
    assert.is(await runtime.submit(tasks.add, [1, 1]), 2, 'a stream that was left gives its worker back');
    const left = runtime.stream(tasks.tooLate, []);
    const asked = [left.next(), left.next()];
    await left.return();
    for (const next of await Promise.all(asked)) assert.equal(next, { done: true, value: undefined });
  }));

test('wait tells which results are there', () =>
  withRuntime(1, async (runtime) => {
    const latch = await spawnLatch(runtime);
    const slow = runtime.submit(tasks.waitFor, ['latch', 'go'], { resources: { CPU: 0 } });
    const quick = runtime.submit(tasks.nothing, []);
    const first = await runtime.wait([slow, quick]);
    assert.equal([first.ready, first.pending], [[quick], [slow]]);
    const timed = await runtime.wait([slow, quick], { count: 2, timeout: 1 });
    assert.is(timed.pending.length, 1);
    assert.instance(await rejection(slow.get({ timeout: 1 })), TimedOutError);
    await latch.open('go');
    assert.is((await runtime.wait([slow, quick], { count: 2 })).pending.length, 0);
  }));

test('a result is no message', () =>
  withRuntime(1, async (runtime) => {
    const result = runtime.submit(tasks.add, [1, 2]);
    assert.throws(() => structuredClone(result), /could not be cloned/);
    await result;
    assert.throws(() => structuredClone(result), /could not be cloned/);
    assert.instance(await rejection(runtime.store.put(result as object)), UnstorableValueError);
    const stream = runtime.stream(tasks.count, [1]);
    assert.throws(() => structuredClone(stream), /could not be cloned/);
    await stream.return();
  }));

test('a result can be waited for without the event loop', () =>
  withRuntime(1, async (runtime) => {
    assert.is(runtime.submit(tasks.add, [2, 3]).getSync(), 5);
    assert.throws(
      () => runtime.submit(tasks.fail, [1]).getSync(),
      (error: unknown) => error instanceof SampleError,
    );
    const latch = await spawnLatch(runtime);
    const late = runtime.submit(tasks.waitFor, ['latch', 'late']);
    assert.throws(
      () => late.getSync({ timeout: 5 }),
      (error: unknown) => error instanceof TimedOutError,
    );
    await latch.open('late');
  }));

test('a closed runtime takes no calls, and fails those that are left', async () => {
  const runtime = await Runtime.start({ workers: 1, memory: '64MiB' });
  await spawnLatch(runtime);
  const left = runtime.submit(tasks.waitFor, ['latch', 'never']);
  const failure = rejection(left);
  await runtime.close({ deadline: 10 });
  assert.instance(await failure, RuntimeClosedError);
  assert.throws(
    () => runtime.submit(tasks.nothing, []),
    (error: unknown) => error instanceof RuntimeClosedError,
  );
  await runtime.close();
});

test.run();
