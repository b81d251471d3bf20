import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ForeignRefError,
  InterruptedError,
  InvalidArgumentError,
  NotAWindowError,
  ObjectAbortedError,
  ObjectAlreadySealedError,
  ObjectExistsError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  ObjectRef,
  OutOfResourceError,
  PlasmoidError,
  RefReleasedError,
  Store,
  StoreClosedError,
  SystemError,
  TimedOutError,
  UnstorableValueError,
} from '../../src/index.ts';
import { collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';
import { call, invalid } from '../support/untyped-call.ts';

const MEMORY = 2 ** 20;

/** A store of its own for a test; whatever the test did, nothing may be left in it. */
async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  await run(store);
  const stats = await store.stats();
  assert.is(stats.objectCount - stats.deletingCount, 0, 'objects are left');
  assert.is(stats.waitingCreates, 0);
  await store.verify();
  await store.close();
}

test('a spill directory that is none is an error of the system, with its path', async () => {
  for (const spillDirectory of ['/etc/passwd', '/nowhere/at/all']) {
    const error = await failure(
      () => Store.create({ memory: MEMORY, spillDirectory }),
      SystemError,
      'IOError',
    );
    assert.match(error.message, spillDirectory);
    assert.is(error.values.path, spillDirectory);
  }
});

test('what nobody can ever create is not waited for', () =>
  withStore(async (store) => {
    for (const id of [ObjectId.nil, ObjectId.fromHex('no hexadecimal number')]) {
      await invalid(() => store.get(id), 'ref');
      await invalid(() => store.getSync([id]), 'ref');
      await invalid(() => store.wait([id]), 'ref');
      await invalid(() => store.use(id, () => {}), 'ref');
    }
    await invalid(() => call(store, 'get', structuredClone(ObjectId.fromRandom())), 'ref');
  }));

test('errors of calls that have waited name the caller, not who read the answer', () =>
  withStore(async (store) => {
    const kept = await store.put(new Uint8Array(MEMORY * 0.75));
    async function loadImages(timeout?: number): Promise<void> {
      await store.put(new Uint8Array(MEMORY / 2), { timeout });
    }
    function healthCheck(): void {
      store.statsSync();
    }
    const calls = [loadImages(), loadImages(20)];
    for (const one of calls) one.catch(() => {});
    for (const untilMs = performance.now() + 200; performance.now() < untilMs; ) healthCheck();
    for (const one of calls) {
      const error: unknown = await one.then(
        () => undefined,
        (reason) => reason,
      );
      assert.instance(error, PlasmoidError);
      const stack = error instanceof Error ? `${error.stack}` : '';
      assert.match(stack, 'loadImages');
      assert.not.match(stack, 'healthCheck');
    }
    kept.release();
  }));

test('options of Store.create are checked by name', async () => {
  const sizes = [-1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 50];
  for (const memory of [...sizes, '12 parsecs', '', {}, null, true]) {
    await invalid(() => call(Store, 'create', { memory }), 'memory');
  }
  for (const maxObjects of [0, -1, 1.5, 2 ** 30, '5']) {
    await invalid(() => call(Store, 'create', { memory: MEMORY, maxObjects }), 'maxObjects');
  }
  await invalid(() => call(Store, 'create', { memory: MEMORY, spillLimit: -1 }), 'spillLimit');
  await invalid(() => call(Store, 'create', { memory: MEMORY, spillDirectory: 7 }), 'spillDirectory');
  if (process.platform === 'linux')
    await invalid(() => call(Store, 'create', { memory: MEMORY, spillDirectory: '/proc' }), 'spillDirectory');
  await invalid(() => call(Store, 'create', { memory: MEMORY, hugePages: 'yes' }), 'hugePages');
  await invalid(() => call(Store, 'create', { memory: MEMORY, populateAhead: 0.5 }), 'populateAhead');
  await invalid(() => call(Store, 'create', 'lots'), 'options');
  const misspelt = (): unknown => call(Store, 'create', { memroy: 5 });
  const error = await failure(misspelt, InvalidArgumentError, 'InvalidArgument');
  assert.is(error.values.suggestion, 'memory');
});

