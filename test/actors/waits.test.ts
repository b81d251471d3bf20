// deadline: 120 s
/** Waiting for objects: until they are sealed, until they are created, until the time is over. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InterruptedError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  Store,
  StoreClosedError,
  TimedOutError,
  type WritableSlot,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import { type FlickerData, WAITS_GATE, type WaitsAnswer, type WaitsData } from './waits-worker.ts';

const MEBIBYTE = 2 ** 20;

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  await run(store);
  await store.verify();
  await store.close();
}

interface Waiter {
  readonly worker: Worker;
  readonly answer: Promise<WaitsAnswer>;
  readonly exited: Promise<unknown>;
  isDone(): boolean;
}

/** A worker that is in its wait, as far as can be told from outside. */
async function waiterFor(store: Store, names: WaitsData['names'], sync: boolean): Promise<Waiter> {
  const gate = new Int32Array(new SharedArrayBuffer(WAITS_GATE.WORDS * 4));
  const workerData: WaitsData = { role: 'waits', store: store.handle, names, sync, gate };
  const worker = new Worker(new URL('./waits-worker.js', import.meta.url), { workerData, execArgv: [] });
  const answer = once(worker, 'message').then(([message]): WaitsAnswer => message);
  answer.catch(() => {});
  const exited = once(worker, 'exit');
  const clients = (): Promise<number> => store.stats().then(({ waitingGets }) => waitingGets);
  const before = await clients();
  while (Atomics.load(gate, WAITS_GATE.WAITING) === 0 || (await clients()) === before) await delay(1);
  return { worker, answer, exited, isDone: () => Atomics.load(gate, WAITS_GATE.DONE) !== 0 };
}

async function slotOf(store: Store, byte: number, id?: ObjectId): Promise<WritableSlot> {
  const slot = await store.create(1000, { id });
  slot.bytes.fill(byte);
  return slot;
}

test('a get waits for the sealing, on the same thread and on others', () =>
  withStore(async (store) => {
    const slot = await slotOf(store, 7);
    const early = store.ref(slot.token);
    const here = [store.get(early), early.get()];
    const there = [
      await waiterFor(store, [slot.token], false),
      await waiterFor(store, [slot.token], true),
      await waiterFor(store, [slot.token, slot.token], true),
    ];
    assert.ok(there.every((waiter) => !waiter.isDone()));
    slot.seal();
    for (const view of await Promise.all(here)) assert.is(view[999], 7);
    assert.equal(await Promise.all(there.map(({ answer }) => answer)), [[7], [7], [7, 7]]);
    assert.is((await store.stats()).waitingGets, 0);
    await Promise.all(there.map(({ exited }) => exited));
  }));

test('a get of several objects waits for all of them, in any order of their sealing', () =>
  withStore(async (store) => {
    const slots = await Promise.all([1, 2, 3, 4].map((byte) => slotOf(store, byte)));
    const tokens = slots.map(({ token }) => token);
    const waiters = [await waiterFor(store, tokens, false), await waiterFor(store, tokens, true)];
    const refs = [2, 0, 3].map((index) => slots[index]?.seal());
    await store.stats();
    assert.ok(
      waiters.every((waiter) => !waiter.isDone()),
      'one is missing',
    );
    refs.push(slots[1]?.seal());
    for (const { answer } of waiters) assert.equal(await answer, [1, 2, 3, 4]);
    await Promise.all(waiters.map(({ exited }) => exited));
    assert.equal(await store.get([]), []);
  }));

test('an id can be waited for before anybody creates it', () =>
  withStore(async (store) => {
    const [one, other] = [ObjectId.fromRandom(), ObjectId.fromRandom()];
    const names = [one.toBinary(), other.toBinary(), one.toBinary()];
    const waiters = [await waiterFor(store, names, false), await waiterFor(store, names, true)];
    const here = store.get(one);
    const first = await store.put(new Uint8Array(8).fill(5), { id: one });
    assert.equal(await here, new Uint8Array(8).fill(5));
    assert.ok(
      waiters.every((waiter) => !waiter.isDone()),
      'the other is missing',
    );
    const slot = await slotOf(store, 6, other);
    assert.ok(
      waiters.every((waiter) => !waiter.isDone()),
      'the other is not sealed',
    );
    const second = slot.seal();
    for (const { answer } of waiters) assert.equal(await answer, [5, 6, 5]);
    await Promise.all(waiters.map(({ exited }) => exited));
    assert.ok(first.id.equals(one) && second.id.equals(other));
  }));

