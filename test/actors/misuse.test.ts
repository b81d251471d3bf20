/** Calls that are made by mistake, and that must not be left without an answer. */
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Channel,
  InvalidArgumentError,
  ObjectId,
  ObjectNotFoundError,
  Store,
  StoreClosedError,
  storeMetrics,
  UnstorableValueError,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
  await run(store);
  await store.verify();
  await store.close();
}

test('options are plain objects, and nothing is silently left unread', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    for (const options of [AbortSignal.timeout(20), id, new Map([['timeout', 1]]), new Date(), []]) {
      for (const call of [() => store.get(id, Object(options)), () => store.put('value', Object(options))]) {
        const error = await failure(call, InvalidArgumentError, 'InvalidArgument');
        assert.is(error.values.name, 'options');
      }
    }
    const ref = await store.put(1, Object.assign(Object.create(null), { timeout: 50 }));
    assert.ok(JSON.stringify({ ref }).length < 200, 'a ref in a log is short');
    assert.ok(inspect(ref, { depth: 10 }).length < 200, 'and printed');
    ref.release();
  }));

test('refs, slots and channels are neither stored nor cloned, and the error says what to send', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(8));
    const slot = await store.create(8);
    const channel = Channel.create(store);
    using writer = channel.openWriter();
    using reader = channel.openReader();
    for (const one of [ref, slot, channel, writer, reader]) {
      for (const value of [one, { one }, [one]]) {
        const error = await failure(() => store.put(Object(value)), UnstorableValueError, 'TypeError');
        assert.match(error.message, 'send its token');
        assert.throws(() => structuredClone(value), /could not be cloned/);
      }
    }
    slot.abort();
    ref.release();
  }));

test('several are not waited for when one of them is gone', () =>
  withStore(async (store) => {
    const [kept, gone] = [await store.put(1), await store.put(2)];
    store.delete(gone);
    const never = ObjectId.fromRandom();
    for (const names of [
      [gone, never],
      [never, gone],
      [kept, gone],
    ]) {
      await failure(() => store.get(names), ObjectNotFoundError, 'ObjectNotFound');
      assert.throws(() => store.getSync(names), /does not exist, or was deleted/);
    }
    const closed = await Store.connect(store.handle);
    await closed.close();
    for (const names of [[], [kept]])
      await failure(() => closed.wait(names), StoreClosedError, 'Disconnected');
    kept.release();
    gone.release();
  }));

test('a hundred calls may wait with one signal, and all of them end when it fires', () =>
  withStore(async (store) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const controller = new AbortController();
    const { signal } = controller;
    const reader = Channel.create(store, { readers: 1 }).openReader();
    const calls = Array.from({ length: 100 }, () => store.get(ObjectId.fromRandom(), { signal }));
    const outcomes = Promise.allSettled<unknown>([...calls, reader.read({ signal })]);
    while ((await store.stats()).waitingGets < 100);
    controller.abort();
    const names = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.name);
    assert.equal([...new Set(names)], ['InterruptedError']);
    assert.is(getEventListeners(signal, 'abort').length, 0);
    reader.close();
    process.off('warning', onWarning);
    assert.equal(warnings, []);
  }));

test('a promise is no statistics, and a number fills no id', async () => {
  const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
  const calls: readonly [string, () => unknown][] = [
    ['store', () => storeMetrics(Object(store.stats()))],
    ['store', () => storeMetrics(Object(null))],
    ['fill', () => ObjectId.fromRandom(Object(5))],
  ];
  for (const [name, call] of calls) {
    const error = await failure(call, InvalidArgumentError, 'InvalidArgument');
    assert.is(error.values.name, name);
  }
  await store.close();
});

test.run();
