/** Values that are no views: what is put is got as its structured clone, in whichever form it is stored. */
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Storable, Store, UnstorableValueError } from '../../src/index.ts';
import { anything } from '../support/anything.ts';

const store = await Store.create({ memory: '64MiB' });
test.after(() => store.close());

function throughStore(value: unknown): unknown {
  const ref = store.putSync(value as Storable);
  const back = store.getSync(ref);
  ref.release();
  return back;
}

test('property: anything comes back as its structured clone', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  fc.assert(
    fc.property(anything, fc.boolean(), (value, twice) => {
      const sent = twice ? { value, again: value, at: new Error('x') } : { value };
      return isDeepStrictEqual(throughStore(sent), deserialize(serialize(sent)));
    }),
    { seed, numRuns: 2_000 },
  );
  console.log(`    seed ${seed}`);
});

test('the kinds that the compact form does not take', () => {
  let deep: unknown = 'end';
  for (let level = 0; level < 1_000; level++) deep = [deep];
  const shared = { shared: true };
  const values: Storable[] = [
    { error: new TypeError('x', { cause: 1 }), regular: /x/g },
    [new Float64Array([1, 2]), Buffer.from('bytes')],
    2n ** 100n,
    'x'.repeat(1_000_000),
    Object.assign(new Array(10), { 3: 1, further: 2 }),
    { deep },
    [shared, shared, new RangeError('x')],
    JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}'),
  ];
  for (const value of values)
    assert.ok(isDeepStrictEqual(throughStore(value), deserialize(serialize(value))));
  const [first, second] = throughStore([shared, shared, /x/]) as [unknown, unknown];
  assert.is(first, second);
});

test('what cannot be stored says so as ever', () => {
  const refused: [object, RegExp][] = [
    [{ inner: () => 1 }, /^the value cannot be stored: \(\) => 1 could not be cloned/],
    [new Proxy({ a: 1 }, {}), /^the value cannot be stored: #<Object> could not be cloned/],
    [{ ref: store.putSync(1) }, /^a ref, slot or channel cannot be stored/],
  ];
  for (const [value, message] of refused) {
    assert.throws(
      () => store.putSync(value),
      (error: unknown) => {
        assert.instance(error, UnstorableValueError);
        assert.match((error as Error).message, message);
        return true;
      },
    );
  }
});

test('puts that wait for memory keep their own bytes', async () => {
  const small = await Store.create({ memory: '2MiB' });
  try {
    const values = Array.from({ length: 300 }, (_, index) => ({ index, text: `value ${index}` }));
    const refs = await Promise.all(values.map((value) => small.put(value)));
    assert.equal(await small.get(refs), values);
  } finally {
    await small.close();
  }
});

test('a store in debug mode, whose values have windows, gives the same', async () => {
  const checked = await Store.create({ memory: '16MiB', debug: true });
  try {
    const values = [
      0,
      'text',
      { a: [1, { b: 2 }] },
      Array.from({ length: 1_000 }, (_, index) => ({ index })),
    ];
    for (const value of values) {
      const ref = checked.putSync<Storable>(value);
      assert.equal(checked.getSync(ref), value);
      assert.not(checked.list().some(({ damaged }) => damaged));
      ref.release();
    }
  } finally {
    await checked.close();
  }
});

test('a small value is read without a window; it goes with its last ref', async () => {
  const ref = store.putSync({ small: true });
  for (let count = 0; count < 100; count++) store.getSync(ref);
  assert.is(store.list().find(({ id }) => id.equals(ref.id))?.pins, 0);
  ref.release();
  await store.verify();
});

test('a getter may put another value', () => {
  const outer = {
    get inner() {
      return throughStore({ other: [1, 2, 3] });
    },
    after: 'text',
  };
  assert.equal(throughStore(outer), { inner: { other: [1, 2, 3] }, after: 'text' });
});

test.run();