test('what is no handle cannot be connected to', async () => {
  const blank = { control: new SharedArrayBuffer(8), arena: 1, memoryBytes: 1 };
  for (const handle of [undefined, null, 5, {}, blank, { ...blank, memoryBytes: Number.NaN }]) {
    await invalid(() => call(Store, 'connect', handle), 'handle');
    await invalid(() => call(Store, 'connectSync', handle), 'handle');
  }
});

test('a handle of two stores is refused, and takes no place in either', async () => {
  const [one, other] = [await Store.create({ memory: MEMORY }), await Store.create({ memory: MEMORY })];
  const extra = [await Store.connect(other.handle), await Store.connect(other.handle)];
  await extra[0]?.close();
  for (let attempt = 0; attempt < 300; attempt++) {
    const mixed = { ...one.handle, arena: other.handle.arena };
    const error = await Store.connect(mixed).catch((reason: unknown) => reason);
    assert.ok(error instanceof InvalidArgumentError || error instanceof OutOfResourceError, String(error));
  }
  await failure(() => Store.connect({ ...one.handle, arena: 2 ** 31 }), StoreClosedError, 'Disconnected');
  assert.is((await one.stats()).clientCount, 1);
  assert.is((await other.stats()).clientCount, 2);
  for (const store of [one, other]) await store.verify();
  for (const store of [...extra, one, other]) await store.close();
});

test('256 clients are the most; a place is free again when one has left', () =>
  withStore(async (store) => {
    const clients: Store[] = [];
    const connect = (): void => void clients.push(Store.connectSync(store.handle));
    const connectAll = (): void => {
      for (;;) connect();
    };
    await failure(connectAll, OutOfResourceError, 'OutOfResource');
    assert.is(clients.length, 255);
    // The actor frees the place in a turn of its own, for which the next one waits.
    for (let round = 0; round < 20; round++) {
      void clients.pop()?.close();
      connect();
    }
    await failure(connect, OutOfResourceError, 'OutOfResource');
    for (const client of clients) await client.close();
    assert.is((await store.stats()).clientCount, 1);
  }));

test('sizes and options of create are checked', () =>
  withStore(async (store) => {
    for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '8', undefined, 8n]) {
      await invalid(() => call(store, 'create', size), 'byteLength');
      await invalid(() => call(store, 'createSync', size), 'byteLength');
    }
    await invalid(() => store.create(7, { as: 'Float64Array' }), 'byteLength');
    await invalid(() => call(store, 'create', 8, { as: 'Float63Array' }), 'as');
    await invalid(() => call(store, 'create', 8, { as: 'serialized' }), 'as');
    await invalid(() => call(store, 'create', 8, { id: 'x' }), 'id');
    await invalid(() => call(store, 'create', 8, { id: ObjectId.nil }), 'id');
    await invalid(() => call(store, 'create', 8, { timeout: -1 }), 'timeout');
    await invalid(() => call(store, 'create', 8, { signal: {} }), 'signal');
    await invalid(() => call(store, 'create', 8, { timeuot: 1 }), 'timeuot');
  }));

test('values that cannot be stored are refused', () =>
  withStore(async (store) => {
    const inner = [{ deep: [() => 1] }, new WeakMap(), Promise.resolve(1), new SharedArrayBuffer(8)];
    const unstorable = [() => 1, class {}, Symbol('s'), ...inner];
    for (const value of unstorable) {
      await failure(() => call(store, 'put', value), UnstorableValueError, 'TypeError');
      await failure(() => call(store, 'putSync', value), UnstorableValueError, 'TypeError');
    }
    const buffer = new ArrayBuffer(8);
    const gone = [buffer, new Uint8Array(buffer), new DataView(buffer), Buffer.from(buffer)];
    structuredClone(buffer, { transfer: [buffer] });
    for (const value of gone) {
      await invalid(() => store.put(value), 'value');
      await invalid(() => store.putSync(value), 'value');
      await failure(() => store.release(value), NotAWindowError, 'InvalidArgument');
    }
  }));

