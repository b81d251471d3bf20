/** Calls that wait for arguments, for readers, for room, or behind who does not let go of a worker. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InterruptedError, type ResultRef, RuntimeClosedError } from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { Counter, Latch, tasks } from './sample-tasks.ts';
import { Blocker, waiting } from './waiting-samples.ts';

const LIMIT = { timeout: 20_000 };

test('a ref may be released when the call is made, though other arguments are still to come', () =>
  withRuntime(1, async (runtime) => {
    const latch = await runtime.spawn(Latch, [], { name: 'latch', maxConcurrency: 10 });
    const late = runtime.submit(tasks.meet, ['latch', 'begun', 'go']).then(() => 1);
    const pending = runtime.submit(tasks.echo, [runtime.submit(tasks.meet, ['latch', 'again', 'go'])]);
    const ref = await runtime.store.put(new Uint8Array(20_000));
    const ones = runtime.submit(tasks.ones, [3_000]);
    const sum = runtime.submit(tasks.sum, [ones]);
    await sum;
    const calls = [
      runtime.submit(waiting.both, [ref, pending as unknown as number]),
      runtime.submit(waiting.both, [ones as unknown as Uint8Array, pending as unknown as number]),
    ];
    ref.release();
    ones.release();
    await latch.open('go');
    assert.is(await late, 1);
    const worker = await pending;
    assert.is(await calls[0]!.get(LIMIT), `20000${worker}`);
    assert.is(await calls[1]!.get(LIMIT), `3000${worker}`);
  }));

test('an actor that blocks its worker keeps no task from another', () =>
  withRuntime(2, async (runtime) => {
    const blocker = await runtime.spawn(Blocker, []);
    await Promise.all(Array.from({ length: 50 }, () => runtime.submit(tasks.add, [1, 1])));
    const controller = new AbortController();
    const blocked = runtime.stream(blocker.block, [], { signal: controller.signal });
    await blocked.next();
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: 4 }, () => runtime.submit(tasks.add, [1, 1]).get(LIMIT)));
    controller.abort();
    assert.instance(await rejection(blocked.next()), InterruptedError);
  }));

test('a stream that waits for its reader lends its processor, to what the reader waits for', () =>
  withRuntime(1, async (runtime) => {
    const sums: number[] = [];
    for await (const item of runtime.stream(tasks.count, [50]))
      sums.push(await runtime.submit(tasks.add, [item, 1]).get(LIMIT));
    assert.equal(
      sums,
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  }));

test('a generator may block for results, whenever its reader lets it go on', () =>
  withRuntime(1, async (runtime) => {
    const items: number[] = [];
    for await (const item of runtime.stream(waiting.results, [100])) {
      items.push(item);
      await runtime.submit(tasks.add, [1, 1], { resources: { CPU: 0 } });
    }
    assert.is(items.length, 100);
  }));

test('a task may wait for room that it has itself', () =>
  withRuntime(1, async (runtime) => {
    assert.is(await runtime.submit(waiting.spawnBeside, []).get(LIMIT), 2);
    assert.is(await runtime.submit(waiting.reserveBeside, []).get(LIMIT), 1);
  }));

test('hundreds of results that are still to come, inside of one value', () =>
  withRuntime(1, async (runtime) => {
    const results: ResultRef<number>[] = Array.from({ length: 500 }, (_, index) =>
      runtime.submit(tasks.add, [index, 1]),
    );
    assert.is(await runtime.submit(waiting.lengthsOf, [results]).get(LIMIT), 500);
  }));

test('a runtime that is being closed takes nothing new, and ends what it has', () =>
  withRuntime(1, async (runtime) => {
    const latch = await runtime.spawn(Latch, [], { name: 'latch', maxConcurrency: 10 });
    const running = runtime.submit(tasks.meet, ['latch', 'begun', 'go']);
    const opened = runtime.submit(tasks.openLatch, ['latch', 'go'], { resources: { CPU: 0 } });
    const closed = runtime.close();
    assert.throws(
      () => runtime.submit(tasks.add, [1, 1]),
      (error: unknown) => error instanceof RuntimeClosedError,
    );
    assert.instance(await rejection(latch.open('x')), RuntimeClosedError);
    assert.instance(await rejection(runtime.spawn(Counter, [1])), RuntimeClosedError);
    assert.instance(await rejection(runtime.placementGroup([{ CPU: 1 }])), RuntimeClosedError);
    await closed;
    await opened;
    assert.type(await running, 'string');
  }));

test.run();