test('an abort ends the wait for that object, and not the wait for its id', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    const slot = await slotOf(store, 1, id);
    const byRef = failure(() => store.ref(slot.token).get(), ObjectNotFoundError, 'ObjectNotFound');
    const byId = store.get(id);
    const there = await waiterFor(store, [slot.token], true);
    slot.abort();
    await byRef;
    assert.is(await there.answer, 'ObjectNotFound');
    const ref = await store.put(new Uint8Array(3).fill(9), { id });
    assert.equal(await byId, new Uint8Array(3).fill(9));
    await there.exited;
    ref.release();
  }));

test('a slot that is forgotten ends the waits for it', () =>
  withStore(async (store) => {
    // Kept until the wait is under way: a collection before that would leave nothing to wait for.
    const kept = [await slotOf(store, 1)];
    const there = await waiterFor(
      store,
      kept.map(({ token }) => token),
      false,
    );
    kept.length = 0;
    while (!there.isDone()) {
      globalThis.gc?.();
      await delay(1);
    }
    assert.is(await there.answer, 'ObjectNotFound');
    await there.exited;
  }));

test('the death of the thread that writes ends the waits for it', () =>
  withStore(async (store) => {
    const writer = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       import(workerData.module).then(({ Store }) => {
         globalThis.slot = Store.connectSync(workerData.store).createSync(1000);
         parentPort.postMessage(slot.token);
         setInterval(() => {}, 1000);
       });`,
      {
        eval: true,
        execArgv: [],
        workerData: { module: new URL('../../src/index.js', import.meta.url).href, store: store.handle },
      },
    );
    const [token] = await once(writer, 'message');
    const there = [await waiterFor(store, [token], false), await waiterFor(store, [token], true)];
    const here = failure(() => store.ref(token).get(), ObjectNotFoundError, 'ObjectNotFound');
    await writer.terminate();
    await here;
    for (const { answer } of there) assert.is(await answer, 'ObjectNotFound');
    await Promise.all(there.map(({ exited }) => exited));
  }));

test('waits end with their time and by their signals, and leave nothing behind', () =>
  withStore(async (store) => {
    const slot = await slotOf(store, 1);
    const ref = store.ref(slot.token);
    const id = ObjectId.fromRandom();
    for (const timeout of [0, 1, 20]) {
      for (const name of [ref, id]) {
        const error = await failure(() => store.get(name, { timeout }), TimedOutError, 'TimedOut');
        assert.is(error.values.timeoutMs, timeout);
        await failure(() => store.get([name, name], { timeout }), TimedOutError, 'TimedOut');
        assert.throws(
          () => store.getSync(name, { timeout }),
          (error: unknown) => error instanceof TimedOutError,
        );
        assert.throws(
          () => store.getSync([name], { timeout }),
          (error: unknown) => error instanceof TimedOutError,
        );
      }
    }
    const controller = new AbortController();
    const waits = [
      store.get(ref, { signal: controller.signal }),
      store.wait([id], { signal: controller.signal }),
    ];
    controller.abort(new Error('enough'));
    for (const wait of waits) await failure(() => wait, InterruptedError, 'Interrupted');
    assert.throws(
      () => store.getSync(ref),
      (error: unknown) => error instanceof ObjectNotSealedError,
    );
    assert.throws(
      () => store.waitSync([ref, id], { count: 2 }),
      (error: unknown) => error instanceof ObjectNotSealedError,
    );
    assert.is((await store.stats()).waitingGets, 0);
    slot.abort();
  }));

test('wait tells those that are ready from those that are not', () =>
  withStore(async (store) => {
    const slots = await Promise.all([1, 2, 3].map((byte) => slotOf(store, byte)));
    const refs = slots.map(({ token }) => store.ref(token));
    const [first, second, third] = refs;
    const indices = (found: typeof refs): number[] => found.map((one) => refs.indexOf(one));
    const none = await store.wait(refs, { timeout: 5 });
    assert.equal([indices(none.ready), indices(none.pending)], [[], [0, 1, 2]]);
    const one = store.wait(refs);
    const two = store.wait(refs, { count: 2 });
    slots[1]?.seal();
    assert.equal(indices((await one).ready), [1]);
    assert.equal(store.waitSync(refs, { count: 3, timeout: 5 }).ready.length, 1);
    slots[2]?.seal();
    const both = await two;
    assert.equal([indices(both.ready), indices(both.pending)], [[1, 2], [0]]);
    assert.equal(indices(store.waitSync(refs, { count: 2 }).ready), [1, 2]);
    slots[0]?.abort();
    assert.equal(
      indices((await store.wait(refs, { count: 3 })).ready),
      [0, 1, 2],
      'gone is ready, for get to say so',
    );
    assert.equal((await store.wait([])).ready, []);
    for (const ref of [first, second, third]) ref?.release();
  }));

test('ten thousand objects at once', () =>
  withStore(async (store) => {
    const ids = Array.from({ length: 10_000 }, () => ObjectId.fromRandom());
    const all = store.get(ids);
    const last = store.wait(ids, { count: 9_999 });
    const refs = ids.map((id, index) => store.putSync(Uint32Array.of(index), { id }));
    const values = await all;
    assert.ok(values.every((value, index) => value instanceof Uint32Array && value[0] === index));
    assert.ok((await last).ready.length >= 9_999);
    for (const ref of refs) ref.release();
  }));

test('the end of the store ends every wait', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  const slot = await slotOf(store, 1);
  const here = failure(() => store.get(ObjectId.fromRandom()), StoreClosedError, 'Disconnected');
  const there = [await waiterFor(store, [slot.token], false), await waiterFor(store, [slot.token], true)];
  await store.close();
  await here;
  for (const { answer } of there) assert.is(await answer, 'Disconnected');
  await Promise.all(there.map(({ exited }) => exited));
});

test('a waiting thread that is terminated leaves no wait behind', () =>
  withStore(async (store) => {
    const slot = await slotOf(store, 1);
    for (const sync of [true, false]) {
      const { worker, exited } = await waiterFor(store, [slot.token, ObjectId.fromRandom().toBinary()], sync);
      await worker.terminate();
      await exited;
    }
    while ((await store.stats()).waitingGets > 0) await delay(1);
    const ref = slot.seal();
    assert.is((await ref.get())[0], 1);
    ref.release();
  }));

test('a put that waits for memory ends with its time', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  // A thread in native code hears of no collection, so that the put below has somebody to wait for.
  const deaf = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     import(workerData.module).then(({ Store }) => {
       const store = Store.connectSync(workerData.store);
       store.putSync(new Uint8Array(8));
       parentPort.postMessage('deaf');
       require('node:child_process').execFileSync('sleep', ['3']);
     });`,
    {
      eval: true,
      execArgv: [],
      workerData: { module: new URL('../../src/index.js', import.meta.url).href, store: store.handle },
    },
  );
  const exited = once(deaf, 'exit');
  await once(deaf, 'message');
  const ref = await store.put(new Uint8Array(MEBIBYTE * 0.75));
  const startedMs = performance.now();
  const error = await failure(
    () => store.put(new Uint8Array(MEBIBYTE / 2), { timeout: 50 }),
    TimedOutError,
    'TimedOut',
  );
  assert.is(error.values.timeoutMs, 50);
  assert.ok(performance.now() - startedMs < 2_000, 'long before the other thread is back');
  assert.throws(
    () => store.putSync(new Uint8Array(MEBIBYTE / 2), { timeout: 50 }),
    (thrown: unknown) => thrown instanceof TimedOutError,
  );
  ref.release();
  await exited;
  await store.close();
});