test('a value that changes its size, or lies about it, is stored as it is or not at all', () =>
  withStore(async (store) => {
    // Both wait for memory, so what follows each call comes before the copy.
    const filling = store.putSync(new Uint8Array(MEMORY));
    const size = 100_000;
    const transferred = new Uint8Array(size).fill(1);
    const late = store.put(transferred);
    structuredClone(transferred, { transfer: [transferred.buffer] });

    const resizable: ArrayBuffer = Reflect.construct(ArrayBuffer, [1000, { maxByteLength: size }]);
    const growing = new Uint8Array(resizable);
    const grown = store.put(growing);
    Reflect.apply(Reflect.get(resizable, 'resize'), resizable, [size]);
    growing.fill(2);
    filling.release();
    await invalid(() => late, 'value');

    class Small extends Uint8Array {
      override get byteLength(): number {
        return 8;
      }
    }
    const refs = [
      await grown,
      await store.put(new Small(size).fill(2)),
      store.putSync(new Small(size).fill(2)),
    ];
    const others = await Promise.all(Array.from({ length: 50 }, () => store.put(new Uint8Array(size / 500))));
    await store.verify();
    for (const ref of refs) {
      const view = await ref.get();
      assert.is(view.length, size);
      assert.ok(view.every((byte) => byte === 2));
    }
    for (const ref of others) assert.ok((await ref.get()).every((byte) => byte === 0));
    for (const ref of [...refs, ...others]) ref.release();
  }));

test('arguments of a wrong type are refused by every method', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(8));
    for (const rubbish of [null, 5, 'x', Symbol('s'), () => 1, [], new Uint8Array(8)]) {
      for (const method of ['put', 'putSync', 'create', 'createSync', 'get', 'getSync']) {
        const first = method.startsWith('get') ? ref : 8;
        await invalid(() => call(store, method, first, rubbish), 'options');
      }
      for (const method of ['get', 'getSync', 'ref', 'contains', 'delete']) {
        const isList = Array.isArray(rubbish) && method.startsWith('get');
        await invalid(() => call(store, method, isList ? [rubbish] : rubbish), 'ref');
      }
      for (const method of ['wait', 'waitSync']) {
        if (!Array.isArray(rubbish)) await invalid(() => call(store, method, rubbish), 'refs');
        await invalid(() => call(store, method, [ref], { count: rubbish }), 'count');
        await invalid(() => call(store, method, [rubbish]), 'ref');
      }
      await invalid(() => call(store, 'use', rubbish, () => 1), 'ref');
      await failure(() => call(store, 'release', rubbish), NotAWindowError, 'InvalidArgument');
    }
    for (const rubbish of [undefined, null, 5, {}])
      await invalid(() => call(store, 'use', ref, rubbish), 'callback');
    ref.release();
  }));

test('a call that is aborted before it begins does nothing; a wait of no time ends', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(100));
    const before = await store.stats();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const id = ObjectId.fromRandom();
    for (const size of [0, 100, 5_000, MEMORY]) {
      for (const method of ['put', 'putSync', 'create', 'createSync']) {
        const value = method.startsWith('put') ? new Uint8Array(size) : size;
        const run = (): unknown => call(store, method, value, { signal, id, timeout: 0 });
        assert.is((await failure(run, InterruptedError, 'Interrupted')).cause, reason);
      }
    }
    await failure(() => ref.get({ signal }), InterruptedError, 'Interrupted');
    assert.equal(await store.stats(), before);
    // The allocator may be awake, and quicker than no time at all.
    for (const method of ['put', 'putSync']) {
      const run = async (): Promise<unknown> => call(store, method, new Uint8Array(50_000), { timeout: 0 });
      const outcome = await run().catch((error: unknown) => error);
      if (outcome instanceof ObjectRef) outcome.release();
      else assert.ok(outcome instanceof TimedOutError && outcome.code === 'TimedOut');
    }
    ref.release();
  }));

