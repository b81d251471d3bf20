/**
 * Ray's client_tests (`TestPlasmaStore`), on a real store with two connections. Left out are those of GPUs, of quotas and of
 * subscriptions, which Ray has given up.
 *
 * Three things differ on purpose. A deleted object cannot be got from that moment on, also while somebody uses it; its bytes
 * stay for whoever views them. What is missing is an error, not an empty buffer. And a thread holds one thing, the slot or
 * the ref, where Ray counts `create` twice: so an abort needs no release before it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ObjectAbortedError,
  ObjectAlreadySealedError,
  ObjectExistsError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  Store,
  TimedOutError,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';

const DATA = Uint8Array.of(3, 5, 6, 7, 9);
const NOW = { timeout: 0 };
const MEBIBYTE = 2 ** 20;

async function withClients(
  run: (client: Store, client2: Store) => Promise<void>,
  memory: number | string = '10MB',
): Promise<void> {
  const store = await Store.create({ memory, spillLimit: 0 });
  const clients = [await Store.connect(store.handle), await Store.connect(store.handle)] as const;
  await run(...clients);
  await store.verify();
  for (const connection of [...clients, store]) await connection.close();
}

/** Nobody has created it: a get that does not wait says so. */
const isMissing = (client: Store, id: ObjectId) =>
  failure(() => client.get(id, NOW), TimedOutError, 'TimedOut');

test('SealErrorsTest', () =>
  withClients(async (client) => {
    const id = ObjectId.fromRandom();
    const aborted = await client.create(100, { id });
    aborted.abort();
    await failure(() => aborted.seal(), ObjectAbortedError, 'Invalid');
    const slot = await client.create(100, { id });
    const ref = slot.seal();
    await failure(() => slot.seal(), ObjectAlreadySealedError, 'ObjectAlreadySealed');
    await failure(() => slot.abort(), ObjectAlreadySealedError, 'ObjectAlreadySealed');
    ref.release();
  }));

test('RefreshLRUTest: a fifth goes by age, and what was used lately stays', () =>
  withClients(async (client) => {
    const create = async (): Promise<ObjectId> => {
      const id = ObjectId.fromRandom();
      (await client.put(new Uint8Array(MEBIBYTE - 64), { id, evictable: true })).release();
      // The clock that says which was used last is a coarse one.
      await delay(15);
      return id;
    };
    const ids: ObjectId[] = [];
    for (let count = 0; count < 10; count++) ids.push(await create());
    const there = (): string => ids.map((id) => (client.contains(id) ? '#' : '-')).join('');
    assert.is(there(), '##########');
    await create();
    assert.is(there(), '--########');
    for (const id of ids.slice(2, 4)) client.release(await client.get<Uint8Array>(id));
    for (let count = 0; count < 2; count++) await create();
    assert.is(there(), '--##--####');
  }, '10MiB'));

test('DeleteTest', () =>
  withClients(async (client) => {
    const id = ObjectId.fromRandom();
    assert.is(client.delete(id), false, 'what is not there may be deleted');
    const slot = await client.create(100, { id });
    await failure(() => client.delete(id), ObjectNotSealedError, 'Invalid');
    const ref = slot.seal();
    assert.ok(client.contains(id));
    assert.is(client.delete(id), true);
    assert.not.ok(client.contains(id));
    ref.release();
    assert.is(client.delete(id), false);
  }));

test('DeleteObjectsTest: what another client uses stays readable for it', () =>
  withClients(async (client, client2) => {
    const ids = [ObjectId.fromRandom(), ObjectId.fromRandom()] as const;
    for (const id of ids) assert.is(client.delete(id), false);
    const refs = await Promise.all(ids.map((id) => client.put(DATA, { id })));
    const views = [await client2.get<Uint8Array>(ids[0], NOW), await client2.get<Uint8Array>(ids[1], NOW)];
    for (const ref of refs) assert.is(client.delete(ref), true);
    for (const id of ids) {
      assert.not.ok(client.contains(id));
      assert.is(client2.delete(id), false);
    }
    for (const view of views) {
      assert.equal([...view], [...DATA]);
      client2.release(view);
    }
    assert.is(client.list().length, 0);
  }));

test('ContainsTest', () =>
  withClients(async (client) => {
    const id = ObjectId.fromRandom();
    assert.not.ok(client.contains(id));
    const slot = await client.create(100, { id });
    assert.not.ok(client.contains(id), 'unsealed');
    const ref = slot.seal();
    await client.get(id);
    assert.ok(client.contains(id));
    ref.release();
  }));

