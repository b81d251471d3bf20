// deadline: 120 s
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OutOfResourceError, Store } from '../../src/index.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';

const MEBIBYTE = 2 ** 20;

function start(store: Store, workerData: object): Worker {
  return new Worker(new URL('./holder-worker.js', import.meta.url), {
    workerData: { ...workerData, store: store.handle },
    execArgv: [],
  });
}

async function alone(store: Store): Promise<void> {
  while ((await store.stats()).clientCount > 1) await delay(1);
}

test('a terminated worker gives back a thousand views; a window it sent away before stays right', async () => {
  const store = await Store.create({ memory: 8 * MEBIBYTE, spillLimit: 0 });
  const worker = start(store, { role: 'holder' });
  const [message] = await once(worker, 'message');
  let window: Uint8Array | undefined = new Uint8Array(message.buffer);
  const shared = store.ref<Uint8Array>(message.token);
  const before = await store.stats();
  assert.ok(before.viewedCount >= 1_021, `${before.viewedCount} viewed`);
  await worker.terminate();
  await alone(store);
  const after = await collectUntil(store, ({ objectCount }) => objectCount === 2);
  assert.is(after.leasedCount, 0);
  await store.verify();
  for (let round = 0; round < 20; round++) {
    const others = await Promise.all(
      [1, 2, 3, 4, 5].map(() => store.put(new Uint8Array(MEBIBYTE).fill(0xee))),
    );
    for (const other of others) other.release();
  }
  assert.ok(window.every((byte) => byte === 7));
  assert.ok((await shared.get()).every((byte) => byte === 8));
  window = undefined;
  message.buffer = undefined;
  shared.release();
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.close();
});

test('a worker that waits in a synchronous call hears of the end of the store', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const worker = start(store, { role: 'waiter', bytes: 2 * MEBIBYTE });
  const messages: unknown[] = [];
  const exited = once(worker, 'exit');
  worker.on('message', (message) => messages.push(message));
  await once(worker, 'message');
  await store.close();
  await exited;
  assert.equal(messages, ['waiting', 'Disconnected']);
});

test('the death of the thread that owns a store is the end of the store', async () => {
  const regions = bridge.regionCount();
  const owner = new Worker(new URL('./holder-worker.js', import.meta.url), {
    workerData: { role: 'owner' },
    execArgv: [],
  });
  const [message] = await once(owner, 'message');
  const store = Store.connectSync(message.handle);
  await owner.terminate();
  const error = await failureCode(async () => {
    for (;;) {
      await store.put(new Uint8Array(100_000));
      await delay(1);
    }
  });
  assert.is(error, 'Disconnected');
  await failureCode(() => store.putSync(new Uint8Array(100_000)));
  await store.close();
  assert.ok(bridge.regionCount() >= regions);
});

test('the 257th client is refused, and a record is free again after a client has gone', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  const clients: Store[] = [];
  await failure(
    () => {
      for (;;) clients.push(Store.connectSync(store.handle));
    },
    OutOfResourceError,
    'OutOfResource',
  );
  assert.is(clients.length, 255);
  for (const client of clients) await client.close();
  await alone(store);
  const again = Store.connectSync(store.handle);
  const ref = await again.put(new Uint8Array(100));
  assert.is((await again.get(ref)).length, 100);
  await again.close();
  await alone(store);
  await store.verify();
  assert.is((await store.stats()).objectCount - (await store.stats()).deletingCount, 0);
  await store.close();
});

test('a process with open stores and connected workers ends by itself', () => {
  const module = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const program = `
    import { Worker } from 'node:worker_threads';
    const { Store } = await import(${module});
    const store = await Store.create({ memory: '64MiB', populateAhead: '64MiB' });
    const ref = await store.put(new Uint8Array(1e6));
    const view = await ref.get();
    const worker = new Worker("import(" + ${JSON.stringify(module)} + ").then(({ Store }) => {" +
      "const { workerData, parentPort } = require('node:worker_threads');" +
      "const store = Store.connectSync(workerData.store);" +
      "parentPort.postMessage(store.putSync(new Uint8Array(1e5)).token); });",
      { eval: true, execArgv: [], workerData: { store: store.handle } });
    const token = await new Promise((resolve) => worker.once('message', resolve));
    console.log('done', view.length);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: 20_000,
    encoding: 'utf8',
  });
  assert.is(run.stdout, 'done 1000000\n', run.stderr);
  assert.is(run.status, 0, run.stderr);
});

async function failureCode(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return undefined;
}

test.run();
