import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InfeasibleRequestError, InvalidArgumentError, Runtime, TimedOutError } from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { Latch, Place, tasks, where } from './sample-tasks.ts';

function spawnLatch(runtime: Runtime) {
  return runtime.spawn(Latch, [], { name: 'latch', maxConcurrency: 100 });
}

test('a call that no worker can ever run is told so, with what it needs and what there is', () =>
  withRuntime(
    1,
    async (runtime) => {
      const error = await rejection(runtime.submit(tasks.nothing, [], { resources: { licence: 3 } }));
      assert.instance(error, InfeasibleRequestError);
      assert.match(error.message, /licence: 3.*licence: 2/);
      const labelled = runtime.submit(tasks.nothing, [], { labelSelector: { tier: 'fast' } });
      assert.instance(await rejection(labelled), InfeasibleRequestError);
      assert.instance(
        await rejection(runtime.spawn(Latch, [], { resources: { GPU: 1 } })),
        InfeasibleRequestError,
      );
      assert.is(await runtime.submit(tasks.add, [1, 2], { resources: { licence: 2 } }), 3);
    },
    { resources: { CPU: 1, licence: 2 } },
  ));

test('labels and fallbacks say where', () =>
  withRuntime(
    1,
    async (runtime) => {
      assert.is(await runtime.submit(tasks.add, [1, 2], { labelSelector: { tier: 'in(slow, slower)' } }), 3);
      assert.is(await runtime.submit(tasks.add, [1, 2], { labelSelector: { tier: '!fast' } }), 3);
      const fallback = {
        labelSelector: { tier: 'fast' },
        fallbackStrategy: [{ labelSelector: { tier: 'slow' } }],
      };
      assert.is(await runtime.submit(tasks.add, [1, 2], fallback), 3);
      assert.throws(
        () => runtime.submit(tasks.nothing, [], { labelSelector: { tier: 'in(' } }),
        (error: unknown) => error instanceof InvalidArgumentError,
      );
    },
    { labels: { tier: 'slow' } },
  ));

test('a resource of one is used by one call at a time, over all workers', () =>
  withRuntime(
    2,
    async (runtime) => {
      const latch = await spawnLatch(runtime);
      // Each worker has half a token: these two calls need one worker each, though its processor would do for both.
      const calls = [0, 1].map((index) =>
        runtime.submit(tasks.meet, ['latch', `here ${index}`, `here ${1 - index}`], {
          resources: { CPU: 0.1, token: 0.5 },
        }),
      );
      const workers = await Promise.all(calls);
      assert.is.not(workers[0], workers[1]);
      assert.equal((await latch.order()).sort(), ['here 0', 'here 1']);
    },
    { resources: { CPU: 1, token: 0.5 } },
  ));

test('calls that take nothing run at once on however few workers', () =>
  withRuntime(1, async (runtime) => {
    await spawnLatch(runtime);
    const free = { resources: { CPU: 0 } };
    const calls = [0, 1, 2].map((index) =>
      runtime.submit(tasks.meet, ['latch', `here ${index}`, `here ${(index + 1) % 3}`], free),
    );
    assert.is(new Set(await Promise.all(calls)).size, 1);
  }));

test('a placement group is reserved whole, used by its name, and given back', () =>
  withRuntime(2, async (runtime) => {
    const group = await runtime.placementGroup([{ CPU: 1 }, { CPU: 1 }], { strategy: 'STRICT_SPREAD' });
    // All processors are set apart: a call outside of the group waits.
    const outside = runtime.submit(where.am, []);
    const inside = await Promise.all(
      [0, 1].map((bundle) => runtime.submit(where.am, [], { placementGroup: group, bundle })),
    );
    assert.is.not(inside[0], inside[1]);
    assert.is(outside.settled, false);
    assert.instance(await rejection(runtime.placementGroup([{ CPU: 1 }], { timeout: 10 })), TimedOutError);
    await group.remove();
    assert.type(await outside, 'string');
    const wrong = rejection(runtime.submit(where.am, [], { placementGroup: group }));
    assert.instance(await wrong, InfeasibleRequestError);
    assert.instance(await rejection(runtime.placementGroup([{ CPU: 5 }])), InfeasibleRequestError);
    assert.throws(() => runtime.submit(where.am, [], { placementGroup: group, bundle: 2 }), /bundle/);
  }));

