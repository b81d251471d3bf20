// deadline: 120 s
/** Tasks that wait for tasks, and graphs of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InterruptedError, type ResultRef, type Runtime } from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { graph, Parent } from './graph-tasks.ts';
import { nested } from './nested-sample.ts';
import { Counter, Latch, tasks } from './sample-tasks.ts';

const LIMIT = { timeout: 20_000 };

for (const workers of [1, 2]) {
  test(`three deep, waiting and blocking, on ${workers}`, () =>
    withRuntime(workers, async (runtime) => {
      assert.is(await runtime.submit(nested.top, [1]).get(LIMIT), 112);
      assert.is(await runtime.submit(nested.topSync, [1]).get(LIMIT), 112);
      assert.is(await runtime.submit(nested.topMixed, [1]).get(LIMIT), 112, 'blocking for an async task');
      assert.is(await runtime.submit(graph.grandparent, [4]).get(LIMIT), 16);
      assert.is(await runtime.submit(graph.grandparentSync, [4]).get(LIMIT), 16);
      assert.is(await runtime.submit(graph.chainSync, []).get(LIMIT), 2);
    }));

  test(`20 parents at once, each with children, on ${workers}`, () =>
    withRuntime(workers, async (runtime) => {
      for (const parent of [graph.parent, graph.parentSync]) {
        const parents = Array.from({ length: 20 }, (_, index) => runtime.submit(parent, [1 + (index % 5)]));
        const counts = await Promise.all(parents.map((ref) => ref.get(LIMIT)));
        assert.equal(
          counts,
          parents.map((_, index) => 1 + (index % 5)),
        );
      }
    }));

  test(`an actor that waits for tasks, on ${workers}`, () =>
    withRuntime(workers, async (runtime) => {
      const parent = await runtime.spawn(Parent, []);
      assert.is(await parent.count(3).get(LIMIT), 3);
    }));

  test(`a thread that blocks gives back what it does not use, on ${workers}`, () =>
    withRuntime(workers, async (runtime) => {
      await runtime.submit(graph.one, [], { priority: 1 });
      assert.is(runtime.submit(graph.parent, [2], { resources: { CPU: 0.5 } }).getSync(LIMIT), 2);
      const first = runtime.submit(graph.one, []);
      assert.is(runtime.submit(graph.increment, [first]).getSync(LIMIT), 2);
    }));
}

function chain(runtime: Runtime, length: number): ResultRef<number> {
  let last = runtime.submit(graph.one, []);
  for (let step = 1; step < length; step++) last = runtime.submit(graph.increment, [last]);
  return last;
}

/** Sums of pairs of sums, down to one. */
function reduceInPairs(runtime: Runtime, refs: ResultRef<number>[]): ResultRef<number> {
  let level = refs;
  while (level.length > 1) {
    const next: ResultRef<number>[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const pair = level.slice(index, index + 2);
      next.push(pair.length === 2 ? runtime.submit(graph.sum, pair) : pair[0]!);
    }
    level = next;
  }
  return level[0]!;
}

test('1,000 tasks in a chain, in a fan, and in a tree', () =>
  withRuntime(2, async (runtime) => {
    assert.is(await chain(runtime, 1_000).get(LIMIT), 1_000);
    const many = Array.from({ length: 1_000 }, () => runtime.submit(graph.one, []));
    assert.is(await runtime.submit(graph.sum, many).get(LIMIT), 1_000);
    const leaves = Array.from({ length: 512 }, () => runtime.submit(graph.one, []));
    assert.is(await reduceInPairs(runtime, leaves).get(LIMIT), 512);
  }));

test('a thread that blocks for the end of a graph', () =>
  withRuntime(2, async (runtime) => {
    assert.is(chain(runtime, 100).getSync(LIMIT), 100);
    const many = Array.from({ length: 100 }, () => runtime.submit(graph.one, []));
    assert.is(runtime.submit(graph.sum, many).getSync(LIMIT), 100);
  }));

test('a pool of actors', () =>
  withRuntime(2, async (runtime) => {
    const options = { resources: { CPU: 0.25 } };
    const pool = await Promise.all(Array.from({ length: 4 }, () => runtime.spawn(Counter, [0], options)));
    const calls = Array.from({ length: 400 }, (_, index) => pool[index % 4]!.add(1));
    const results = await Promise.all(calls.map((call) => call.get(LIMIT)));
    assert.equal(
      results,
      calls.map((_, index) => Math.floor(index / 4) + 1),
    );
  }));

test('a graph that is cancelled half-way', () =>
  withRuntime(1, async (runtime) => {
    const latch = await runtime.spawn(Latch, [], {
      name: 'latch',
      resources: { CPU: 0 },
      maxConcurrency: 10,
    });
    const done = Array.from({ length: 10 }, () => runtime.submit(graph.one, []));
    await runtime.wait(done, { count: 10 });
    const controller = new AbortController();
    const { signal } = controller;
    const gate = runtime.submit(tasks.waitFor, ['latch', 'go'], { signal });
    const behind = Array.from({ length: 100 }, () => runtime.submit(graph.increment, [gate as never]));
    const failures = behind.map((ref) => rejection(ref));
    await latch.open('begun');
    controller.abort();
    for (const failure of failures) assert.instance(await failure, InterruptedError);
    await latch.open('go');
    assert.is(await runtime.submit(graph.sum, done).get(LIMIT), 10, 'what was done stays done');
    assert.is((await runtime.stats()).calls.underWay, 0);
  }));

test.run();
