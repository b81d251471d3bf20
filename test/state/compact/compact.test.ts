import { inspect, isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kindOf } from '../../../src/pools/kind-of.ts';
import { CompactReader } from '../../../src/state/compact/compact-reader.ts';
import { CompactWriter } from '../../../src/state/compact/compact-writer.ts';
import { anything } from '../../support/anything.ts';

const writer = new CompactWriter(kindOf);
const reader = new CompactReader();

/** The bytes of a value in a buffer of their own; undefined for what is left to the engine. */
function encode(value: unknown): ArrayBuffer | undefined {
  const bytes = writer.encode(value);
  return bytes && new Uint8Array(bytes).buffer;
}

function travel(value: unknown): unknown {
  const bytes = encode(value);
  assert.ok(bytes, `left to the engine: ${inspect(value)}`);
  return reader.decode(bytes);
}

/** An array with a hole at 1. */
const holey = (): number[] => Object.assign(new Array(3), { 0: 1, 2: 3 });

function argumentsOf(..._values: readonly number[]): object {
  // biome-ignore lint/complexity/noArguments: the one object that looks plain and is refused by structured clones
  return arguments;
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

test('plain values come back as their structured clones', () => {
  const values: unknown[] = [
    undefined,
    null,
    true,
    false,
    ...[0, -0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1.5, 2 ** 53],
    ...[Number.NaN, Number.NEGATIVE_INFINITY, Number.MIN_VALUE],
    ...[0n, -(2n ** 63n), 2n ** 63n - 1n],
    ...['', 'plain', 'latin é', 'latin é'.repeat(20), 'wide 日本', '日本'.repeat(100)],
    ...['\ud800 alone', `${'x'.repeat(40)}\udc00`, 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(1_024)],
    [],
    [undefined, null],
    {},
    [{}, [{}]],
    { 1: 'index', a: undefined, 日本: 1, '': 2 },
    { toString: 1, constructor: { valueOf: 2 }, after: 3 },
    JSON.parse('[{"a": 1, "__proto__": [{"a": 2, "__proto__": 3}], "b": 4}, {"__proto__": null}]'),
    Object.assign(Object.create(null), { a: 1 }),
    [{ a: 1 }, { a: 2 }, { b: 1 }, { a: 'x', b: 2 }, { a: 'y' }],
    new Date(5),
    new Map<unknown, unknown>([[{}, new Set([1, 'two'])]]),
    Array.from({ length: 200 }, (_, index) => ({ index, [`key${index % 20}`]: 'text' })),
    nested(400),
  ];
  for (const value of values) {
    assert.ok(isDeepStrictEqual(travel(value), structuredClone(value)), inspect(value));
  }
});

test('a key is defined, whatever all objects of the reading thread inherit under it', () => {
  const list = [{ other: 1 }, { swallowed: 1, after: { other: 2 } }, { swallowed: 2, after: { other: 3 } }];
  const many = Array.from({ length: 100 }, (_, index) => [`long key ${index}`, { constant: index }]);
  const values: unknown[] = [
    list,
    { first: list, constant: 3, swallowed: undefined, unreadable: 4, last: list },
    Object.fromEntries(many),
  ];
  const writtenBefore = values.map((value) => encode(value)!);
  const calls: unknown[] = [];
  const set = (value: unknown) => calls.push(value);
  Object.defineProperties(Object.prototype, {
    swallowed: { get: () => 'inherited', set, configurable: true },
    unreadable: { set, configurable: true },
    constant: { value: 'inherited', configurable: true },
    get: { value: 'no function', configurable: true },
  });
  try {
    const other = new CompactReader();
    values.forEach((value, index) => {
      for (const back of [other.decode(writtenBefore[index]!), travel(value), travel(value)]) {
        assert.is(calls.length, 0);
        assert.is(inspect(back, { depth: 5 }), inspect(value, { depth: 5 }));
      }
    });
  } finally {
    for (const key of ['swallowed', 'unreadable', 'constant', 'get'])
      Reflect.deleteProperty(Object.prototype, key);
  }
});

test('a date that is none stays so', () => {
  assert.ok(Number.isNaN((travel(new Date(Number.NaN)) as Date).getTime()));
});

test('what a structured clone sees with other eyes is left to the engine', () => {
  class Point {
    readonly x = 1;
  }
  const values: unknown[] = [
    new Point(),
    { deep: [new Point()] },
    holey(),
    new Array(5),
    Object.assign([1], { further: 2 }),
    Object.assign(holey(), { further: 2 }),
    2n ** 63n,
    'x'.repeat(10_000),
    ...[/x/, new Error('x'), Object(5), Object('x'), Object(5n)],
    new Uint8Array(2),
    { view: Buffer.from('x') },
    ...[() => 1, { inner: () => 1 }, Symbol('s'), new WeakMap(), Promise.resolve()],
    new Proxy({ a: 1 }, {}),
    [new Proxy([], {})],
    argumentsOf(1, 2),
    runInNewContext('({ a: 1 })'),
    nested(10_000),
    {
      get thrown() {
        throw new Error('by a getter');
      },
    },
  ];
  values.forEach((value, index) => {
    assert.is(encode(value), undefined, `value ${index}`);
  });
});

test('an object is what it is, whatever its prototype says and whichever keys it has', () => {
  function* generate(): Generator<number> {
    yield 1;
  }
  const makers: (() => object)[] = [
    () => new Map([[1, 2]]),
    () => new Set([1]),
    () => new Date(5),
    () => [1, 2],
    ...[() => new ArrayBuffer(2), () => new SharedArrayBuffer(2), () => new DataView(new ArrayBuffer(2))],
    ...[
      () => new Uint8Array(2),
      () => new Error('x'),
      () => /x/,
      () => argumentsOf(1, 2),
      () => Promise.resolve(),
    ],
    ...[
      () => new WeakMap(),
      () => new WeakSet(),
      () => new WeakRef({}),
      () => new FinalizationRegistry(() => {}),
    ],
    ...[() => Object(5), () => Object('x'), () => Object(true), () => Object(5n), () => Object(Symbol('x'))],
    ...[generate, () => [].values(), () => new Map().entries(), () => new Set().values()],
    ...[() => new Intl.NumberFormat(), () => new Proxy({}, {}), () => new Proxy([], {})],
    ...[() => new MessageChannel().port1, () => new URLSearchParams('a=1'), () => new Blob([])],
  ];
  const own = { value: 1, enumerable: true };
  let taken = 0;
  for (const make of makers) {
    for (const prototype of [Object.prototype, null]) {
      for (const keys of [{}, { own }, { own, [Symbol.toStringTag]: { value: 'Object' } }]) {
        const value: unknown = Object.defineProperties(Object.setPrototypeOf(make(), prototype), keys);
        const bytes = encode([{}, { value }]);
        if (bytes === undefined) continue;
        taken++;
        const back = reader.decode(bytes);
        assert.ok(isDeepStrictEqual(back, deserialize(serialize([{}, { value }]))), inspect(make()));
      }
    }
  }
  assert.ok(taken >= 18, 'maps, sets and dates at least');
});

test('of what is empty there may be many', () => {
  for (const count of [1, 2, 127, 128, 129, 16_383]) {
    const empty = Array.from({ length: count }, () => ({}));
    assert.equal(travel(empty), empty);
  }
});

test('getters are read, and what they change meanwhile is seen', () => {
  assert.equal(
    travel({
      get twice() {
        return 2;
      },
    }),
    { twice: 2 },
  );
  const shrinking = {
    get first() {
      return Reflect.deleteProperty(this, 'second');
    },
    second: 1 as number | undefined,
  };
  assert.is(encode(shrinking), undefined);
  const growing: unknown[] = [
    {
      get first() {
        return growing.push(1);
      },
    },
  ];
  assert.is(encode(growing), undefined);
  const map = new Map<unknown, unknown>();
  map.set(1, {
    get first() {
      map.set(2, 2);
      return 1;
    },
  });
  assert.equal(travel(map), new Map([[1, { first: 1 }]]));
});

test('a value may be encoded while another is', () => {
  const outer = {
    get inner() {
      return encode({ other: 1 }) === undefined;
    },
    after: 'text',
  };
  assert.equal(travel(outer), { inner: true, after: 'text' });
});

test("entries are the engine's, whatever a subclass says", () => {
  class Counted extends Map<unknown, unknown> {
    override get size(): number {
      return 7;
    }
    override forEach(): void {}
  }
  assert.equal(travel(new Counted([[1, 2]])), new Map([[1, 2]]));
});

test('one object stays one, and may contain itself; few and many of them', () => {
  for (const count of [1, 7, 8, 9, 100]) {
    const shared = Array.from({ length: count }, (_, index) => ({ index }));
    const circle: unknown[] = [shared, ...shared, ...shared];
    circle.push(circle);
    const back = travel(circle) as [{ index: number }[], ...unknown[]];
    assert.is(back.length, 2 + 2 * count);
    assert.is(back[1 + 2 * count], back);
    for (let index = 0; index < count; index++) {
      assert.is(back[1 + index], back[0][index]);
      assert.is(back[1 + count + index], back[0][index]);
      assert.is(back[0][index]!.index, index);
    }
  }
});

test('large values are left to the engine, but for lists of objects that look alike', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  assert.equal(travel(numbers(256)), numbers(256));
  assert.is(encode(numbers(257)), undefined);
  assert.is(encode(new Set(numbers(257))), undefined);
  assert.is(encode(new Map(numbers(257).map((index) => [index, index]))), undefined);
  assert.is(encode({ ...numbers(257) }), undefined);
  const texts = Array.from({ length: 200 }, (_, index) => `${index}`.repeat(100));
  assert.is(encode(texts), undefined);
  const tokens = (count: number) => numbers(count).map((slot) => ({ store: 'a name of a store', slot }));
  assert.equal(travel(tokens(10_000)), tokens(10_000));
  assert.is(encode(tokens(20_000)), undefined);
  assert.equal(travel([1]), [1]);
  assert.ok(writer.encode([1])!.buffer.byteLength <= 16_384, 'memory for large values does not stay');
});

