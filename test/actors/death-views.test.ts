// deadline: 180 s
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ObjectNotFoundError,
  OutOfResourceError,
  Store,
  StoreClosedError,
  SystemError,
} from '../../src/index.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { ControlRegion } from '../../src/pools/control-region.ts';
import { CLIENT_STATE } from '../../src/state/control-layout.ts';
import { collect, collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';
import { until } from '../support/until.ts';

const MEBIBYTE = 2 ** 20;
const LIMIT_MS = 20_000;

function start(role: string, workerData: object): Worker {
  return new Worker(new URL('./holder-worker.js', import.meta.url), {
    workerData: { ...workerData, role },
    execArgv: [],
  });
}

/** Joins as the given client, in the moment that its record is free. */
function inherit({ handle }: Store, record: number): Store {
  const control = new ControlRegion(handle.control);
  const limitMs = performance.now() + LIMIT_MS;
  while ((control.clientState(record) & CLIENT_STATE.MASK) !== CLIENT_STATE.FREE) {
    if (performance.now() > limitMs) throw new Error(`record ${record} is never free`);
  }
  const heir = Store.connectSync(handle);
  assert.is(heir.bridge.index, record);
  return heir;
}

/** Until the records of all other clients are free again. */
async function alone({ handle }: Store): Promise<void> {
  const control = new ControlRegion(handle.control);
  const isTaken = (client: number): boolean =>
    (control.clientState(client) & CLIENT_STATE.MASK) !== CLIENT_STATE.FREE;
  await until('one client', () => !Array.from({ length: 255 }, (_, other) => other + 1).some(isTaken));
}

test('a terminated worker gives back a thousand views; a window it sent away before stays right', async () => {
  const store = await Store.create({ memory: 8 * MEBIBYTE, spillLimit: 0 });
  const worker = start('holder', { store: store.handle });
  const [message] = await once(worker, 'message');
  let window: Uint8Array | undefined = new Uint8Array(message.buffer);
  message.buffer = undefined;
  const shared = store.ref<Uint8Array>(message.shared);
  const deleted = store.ref<Uint8Array>(message.deleted);
  const before = await store.stats();
  assert.ok(before.viewedCount >= 1_021, `${before.viewedCount} viewed`);
  assert.is(before.unsealedCount, 20);
  assert.ok(before.leasedCount > 0);
  await worker.terminate();
  await alone(store);
  assert.ok(store.delete(deleted));
  const after = await collectUntil(store, ({ objectCount }) => objectCount === 2);
  assert.equal([after.leasedCount, after.unsealedCount, after.viewedCount], [0, 0, 1]);
  await store.verify();
  for (let round = 0; round < 20; round++) {
    const others = await Promise.all(
      [1, 2, 3, 4, 5].map(() => store.put(new Uint8Array(MEBIBYTE).fill(0xee))),
    );
    for (const other of others) other.release();
  }
  assert.ok(window.every((byte, index) => byte === index % 251));
  assert.ok((await shared.get()).every((byte) => byte === 8));
  await failure(() => deleted.get(), ObjectNotFoundError, 'ObjectNotFound');
  window = undefined;
  await collectUntil(store, ({ objectCount }) => objectCount === 1);
  shared.release();
  deleted.release();
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('a window that went through three threads comes back at the end of the last', async () => {
  const store = await Store.create({ memory: 8 * MEBIBYTE, spillLimit: 0 });
  const maker = start('holder', { store: store.handle });
  const keeper = start('keeper', {});
  const [{ buffer }] = await once(maker, 'message');
  keeper.postMessage(buffer, [buffer]);
  await once(keeper, 'message');
  await maker.terminate();
  await alone(store);
  const { viewedCount, deletingCount } = await collectUntil(store, ({ objectCount }) => objectCount === 1);
  assert.equal([viewedCount, deletingCount], [1, 1]);
  await keeper.terminate();
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('a worker that waits for memory gets that of one that dies', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const hog = start('hog', { store: store.handle });
  await once(hog, 'message');
  const waiter = start('waiter', { store: store.handle, bytes: 2 * MEBIBYTE });
  const messages: unknown[] = [];
  const exited = once(waiter, 'exit');
  waiter.on('message', (message) => messages.push(message));
  await until('a waiting create', async () => (await store.stats()).waitingCreates > 0);
  assert.equal(messages, ['waiting']);
  await hog.terminate();
  await exited;
  assert.equal(messages, ['waiting', 'served']);
  await alone(store);
  await store.verify();
  await store.close();
});

test('workers that wait for memory in a synchronous call hear of the end of the store', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const full = await store.put(new Uint8Array(3.5 * MEBIBYTE));
  const messages: unknown[] = [];
  const exits = [1, 2, 3].map(() => {
    const worker = start('waiter', { store: store.handle, bytes: 2 * MEBIBYTE });
    worker.on('message', (message) => messages.push(message));
    return once(worker, 'exit');
  });
  await until('three waiting creates', async () => (await store.stats()).waitingCreates === 3);
  const waiting = failure(() => store.put(new Uint8Array(2 * MEBIBYTE)), StoreClosedError, 'Disconnected');
  await store.close();
  await Promise.all([...exits, waiting]);
  const answers = messages.filter((message) => message !== 'waiting');
  assert.equal(answers, ['Disconnected', 'Disconnected', 'Disconnected']);
  full.release();
});

test("the allocator thread's death ends every call, and views stay true", async () => {
  const regions = bridge.regionCount();
  // Node tells of every thread that is started; nothing else leads to this one.
  const announced = once(process, 'worker');
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const [allocator]: Worker[] = await announced;
  assert.ok(allocator instanceof Worker);
  const ref = await store.put(new Uint8Array(3.5 * MEBIBYTE).fill(6));
  const view = await ref.get();
  const waiter = start('waiter', { store: store.handle, bytes: 2 * MEBIBYTE });
  const messages: unknown[] = [];
  waiter.on('message', (message) => messages.push(message));
  const exited = once(waiter, 'exit');
  await until('a waiting create', async () => (await store.stats()).waitingCreates === 1);
  const ended = allocator.terminate();
  const calls = Array.from({ length: 50 }, () => store.stats());
  const put = store.put(new Uint8Array(2 * MEBIBYTE));
  await failure(() => put, StoreClosedError, 'Disconnected');
  for (const call of await Promise.allSettled(calls)) {
    if (call.status === 'rejected') assert.instance(call.reason, StoreClosedError);
  }
  await ended;
  await exited;
  assert.equal(messages, ['waiting', 'Disconnected']);
  assert.ok(store.closed);
  const later = [
    () => store.stats(),
    () => store.statsSync(),
    () => store.put(1),
    () => store.putSync(1),
    () => store.create(8),
    () => store.createSync(8),
    () => store.get(ref),
    () => store.delete(ref),
    () => store.contains(ref),
    () => store.trim(),
    () => store.verify(),
    () => Store.connect(store.handle),
  ];
  for (const call of later) await failure(call, StoreClosedError, 'Disconnected');
  assert.ok(view.every((byte) => byte === 6));
  ref.release();
  await store.close();
  assert.ok(view.every((byte) => byte === 6));
  assert.is(bridge.regionCount(), regions);
});

test('a store whose allocator thread ends before it serves is not waited for', async () => {
  const regions = bridge.regionCount();
  process.once('worker', (worker: Worker) => worker.terminate());
  await failure(() => Store.create({ memory: MEBIBYTE, spillLimit: 0 }), SystemError, 'IOError');
  assert.is(bridge.regionCount(), regions);
});

function spillMaps(directory: string): number {
  if (process.platform !== 'linux') return 0;
  return readFileSync('/proc/self/maps', 'utf8').split(directory).length - 1;
}

test('the death of the thread that owns a store is the end of the store, and unmaps it', async () => {
  const regions = bridge.regionCount();
  const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-owner-'));
  for (let round = 0; round < 5; round++) {
    const owner = start('owner', { spillDirectory });
    const [{ handle, token }] = await once(owner, 'message');
    let store: Store | undefined = Store.connectSync(handle);
    let view: Uint8Array | undefined = await store.ref<Uint8Array>(token).get();
    if (process.platform === 'linux') assert.ok(spillMaps(spillDirectory) > 0);
    await owner.terminate();
    const ended = store;
    await failure(() => ended.put(new Uint8Array(100_000)), StoreClosedError, 'Disconnected');
    await failure(() => ended.putSync(new Uint8Array(100_000)), StoreClosedError, 'Disconnected');
    await failure(() => Store.connect(handle), StoreClosedError, 'Disconnected');
    assert.is(bridge.regionCount(), regions);
    await store.close();
    store = undefined;
    collect();
    assert.ok(view.every((byte) => byte === 5));
    view = undefined;
  }
  await until('no map', () => {
    collect();
    return spillMaps(spillDirectory) === 0;
  });
  rmdirSync(spillDirectory);
});

test('a worker terminated while it makes stores leaves none', async () => {
  const regions = bridge.regionCount();
  const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-founder-'));
  for (let round = 0; round < 10; round++) {
    const founder = start('founder', { spillDirectory });
    const messages = round % 4;
    for (let made = 0; made < messages; made++) await once(founder, 'message');
    // Somewhere in the making of the next one.
    await delay(round * 7);
    await founder.terminate();
    assert.is(bridge.regionCount(), regions);
  }
  await until('no map', () => spillMaps(spillDirectory) === 0);
  rmdirSync(spillDirectory);
});

test('the 257th client is refused; a crowd that dies leaves all records free', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  for (let round = 0; round < 2; round++) {
    const crowd = start('crowd', { store: store.handle });
    const [message] = await once(crowd, 'message');
    assert.equal(message, { code: 'OutOfResource', clients: 255 });
    await failure(() => Store.connectSync(store.handle), OutOfResourceError, 'OutOfResource');
    await crowd.terminate();
    await alone(store);
    await store.verify();
  }
  const again = Store.connectSync(store.handle);
  const ref = await again.put(new Uint8Array(100));
  assert.is((await again.get(ref)).length, 100);
  await again.close();
  await alone(store);
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('the next owner of a record hears its own doorbell, however early it comes', async () => {
  const store = await Store.create({ memory: 16 * MEBIBYTE, spillLimit: 0 });
  for (let round = 0; round < 3; round++) {
    // Letting go of many windows takes this thread a while, between its death notice and its end.
    const worker = start('writer', { store: store.handle, slots: 20_000 });
    await once(worker, 'message');
    const [entry] = store.list();
    assert.ok(entry !== undefined);
    const ended = worker.terminate();
    const heir = inherit(store, entry.creator);
    const answered = await Promise.race([heir.stats().then(() => true), delay(LIMIT_MS / 4, false)]);
    await ended;
    await heir.close();
    assert.ok(answered, 'it hears of its answer');
    await alone(store);
  }
  await store.verify();
  await store.close();
});

/** Runs a module that has a store, a worker with another connection to it, and a disk. */
function program(ending: string): {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
} {
  const module = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const inWorker = `import(${module}).then(({ Store, OutOfDiskError }) => {
    const { workerData, parentPort } = require('node:worker_threads');
    const store = Store.connectSync(workerData);
    globalThis.kept = [store.putSync(new Uint8Array(1e5)), store.createSync(100)];
    kept.push(kept[0].getSync());
    parentPort.postMessage(kept[0].token);
    WAIT
  });`;
  const source = `
    import { Worker } from 'node:worker_threads';
    const { Store } = await import(${module});
    const store = await Store.create({ memory: '64MiB', populateAhead: '64MiB', spillLimit: '1MiB' });
    const ref = await store.put(new Uint8Array(5e7));
    const view = await ref.get();
    const start = (wait) => new Worker(${JSON.stringify(inWorker)}.replace('WAIT', wait),
      { eval: true, execArgv: [], workerData: store.handle });
    const heard = (worker) => new Promise((resolve) => worker.once('message', resolve));
    ${ending}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: LIMIT_MS,
    encoding: 'utf8',
  });
}

test('a process with open stores and connected workers ends by itself', () => {
  const { status, stdout, stderr } = program(`
    await heard(start(''));
    console.log('done', view.length);`);
  assert.equal({ status, stdout }, { status: 0, stdout: 'done 50000000\n' }, stderr);
});

test('a process exits in the middle of everything', () => {
  const { status, signal, stderr } = program(`
    const retry = 'for (;;) try { store.putSync(new Uint8Array(3e7)); } catch (e) { if (!(e instanceof OutOfDiskError)) throw e; }';
    await Promise.all([heard(start(retry)), heard(start(retry)), heard(start('setInterval(() => {}, 1000);'))]);
    for (let call = 0; call < 100; call++) store.put(new Uint8Array(3e7)).catch(() => {});
    const other = await Store.create({ memory: '256MiB', populateAhead: '256MiB', spillLimit: 0 });
    process.exit(42);`);
  assert.equal({ status, signal }, { status: 42, signal: null }, stderr);
});

test.run();