for (const name of ['GetTest', 'LegacyGetTest']) {
  test(`${name}: in use for as long as a view is`, () =>
    withClients(async (client) => {
      const id = ObjectId.fromRandom();
      const pins = (): number => client.list()[0]?.pins ?? 0;
      await isMissing(client, id);
      const ref = await client.put(DATA, { id });
      assert.is(pins(), 0);
      const view = await client.get<Uint8Array>(id);
      assert.equal(view, DATA);
      assert.is(pins(), 1);
      const part = view.subarray(1, 3);
      assert.is(pins(), 1, 'a part is a view of the same window');
      assert.equal([...part], [5, 6]);
      client.release(view);
      assert.is(part.length, 0);
      assert.is(pins(), 0);
      ref.release();
    }));
}

test('MultipleGetTest', () =>
  withClients(async (client) => {
    const ids = [ObjectId.fromRandom(), ObjectId.fromRandom()] as const;
    const refs = [];
    for (const [index, id] of ids.entries()) {
      const slot = await client.create(4, { id });
      slot.bytes[0] = index + 1;
      refs.push(slot.seal());
    }
    const views = await client.get([...ids]);
    assert.equal(
      views.map((view) => view instanceof Uint8Array && view[0]),
      [1, 2],
    );
    for (const ref of refs) ref.release();
  }));

test('BatchCreateTest', () =>
  withClients(async (client, client2) => {
    const texts = ['hello', 'world'];
    const ids = texts.map(() => ObjectId.fromRandom());
    const refs = await Promise.all(texts.map((text, index) => client.put(text, { id: ids[index] })));
    assert.equal(await client2.get(ids), texts);
    for (const ref of refs) ref.release();
  }));

test('AbortTest', () =>
  withClients(async (client) => {
    const id = ObjectId.fromRandom();
    await isMissing(client, id);
    const slot = await client.create(4, { id });
    slot.bytes.set([0, 1]);
    await failure(() => client.create(4, { id }), ObjectExistsError, 'ObjectExists');
    slot.abort();
    assert.is(slot.bytes.length, 0);
    await isMissing(client, id);
    const ref = await client.put(DATA, { id });
    assert.equal(await client.get<Uint8Array>(id), DATA);
    ref.release();
  }));

test('OneIdCreateRepeatedlyTest', () =>
  withClients(async (client) => {
    const id = ObjectId.fromRandom();
    await isMissing(client, id);
    for (let round = 0; round < 5; round++) (await client.create(20, { id })).abort();
    for (let round = 0; round < 5; round++) {
      const ref = (await client.create(20, { id })).seal();
      ref.release();
      assert.is(client.contains(id), false, 'its last ref has gone');
    }
    for (let round = 0; round < 5; round++) {
      const ref = (await client.create(20, { id })).seal();
      assert.is(client.delete(id), true);
      ref.release();
    }
  }));

test('MultipleClientTest: one leaves, and does not interfere with the other', () =>
  withClients(async (client, client2) => {
    const id = ObjectId.fromRandom();
    assert.not.ok(client.contains(id));
    const ref = await client2.put(new Uint8Array(100), { id });
    assert.is((await client.get<Uint8Array>(id)).length, 100);
    assert.ok(client.contains(id));
    const id2 = ObjectId.fromRandom();
    const slot = await client2.create(100, { id: id2 });
    await client.close();
    const ref2 = slot.seal();
    assert.is((await client2.get<Uint8Array>(id2)).length, 100);
    assert.ok(client2.contains(id2));
    for (const held of [ref, ref2]) held.release();
  }));

test('ManyObjectTest: with a client its unsealed objects go, and what is kept for others stays', () =>
  withClients(async (client, client2) => {
    const ids = Array.from({ length: 100 }, () => ObjectId.fromRandom());
    for (const [index, id] of ids.entries()) {
      assert.not.ok(client.contains(id));
      // Ray's sealed objects stay in the store until they are evicted.
      const slot = await client.create(100, { id, evictable: index % 3 === 0 });
      if (index % 3 === 0) {
        slot.seal();
        assert.ok(client.contains(id));
      } else if (index % 3 === 1) slot.abort();
    }
    await client.close();
    // Ray's store hears of a disconnect in its own time, too, but before the next request.
    while (client2.list().some(({ state }) => state === 'created' || state === 'writing'))
      await client2.stats();
    for (const [index, id] of ids.entries()) {
      assert.is(client2.contains(id), index % 3 === 0, `${index}`);
      if (index % 3 === 0) assert.ok(client2.delete(id));
      else await isMissing(client2, id);
      (await client2.put(DATA, { id })).release();
    }
  }));

test('a ref of what is gone is an error, as is a get through it', () =>
  withClients(async (client, client2) => {
    const ref = await client.put(DATA);
    const { token } = ref;
    ref.release();
    await failure(() => client2.ref(token), ObjectNotFoundError, 'ObjectNotFound');
  }));

test.run();