test('what is sealed under an awaited id and gone before anybody looks ends no wait, and nothing else', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  const id = ObjectId.fromRandom();
  const workerData: FlickerData = { role: 'flicker', store: store.handle, id: id.toBinary() };
  const worker = new Worker(new URL('./waits-worker.js', import.meta.url), { workerData, execArgv: [] });
  const exited = once(worker, 'exit');
  let got = 0;
  for (let round = 0; round < 4_000 || got === 0; round++) {
    try {
      store.release(await store.get<Uint8Array>(id, { timeout: 5 }));
      got++;
    } catch (error) {
      if (!(error instanceof TimedOutError)) throw error;
    }
  }
  await store.close();
  await exited;
});

test('an object that is named twice counts twice, asleep as well', () =>
  withStore(async (store) => {
    const slot = await slotOf(store, 3);
    const refs = [store.ref(slot.token), store.ref(slot.token)];
    const waits = [
      store.wait([ObjectId.fromRandom(), refs[0]!, refs[0]!], { count: 2 }),
      store.wait([refs[0]!, ObjectId.fromRandom(), refs[1]!], { count: 2 }),
      store.wait([refs[0]!, refs[1]!], { count: 1 }),
    ];
    while ((await store.stats()).waitingGets < waits.length) await delay(1);
    const sealed = slot.seal();
    assert.equal(
      (await Promise.all(waits)).map(({ ready, pending }) => [ready.length, pending.length]),
      [
        [2, 1],
        [2, 1],
        [2, 0],
      ],
    );
    for (const ref of [sealed, ...refs]) ref.release();
  }));

test('who waits for several is told at once when one of them is aborted', () =>
  withStore(async (store) => {
    const slot = await slotOf(store, 3);
    const ref = store.ref(slot.token);
    const waiting = store.get([ObjectId.fromRandom(), ref]);
    while ((await store.stats()).waitingGets === 0) await delay(1);
    slot.abort();
    await failure(() => waiting, ObjectNotFoundError, 'ObjectNotFound');
    assert.is((await store.stats()).waitingGets, 0);
    ref.release();
  }));

test.run();