test('texts that come again are the same, however many there are in between', () => {
  const words = [
    'a word of some length',
    'another word',
    'ein längeres Wort',
    '日本語の長い言葉です',
    'one more word',
    'short',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (list) => {
      const value = list.map((word, index) => (index % 3 === 0 ? word : { [word]: word }));
      assert.equal(travel(value), value);
    }),
  );
});

test('keys of every number and length, again and again', () => {
  for (const length of [1, 10, 40, 100, 300]) {
    for (const count of [1, 3, 20]) {
      const make = (word: string) => {
        const keys = Array.from({ length: count }, (_, index) => `${word.repeat(length)}${index}`);
        return Object.fromEntries(keys.map((key, index) => [key, index]));
      };
      for (const word of ['a', 'b', 'é', '日', 'a']) {
        assert.equal(travel([make(word), make(word)]), [make(word), make(word)]);
      }
    }
  }
  assert.is(encode({ ['x'.repeat(2_000)]: 1 }), undefined);
});

test("property: what is taken comes back as its structured clone, by its own way and by the engine's", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  let taken = 0;
  fc.assert(
    fc.property(anything, fc.boolean(), (value, twice) => {
      const sent = twice ? { value, again: [value] } : value;
      const bytes = encode(sent);
      if (bytes === undefined) return true;
      taken++;
      return isDeepStrictEqual(reader.decode(bytes), deserialize(serialize(sent)));
    }),
    { seed, numRuns: 3_000 },
  );
  assert.ok(taken > 500, `${taken} taken`);
  console.log(`    seed ${seed}`);
});

test('property: garbage is an error, or some value; never a hang', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      try {
        reader.decode(new Uint8Array(garbage).buffer);
      } catch (error) {
        return error instanceof Error;
      }
      return true;
    }),
    { seed, numRuns: 5_000 },
  );
  assert.equal(travel({ after: 1 }), { after: 1 });
  console.log(`    seed ${seed}`);
});

test.run();
