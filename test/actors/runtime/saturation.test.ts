// deadline: 120 s
/** Far more calls than the workers can take. */
import { getEventListeners } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InterruptedError,
  type ObjectRef,
  type ResultRef,
  type Runtime,
  UnstorableValueError,
} from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { tell } from '../../support/tell.ts';
import { until } from '../../support/until.ts';
import { chaos } from './chaos-tasks.ts';
import { Latch, tasks } from './sample-tasks.ts';

const MANY = 100_000;
const FEW = 10_000;
/** Ten times as many may take a hundred times as long only where the cost of each grows with their number. */
const RATIO_MAX = 40;
const HEAP_BYTES_PER_CALL = 1024;

/** A worker that is blocked, its event loop too, until `open` is called; and an actor that lives there. */
async function block(runtime: Runtime): Promise<{ readonly open: () => Promise<void> }> {
  await runtime.spawn(Latch, [], { name: 'latch', resources: { CPU: 0 }, maxConcurrency: 100 });
  const directory = mkdtempSync(join(tmpdir(), 'saturation-'));
  const [begun, gate] = ['begun', 'gate'].map((name) => join(directory, name));
  const blocker = runtime.submit(chaos.block, [begun!, gate!]);
  await until('the worker is blocked', () => existsSync(begun!));
  return {
    open: async () => {
      writeFileSync(gate!, '');
      await blocker;
      rmSync(directory, { recursive: true });
    },
  };
}

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const submitMany = (runtime: Runtime, count: number): ResultRef<number>[] =>
  Array.from({ length: count }, (_, index) => runtime.submit(tasks.add, [index, 1]));

/** Milliseconds for so many calls, with none under way before and after. */
async function timeOf(runtime: Runtime, count: number): Promise<number> {
  const beginMs = performance.now();
  await Promise.all(submitMany(runtime, count));
  return performance.now() - beginMs;
}

test('100,000 calls wait for one worker: each can be cancelled, overtaken and counted, and costs little', () =>
  withRuntime(1, async (runtime) => {
    const { open } = await block(runtime);
    const before = heapBytes();
    const waiting = submitMany(runtime, MANY);
    await runtime.stats();
    const bytesEach = (heapBytes() - before) / MANY;
    tell(`${Math.round(bytesEach)} bytes of heap for each waiting call`);
    assert.ok(bytesEach <= HEAP_BYTES_PER_CALL, `${bytesEach} bytes`);
    const controller = new AbortController();
    const cancelled = runtime.submit(tasks.openLatch, ['latch', 'cancelled'], { signal: controller.signal });
    const urgent = runtime.submit(tasks.openLatch, ['latch', 'urgent'], { priority: 1 });
    const ordinary = runtime.submit(tasks.openLatch, ['latch', 'ordinary']);
    const { calls } = await runtime.stats();
    assert.is(calls.underWay, MANY + 4);
    assert.ok(calls.queued >= MANY);
    controller.abort();
    assert.instance(await rejection(cancelled), InterruptedError);
    assert.is((await runtime.stats()).calls.underWay, MANY + 3);
    await open();
    await urgent;
    assert.not(waiting[MANY - 1]?.settled, 'a call of a higher priority begins before those that wait');
    await ordinary;
    const latch = await runtime.actor<Latch>('latch');
    assert.equal(await latch.order(), ['urgent', 'ordinary']);
    const sums = await Promise.all(waiting);
    assert.ok(sums.every((sum, index) => sum === index + 1));
  }));

test('the time for a call does not grow with their number', () =>
  withRuntime(1, async (runtime) => {
    await timeOf(runtime, FEW);
    const few = await timeOf(runtime, FEW);
    const many = await timeOf(runtime, MANY);
    tell(`${FEW} calls in ${few.toFixed(0)} ms, ${MANY} in ${many.toFixed(0)} ms`);
    assert.ok(many / few < RATIO_MAX);
  }));