test('refs, tokens and ids that name nothing here are refused', () =>
  withStore(async (store) => {
    const other = await Store.create({ memory: MEMORY, spillLimit: 0 });
    const foreign = await other.put(new Uint8Array(8));
    for (const method of ['get', 'getSync', 'contains', 'delete']) {
      await failure(() => call(store, method, foreign), ForeignRefError, 'Invalid');
    }
    await failure(() => store.ref(foreign.token), ForeignRefError, 'Invalid');
    await failure(() => store.ref(foreign.id), ObjectNotFoundError, 'ObjectNotFound');
    await other.close();

    for (const rubbish of [undefined, {}, { store: store.name, slot: -1, generation: 0 }]) {
      for (const method of ['ref', 'contains', 'delete', 'get', 'getSync'])
        await invalid(() => call(store, method, rubbish), 'ref');
    }
    for (const slot of [0, 5, 2 ** 20 - 1, 2 ** 20, 2 ** 32 - 1]) {
      const token = { store: store.name, slot, generation: 77 };
      await failure(() => store.ref(token), ObjectNotFoundError, 'ObjectNotFound');
      assert.not.ok(store.contains(token));
      assert.not.ok(store.delete(token));
    }
    const id = ObjectId.fromRandom();
    await failure(() => store.ref(id), ObjectNotFoundError, 'ObjectNotFound');
    assert.not.ok(store.contains(id));
    assert.not.ok(store.delete(id));
  }));

test('a released ref is of no more use, and a stale token names nothing', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(8));
    const { token } = ref;
    ref.release();
    ref.release();
    assert.ok(ref.released);
    for (const method of ['get', 'getSync', 'contains', 'delete']) {
      await failure(() => call(store, method, ref), RefReleasedError, 'Invalid');
    }
    await failure(() => ref.token, RefReleasedError, 'Invalid');
    const next = await store.put(new Uint8Array(8));
    assert.is(next.token.slot, token.slot, 'the slot is used again');
    await failure(() => store.ref(token), ObjectNotFoundError, 'ObjectNotFound');
    assert.not.ok(store.contains(token));
    assert.not.ok(store.delete(token));
    next.release();
  }));

test('a slot is sealed or aborted once', () =>
  withStore(async (store) => {
    const sealed = await store.create(8);
    const ref = sealed.seal();
    await failure(() => sealed.seal(), ObjectAlreadySealedError, 'ObjectAlreadySealed');
    await failure(() => sealed.abort(), ObjectAlreadySealedError, 'ObjectAlreadySealed');
    await failure(() => sealed.view, ObjectAlreadySealedError, 'ObjectAlreadySealed');
    ref.release();
    const aborted = await store.create(8);
    aborted.abort();
    await failure(() => aborted.seal(), ObjectAbortedError, 'Invalid');
    await failure(() => aborted.abort(), ObjectAbortedError, 'Invalid');
  }));

test('an id names one object at a time, readable once it is sealed', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    const slot = await store.create(8, { id });
    await failure(() => store.put(new Uint8Array(8), { id }), ObjectExistsError, 'ObjectExists');
    await failure(() => store.create(8, { id }), ObjectExistsError, 'ObjectExists');
    assert.not.ok(store.contains(id));
    const early = store.ref<Uint8Array>(id);
    await failure(() => store.getSync(early), ObjectNotSealedError, 'Invalid');
    await failure(() => store.get(early, { timeout: 0 }), TimedOutError, 'TimedOut');
    await failure(() => store.delete(id), ObjectNotSealedError, 'Invalid');
    const ref = slot.seal();
    assert.ok(store.contains(id) && ref.id.equals(id));
    assert.is((await store.get(early)).length, 8);
    assert.ok(store.delete(id));
    const again = await store.put(Float64Array.of(1), { id });
    assert.equal([...(await again.get())], [1], 'a deleted object frees its id, whatever still views it');
    for (const one of [early, ref, again]) one.release();
  }));

test('an automatic id cannot be given to another object', () =>
  withStore(async (store) => {
    const { id } = await store.put(new Uint8Array(8));
    const run = [() => store.put(1, { id }), () => store.putSync(1, { id }), () => store.create(8, { id })];
    for (const one of run) await invalid(one, 'id');
    assert.ok(store.delete(id));
    for (const one of run) await invalid(one, 'id');
  }));

test('a forgotten slot frees its id, though somebody else has a ref to it', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    const early = await (async () => {
      await store.create(8, { id });
      return store.ref(id);
    })();
    await collectUntil(store, (stats) => stats.objectCount === 0);
    await failure(() => early.get(), ObjectNotFoundError, 'ObjectNotFound');
    for (const ref of [early, await store.put(new Uint8Array(8), { id })]) ref.release();
  }));

test.run();
