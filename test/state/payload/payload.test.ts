import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kindOf } from '../../../src/pools/kind-of.ts';
import { InvariantError, UnstorableValueError } from '../../../src/state/errors.ts';
import { PayloadReader } from '../../../src/state/payload/payload-reader.ts';
import { PayloadWriter } from '../../../src/state/payload/payload-writer.ts';
import type { StorableView } from '../../../src/state/value-format.ts';
import { anything } from '../../support/anything.ts';

const OUT_OF_BAND_BYTES = 64;

class Hosted {
  readonly name: unknown;

  constructor(name: unknown) {
    this.name = name;
  }
}

/** A writer and a reader with one list of attachments. */
function makePair() {
  let attached: StorableView[] = [];
  const writer = new PayloadWriter({
    attach: (view) => attached.push(view) - 1,
    replace: (value) => (value instanceof Hosted ? [7, value.name] : undefined),
    kindOf,
    outOfBandBytes: OUT_OF_BAND_BYTES,
  });
  const reader = new PayloadReader({
    attachment: (index) => attached[index],
    revive: (kind, standIn) => {
      assert.is(kind, 7);
      return new Hosted(standIn);
    },
  });
  /** There and back, through shared memory, at an odd place of it. */
  const travel = (...values: unknown[]): unknown[] => {
    attached = [];
    writer.begin();
    for (const value of values) writer.write(value);
    const { words: chunk, firstWord, wordCount } = writer;
    const words = chunk.slice(firstWord, firstWord + wordCount);
    const memory = new Uint8Array(new SharedArrayBuffer(words.byteLength + 13));
    memory.set(new Uint8Array(words.buffer), 13);
    reader.begin(memory, 13, writer.byteLength);
    writer.keep();
    const back: unknown[] = [];
    while (!reader.atEnd) back.push(reader.read());
    reader.end();
    return back;
  };
  return { writer, reader, travel, attached: () => attached };
}

test('each kind of value comes back as its structured clone', () => {
  const { travel } = makePair();
  const values: unknown[] = [
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    0n,
    -(10n ** 40n),
    '',
    'latin é',
    'wide 日本',
    '\ud800 alone',
    'x'.repeat(100_000),
    '日'.repeat(100_000),
    [],
    Object.assign(new Array(3), { 0: 1, 2: 3 }),
    Object.assign([1], { further: 2 }),
    Object.assign(new Array(2), { 0: 1, further: 2 }),
    {},
    Object.create(null),
    { a: { b: [{}] } },
    new Date(5),
    /pattern/dgimsuy,
    new Map<unknown, unknown>([[{}, new Set([1, 'two'])]]),
    new Error('plain', { cause: 5 }),
    Object(5),
    Object('boxed'),
  ];
  const back = travel(...values);
  assert.ok(Number.isNaN((travel(new Date(Number.NaN))[0] as Date).getTime()));
  values.forEach((value, index) => {
    assert.ok(
      isDeepStrictEqual(back[index], structuredClone(value)),
      `value ${index}: ${String(back[index])}`,
    );
  });
});

test('what only looks like an object literal travels as what it is', () => {
  const { travel } = makePair();
  const disguised = (value: object): object =>
    Object.assign(Object.setPrototypeOf(value, Object.prototype), { own: 1 });
  const [map, set, date, pattern] = travel(
    disguised(new Map([[1, 2]])),
    disguised(new Set([3])),
    disguised(new Date(5)),
    disguised(/x/g),
  );
  assert.equal(map, new Map([[1, 2]]));
  assert.equal(set, new Set([3]));
  assert.equal(date, new Date(5));
  assert.equal(pattern, /x/g);
  for (const value of [new Proxy({ a: 1 }, {}), new Proxy([1], {}), disguised(Promise.resolve())]) {
    assert.throws(
      () => travel(value),
      (error: unknown) => error instanceof UnstorableValueError,
    );
    assert.throws(
      () => travel({ inside: value }),
      (error: unknown) => error instanceof UnstorableValueError,
    );
  }
});

test('what all objects inherit takes no key away', () => {
  const { travel } = makePair();
  const value = JSON.parse('{ "evil": 1, "other": 2, "__proto__": 3, "toString": 4 }');
  let called = 0;
  Object.defineProperty(Object.prototype, 'evil', { set: () => called++, configurable: true });
  try {
    const [back] = travel(value);
    assert.equal(Object.entries(back as object), Object.entries(value));
    assert.is(called, 0);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'evil');
  }
});