test('whatever uses a placement group ends with it, unless it is running', () =>
  withRuntime(1, async (runtime) => {
    const latch = await runtime.spawn(Latch, [], { name: 'latch', maxConcurrency: 100 });
    const group = await runtime.placementGroup([{ CPU: 1 }]);
    const inGroup = { placementGroup: group };
    const actor = await runtime.spawn(Place, [], { ...inGroup, resources: { CPU: 0 } });
    const running = runtime.submit(tasks.meet, ['latch', 'begun', 'go'], inGroup);
    await latch.opened('begun');
    const waiting = Array.from({ length: 5 }, () => rejection(runtime.submit(tasks.add, [1, 2], inGroup)));
    const unplaced = rejection(runtime.spawn(Place, [], { ...inGroup, resources: { CPU: 1 } }));
    await group.remove();
    for (const error of await Promise.all(waiting)) assert.instance(error, InfeasibleRequestError);
    assert.match((await unplaced).message, /placement group was removed/);
    assert.match((await rejection(actor.worker())).message, /placement group was removed/);
    await latch.open('go');
    assert.type(await running, 'string');
  }));

test('an actor keeps what it asks for until it is stopped', () =>
  withRuntime(1, async (runtime) => {
    const actor = await runtime.spawn(Latch, [], { resources: { CPU: 1 } });
    const waiting = runtime.submit(tasks.add, [1, 2]);
    await actor.open('door');
    assert.is(waiting.settled, false);
    await runtime.stop(actor);
    assert.is(await waiting, 3);
  }));

test('a caller with much to do does not keep the workers from another', () =>
  withRuntime(1, async (runtime) => {
    await spawnLatch(runtime);
    // The worker itself is the other caller: its call waits until the lease of this thread is recalled.
    const parent = runtime.submit(tasks.callLater, ['latch'], { resources: { CPU: 0 } });
    let isDone = false;
    const done = parent.then(() => {
      isDone = true;
    });
    let calls = 0;
    while (!isDone) {
      const batch = Array.from({ length: 200 }, () => runtime.submit(tasks.nothing, []));
      calls += batch.length;
      await Promise.all(batch);
    }
    await done;
    assert.ok(calls > 0);
  }));

test('a lease that was urgent makes room when what it was for is done', () =>
  withRuntime(1, async (runtime) => {
    await runtime.submit(tasks.add, [1, 2], { priority: 10 });
    const other = runtime.submit(tasks.add, [3, 4], { resources: { CPU: 0.5 } });
    while (!other.settled)
      await Promise.all(Array.from({ length: 20 }, () => runtime.submit(tasks.nothing, [])));
    assert.is(await other, 7);
  }));

test('a heap that no thread can start with is refused', async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 1 };
  const error = await rejection(Runtime.start({ workers: 2, memory: '64MiB', resourceLimits }));
  assert.instance(error, InvalidArgumentError);
  assert.match(error.message, /maxOldGenerationSizeMb/);
});

test('actors that are made at once are spread over the workers', () =>
  withRuntime(2, async (runtime) => {
    const actors = await Promise.all([0, 1, 2, 3].map(() => runtime.spawn(Place, [])));
    const places = await Promise.all(actors.map((actor) => actor.worker()));
    assert.is(places.filter((place) => place === places[0]).length, 2);
  }));

test('workers come when there is work, up to the most', () =>
  withRuntime(
    1,
    async (runtime) => {
      assert.is((await runtime.stats()).workers, 0);
      const calls = Array.from({ length: 5 }, () => runtime.submit(where.untilWorkers, [2]));
      await Promise.all(calls);
      assert.is((await runtime.stats()).workers, 2);
    },
    { workers: { min: 0, max: 2 } },
  ));

test('a call goes to the worker that has what its arguments name', () =>
  withRuntime(2, async (runtime) => {
    const array = await runtime.store.put(new Float64Array(100_000));
    await Promise.all([runtime.submit(where.am, []), runtime.submit(where.am, [])]);
    const first = await runtime.submit(where.reads, [array]);
    for (let round = 0; round < 20; round++) assert.is(await runtime.submit(where.reads, [array]), first);
  }));

test.run();
