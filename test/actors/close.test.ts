/** The end of a store, and of a thread's part in it. */
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NotAWindowError, Store, StoreClosedError } from '../../src/index.ts';
import { failure } from '../support/rejection.ts';

const MEMORY = 2 ** 20;

test('after close everything says so', async () => {
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const ref = await store.put(Float64Array.of(1, 2));
  const view = await ref.get();
  const slot = await store.create(8);
  const { handle } = store;
  const { token } = ref;
  await store.close();
  await store.close();
  assert.ok(store.closed);
  const bytes = new Uint8Array(8);
  const calls: (() => unknown)[] = [
    () => store.put(bytes),
    () => store.putSync(bytes),
    () => store.create(8),
    () => store.createSync(8),
    () => store.get(ref),
    () => store.getSync(ref),
    () => store.ref(token),
    () => store.contains(ref),
    () => store.delete(ref),
    () => store.list(),
    () => store.stats(),
    () => store.statsSync(),
    () => store.trim(),
    () => store.verify(),
    () => slot.seal(),
    () => slot.abort(),
  ];
  for (const one of calls) await failure(one, StoreClosedError, 'Disconnected');
  await failure(() => Store.connect(handle), StoreClosedError, 'Disconnected');
  ref.release();
  slot[Symbol.dispose]();
  assert.equal([...view], [1, 2]);
});

test('a view can be released early after its thread has left the store, and after the end of the store', async () => {
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const ref = await store.put(Float64Array.of(1, 2));
  const guest = await Store.connect(store.handle);
  const views = [await ref.get(), await guest.ref(ref.token).get(), await ref.get()] as const;
  const slot = await guest.create(8);
  await guest.close();
  guest.release(views[1]);
  assert.is(views[1].length, 0);
  await failure(() => guest.release(slot.bytes), NotAWindowError, 'InvalidArgument');
  await failure(() => guest.release(new Uint8Array(8)), NotAWindowError, 'InvalidArgument');
  await store.close();
  store.release(views[0]);
  assert.is(views[0].length, 0);
  assert.equal([...views[2]], [1, 2], 'the others stay');
  await failure(() => store.release(views[0]), NotAWindowError, 'InvalidArgument');
});

test('a worker of a closed store is told, and can end', async () => {
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(async ({ Store }) => {
      const store = Store.connectSync(workerData.store);
      parentPort.once('message', async () => {
        const codes = [];
        for (const call of [() => store.putSync(new Uint8Array(8)), () => store.put(new Uint8Array(8)), () => store.stats()]) {
          try { await call(); codes.push('none'); } catch (error) { codes.push(error.code); }
        }
        parentPort.postMessage(codes);
      });
      parentPort.postMessage('ready');
    });`;
  const worker = new Worker(source, {
    eval: true,
    execArgv: [],
    workerData: { module: new URL('../../src/index.js', import.meta.url).href, store: store.handle },
  });
  const messages: unknown[] = [];
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  await new Promise<void>((resolve) => {
    worker.on('message', async (message) => {
      messages.push(message);
      if (message !== 'ready') return resolve();
      await store.close();
      worker.postMessage('closed');
    });
  });
  assert.equal(messages.at(-1), ['Disconnected', 'Disconnected', 'Disconnected']);
  assert.is(await exited, 0);
});

test.run();