test('views come back as they were, on memory of their own; big ones are attached', () => {
  const { travel, attached } = makePair();
  const small = new Uint16Array([1, 2, 3]);
  const [copy, part, buffer, data, node, big] = travel(
    small,
    small.subarray(1, 2),
    new Uint8Array([9, 8]).buffer,
    new DataView(new ArrayBuffer(3)),
    Buffer.from('node'),
    { deep: [new Float64Array(8)] },
  );
  assert.equal(copy, small);
  assert.is.not((copy as Uint16Array).buffer, small.buffer);
  assert.equal(part, new Uint16Array([2]));
  assert.is((part as Uint16Array).buffer.byteLength, 2, 'no more than its own bytes');
  assert.equal(new Uint8Array(buffer as ArrayBuffer), new Uint8Array([9, 8]));
  assert.is((data as DataView).byteLength, 3);
  assert.ok(Buffer.isBuffer(node));
  assert.is(attached().length, 1);
  assert.is((big as { deep: unknown[] }).deep[0], attached()[0]);
});

test('one object stays one, and may contain itself', () => {
  const { travel, attached } = makePair();
  const shared = { name: 'shared' };
  const array = new Float64Array(100);
  const circle: { self?: unknown; map: Map<string, unknown> } = { map: new Map() };
  circle.self = circle;
  circle.map.set('circle', circle);
  const [pair, ring, first, second] = travel([shared, shared], circle, array, array) as [
    readonly unknown[],
    typeof circle,
    unknown,
    unknown,
  ];
  assert.is(pair[0], pair[1]);
  assert.is(ring.self, ring);
  assert.is(ring.map.get('circle'), ring);
  assert.is(first, second);
  assert.is(attached().length, 1, 'attached once');
});

test('a key __proto__ is a key', () => {
  const { travel } = makePair();
  const [back] = travel(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')) as [Record<string, unknown>];
  assert.is(Object.getPrototypeOf(back), Object.prototype);
  assert.equal(Object.keys(back), ['__proto__', 'a']);
});

test('the host stands in for its own objects, at any depth', () => {
  const { travel } = makePair();
  const [back] = travel({ list: [new Hosted({ inner: new Hosted('x') })] }) as [{ list: Hosted[] }];
  const outer = back.list[0]!;
  assert.instance(outer, Hosted);
  assert.instance((outer.name as { inner: unknown }).inner, Hosted);
});

test('what cannot be sent is refused, and the writer goes on', () => {
  const { travel } = makePair();
  const refused: unknown[] = [
    () => 1,
    Symbol('s'),
    { inner: [() => 1] },
    new WeakMap(),
    Promise.resolve(),
    new SharedArrayBuffer(8),
  ];
  for (const value of refused) {
    assert.throws(
      () => travel(value),
      (error: unknown) => error instanceof UnstorableValueError,
    );
    assert.equal(travel([1]), [[1]]);
  }
});

test('depth is no crash', () => {
  const { travel } = makePair();
  let deep: unknown = 0;
  for (let level = 0; level < 2_000; level++) deep = [deep];
  let [back] = travel(deep);
  for (let level = 0; level < 2_000; level++) back = (back as unknown[])[0];
  assert.is(back, 0);
  for (let level = 0; level < 100_000; level++) deep = { deep };
  assert.throws(
    () => travel(deep),
    (error: unknown) => error instanceof UnstorableValueError,
  );
});

test('property: whatever structured clones can copy', () => {
  const { travel } = makePair();
  const seed = Math.floor(Math.random() * 2 ** 31);
  fc.assert(
    fc.property(fc.array(anything), fc.boolean(), (values, twice) => {
      const sent = twice ? [...values, values, ...values] : values;
      const back = travel(...sent);
      const expected = structuredClone(sent);
      return isDeepStrictEqual(plain(back), plain(expected));
    }),
    { seed, numRuns: 1_000 },
  );
  console.log(`    seed ${seed}`);
});

test('property: garbage is an error, or some value; never a hang or a look elsewhere', () => {
  const { reader } = makePair();
  const seed = Math.floor(Math.random() * 2 ** 31);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const bytes = new Uint8Array(garbage);
      reader.begin(bytes, 0, bytes.byteLength);
      try {
        while (!reader.atEnd) reader.read();
      } catch (error) {
        // What the engine serialised has errors of its own.
        return error instanceof InvariantError || error instanceof Error;
      }
      return true;
    }),
    { seed, numRuns: 5_000 },
  );
  console.log(`    seed ${seed}`);
});

/** A clone of a null-prototype object has a prototype, whoever cloned it: compared as entries. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}

test.run();