test('nor that of cancelling many, of tasks and of an actor', () =>
  withRuntime(1, async (runtime) => {
    const { open } = await block(runtime);
    const timeToCancel = async (count: number): Promise<number> => {
      const controllers = Array.from({ length: count }, () => new AbortController());
      const failures = controllers.map(({ signal }) =>
        rejection(runtime.submit(tasks.nothing, [], { signal })),
      );
      const beginMs = performance.now();
      for (const controller of controllers) controller.abort();
      const tookMs = performance.now() - beginMs;
      for (const failure of failures) assert.instance(await failure, InterruptedError);
      return tookMs;
    };
    await timeToCancel(1_000);
    const few = await timeToCancel(1_000);
    assert.ok((await timeToCancel(10_000)) / few < RATIO_MAX);
    await open();
  }));

test('calls of an actor wait as well', () =>
  withRuntime(1, async (runtime) => {
    const latch = await runtime.spawn(Latch, [], { resources: { CPU: 0 } });
    const timeOfCalls = async (count: number): Promise<number> => {
      const beginMs = performance.now();
      await Promise.all(Array.from({ length: count }, () => latch.opened('open')));
      return performance.now() - beginMs;
    };
    await latch.open('open');
    await timeOfCalls(FEW);
    const few = await timeOfCalls(FEW);
    const many = await timeOfCalls(MANY);
    tell(`${FEW} calls of an actor in ${few.toFixed(0)} ms, ${MANY} in ${many.toFixed(0)} ms`);
    assert.ok(many / few < RATIO_MAX);
  }));

test('many refs in one call, and too many', () =>
  withRuntime(1, async (runtime) => {
    const ref = await runtime.store.put(new Float64Array([1]));
    const refs = (count: number): ObjectRef[] => Array.from({ length: count }, () => ref);
    for (const count of [1_000, 4_000, 9_000]) {
      // Not one ref many times, which would be told once.
      const many = await Promise.all(refs(count).map(({ token }) => runtime.store.ref(token)));
      const back = (await runtime.submit(tasks.echo, [many])) as unknown[];
      assert.is(back.length, count);
    }
    const tooMany = refs(40_000).map(({ token }) => runtime.store.ref(token));
    assert.throws(
      () => runtime.submit(tasks.echo, [tooMany]),
      (error: unknown) => error instanceof UnstorableValueError,
    );
    assert.is(await runtime.submit(tasks.add, [1, 1]), 2);
  }));

test('arguments for which memory is short wait until other calls are done', () =>
  withRuntime(
    1,
    async (runtime) => {
      const calls = Array.from({ length: 40 }, () =>
        runtime.submit(tasks.sum, [new Float64Array(500_000).fill(1)]),
      );
      for (const sum of await Promise.all(calls)) assert.is(sum, 500_000);
    },
    { memory: '32MiB', spillLimit: 0 },
  ));

test('a result that has failed fails the calls that name it, wherever it stands in their arguments', () =>
  withRuntime(1, async (runtime) => {
    const failed = runtime.submit(tasks.fail, [1]);
    const early = runtime.submit(tasks.echo, [{ failed }]);
    assert.is((await rejection(failed)).message, 'sample 1');
    assert.is((await rejection(early)).message, 'sample 1');
    assert.is((await rejection(runtime.submit(tasks.echo, [{ failed }]))).message, 'sample 1');
    let last = runtime.submit(tasks.echo, [failed as unknown]);
    for (let depth = 0; depth < 20_000; depth++) last = runtime.submit(tasks.echo, [last]);
    assert.is((await rejection(last)).message, 'sample 1', 'through a graph of any depth');
  }));

test('a call that cannot be made leaves nothing behind', () =>
  withRuntime(1, async (runtime) => {
    const controller = new AbortController();
    assert.throws(
      () => runtime.submit(tasks.echo, [() => 1], { deadline: 10_000, signal: controller.signal }),
      (error: unknown) => error instanceof UnstorableValueError,
    );
    assert.is(getEventListeners(controller.signal, 'abort').length, 0);
    assert.is((await runtime.stats()).calls.underWay, 0);
  }));

test.run();
