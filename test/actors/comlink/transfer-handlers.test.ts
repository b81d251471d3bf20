/** Refs in comlink's messages: read in place in the other thread, and nothing is left when they do not arrive. */
import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Runtime } from '../../../src/actors/runtime/runtime.ts';
import { handOver, portEndpoint, registerTransferHandlers } from '../../../src/comlink.ts';
import { InvalidArgumentError, ObjectRef, RefReleasedError, Store } from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { failure } from '../../support/rejection.ts';
import { until } from '../../support/until.ts';
import { tasks } from '../runtime/sample-tasks.ts';
import type { api, ComlinkWorkerData } from './comlink-worker.ts';

interface Parts {
  readonly store: Store;
  readonly worker: Worker;
  readonly remote: Comlink.Remote<typeof api>;
}

async function withRemote(store: Store, plain: boolean, run: (parts: Parts) => Promise<void>): Promise<void> {
  const workerData: ComlinkWorkerData = { store: store.handle, plain };
  const worker = new Worker(new URL('./comlink-worker.js', import.meta.url), { workerData, execArgv: [] });
  const end = registerTransferHandlers(Comlink, store);
  const remote = Comlink.wrap<typeof api>(plain ? nodeEndpoint(worker) : portEndpoint(worker));
  await remote.add(1, 1);
  await run({ store, worker, remote });
  await nothingLeft(store);
  await worker.terminate();
  end();
}

async function withStore(plain: boolean, run: (parts: Parts) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 2 ** 24, spillLimit: 0 });
  await withRemote(store, plain, run);
  await store.verify();
  await store.close();
}

const nothingLeft = (store: Store): Promise<void> =>
  until('nothing is left in the store', () => {
    collect();
    return store.list().length === 0;
  });

for (const plain of [false, true]) {
  const endpoints = plain ? "comlink's own endpoints" : 'endpoints of this package';

  test(`a ref is read in place in the other thread: ${endpoints}`, () =>
    withStore(plain, async ({ store, remote }) => {
      const ref = await store.put(new Float64Array(1000).fill(7));
      const first = remote.first(ref);
      // On its way the object is kept.
      ref.release();
      assert.equal(await first, { value: 7, inPlace: true });
    }));

  test(`a ref comes back as a result: ${endpoints}`, () =>
    withStore(plain, async ({ store, remote }) => {
      using ref = (await remote.make(50_000)) as ObjectRef<Float64Array>;
      assert.instance(ref, ObjectRef);
      const view = await ref.get();
      assert.is(view[49_999], 3);
      store.release(view);
    }));
}

test('the sender keeps no share once the ref has arrived', () =>
  withStore(false, async ({ store, remote }) => {
    const ref = await store.put(new Float64Array(10));
    await remote.keep(ref);
    ref.release();
    // The worker's own hold is what keeps the object.
    await delay(20);
    assert.is(store.list().length, 1);
    await remote.letGo();
  }));

test('many refs at once leave nothing', () =>
  withStore(false, async ({ store, remote }) => {
    const sizes = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        using ref = await store.put(new Float64Array(index));
        return remote.size(ref);
      }),
    );
    assert.equal(
      sizes,
      Array.from({ length: 500 }, (_, index) => index),
    );
  }));

test('refs that never arrive are let go: the receiver ends, its port is closed, the message cannot be sent', () =>
  withStore(false, async ({ store, worker, remote }) => {
    const send = async (call: (ref: ObjectRef<Float64Array>) => unknown): Promise<void> => {
      using ref = await store.put(new Float64Array(10));
      await Promise.resolve(call(ref)).catch(() => {});
    };
    const { port1, port2 } = new MessageChannel();
    const unread = Comlink.wrap<typeof api>(nodeEndpoint(port1));
    await send((ref) => void unread.keep(ref));
    await delay(20);
    assert.is(store.list().length, 1);
    port2.close();
    await nothingLeft(store);

    await send((ref) => Reflect.apply(Reflect.get(remote, 'add'), remote, [ref, () => {}]));
    await nothingLeft(store);

    const blocked = remote.block().catch(() => {});
    await send((ref) => void remote.keep(ref).catch(() => {}));
    await worker.terminate();
    await blocked;
    await nothingLeft(store);
    await send((ref) => remote.keep(ref));
  }));

test('a ref whose object was deleted on the way arrives released, and the receiver lives', () =>
  withStore(false, async ({ store }) => {
    const { port1, port2 } = new MessageChannel();
    Comlink.expose((ref: ObjectRef) => ref.released, portEndpoint(port2));
    const isReleased = Comlink.wrap<(ref: ObjectRef) => boolean>(portEndpoint(port1));
    using ref = await store.put(new Float64Array(10));
    const answer = isReleased(ref);
    // Nothing is read in the meantime: both ports are of this thread.
    store.delete(ref);
    assert.is(await answer, true);
    using other = await store.put(new Float64Array(10));
    assert.is(await isReleased(other), false);
    isReleased[Comlink.releaseProxy]();
  }));

test('a ref that is handed over is released here', () =>
  withStore(false, async ({ store, remote }) => {
    const ref = await store.put(new Float64Array(10));
    assert.is(handOver(ref), ref);
    assert.is(ref.released, false);
    assert.is(await remote.size(ref), 10);
    assert.is(ref.released, true);
    await failure(() => handOver({} as never), InvalidArgumentError, 'InvalidArgument');
  }));

test('a ref that was released is refused', () =>
  withStore(false, async ({ store, remote }) => {
    const ref = await store.put(new Float64Array(10));
    ref.release();
    await failure(() => remote.keep(ref), RefReleasedError, 'Invalid');
  }));

test('a result arrives as a promise of a ref, also while its call is under way', async () => {
  const runtime = await Runtime.start({ workers: 1, memory: 2 ** 24, spillLimit: 0 });
  await withRemote(runtime.store, false, async ({ remote }) => {
    using result = runtime.submit(tasks.ones, [100_000]);
    const sizeOf = (ref: unknown) => remote.size(ref as ObjectRef<Float64Array>);
    assert.is(await sizeOf(result), 100_000);
    await result;
    assert.is(await sizeOf(result), 100_000);
    using small = runtime.submit(tasks.ones, [5]);
    assert.is(await sizeOf(small), 5);
    const failed: unknown = await sizeOf(runtime.submit(tasks.fail, [4])).catch((caught: unknown) => caught);
    assert.is(failed instanceof Error && failed.message, 'sample 4');
    assert.is(await remote.add(1, 2), 3);
  });
  await runtime.close();
});

test('stores have handlers of their own', async () => {
  const other = await Store.create({ memory: 2 ** 22, spillLimit: 0 });
  const size = Comlink.transferHandlers.size;
  const end = registerTransferHandlers(Comlink, other);
  await withStore(false, async ({ store, remote }) => {
    using ref = await store.put(new Float64Array(3));
    assert.is(await remote.size(ref), 3);
  });
  end();
  assert.is(Comlink.transferHandlers.size, size);
  await other.close();
});

test('arguments are checked', async () => {
  const store = await Store.create({ memory: 2 ** 22, spillLimit: 0 });
  await failure(() => registerTransferHandlers({} as never, store), InvalidArgumentError, 'InvalidArgument');
  await failure(
    () => registerTransferHandlers(Comlink, {} as never),
    InvalidArgumentError,
    'InvalidArgument',
  );
  await store.close();
});

test.run();
