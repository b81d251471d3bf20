import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InvalidArgumentError,
  InvariantError,
  type PlasmoidError,
  UnstorableValueError,
} from '../../src/state/errors.ts';
import {
  bytesOf,
  decodeFormat,
  elementBytes,
  FORMAT,
  formatOf,
  isStorableView,
  isViewFormat,
  type StorableView,
  viewOf,
} from '../../src/state/value-format.ts';

/** In the order of their codes. */
const TYPED_ARRAYS = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;
const VIEW_FORMATS = Object.values(FORMAT).filter(isViewFormat);

/** Whether an error is of this class, with this value in its values. */
function errorWith(Class: new (message: string) => PlasmoidError, name: string, value: unknown) {
  return (error: unknown) => error instanceof Class && error.values[name] === value;
}

/** Bytes written to a value, read back as a store does: copied into a buffer of their own, then viewed. */
function roundTrip(value: StorableView): StorableView {
  return viewOf(formatOf(value), new Uint8Array(bytesOf(value)).buffer);
}

test('the codes never change', () => {
  const names = [
    ...TYPED_ARRAYS.map((Class) => Class.name),
    'DataView',
    'Buffer',
    'ArrayBuffer',
    'serialized',
    'compact',
  ];
  assert.equal({ ...FORMAT }, Object.fromEntries(names.map((name, code) => [name, code])));
});

test('element sizes are those of the classes', () => {
  for (const Class of TYPED_ARRAYS) {
    const format = formatOf(new Class(0));
    assert.is(format, FORMAT[Class.name as keyof typeof FORMAT]);
    assert.is(elementBytes(format), Class.BYTES_PER_ELEMENT);
  }
  for (const format of [FORMAT.DataView, FORMAT.Buffer, FORMAT.serialized, FORMAT.compact])
    assert.is(elementBytes(format), 1);
});

test('every format round-trips every byte pattern, class included', () => {
  const words = fc.uint8Array({ maxLength: 64 }).map((bytes) => bytes.slice(0, bytes.length & ~7));
  fc.assert(
    fc.property(fc.constantFrom(...VIEW_FORMATS), words, (format, bytes) => {
      const value = viewOf(format, new Uint8Array(bytes).buffer);
      const result = roundTrip(value);
      assert.is(Object.getPrototypeOf(result), Object.getPrototypeOf(value));
      assert.is(formatOf(result), format);
      assert.is(result.byteLength, bytes.length);
      assert.equal(new Uint8Array(bytesOf(result)), new Uint8Array(bytes));
    }),
  );
});

test('only the bytes of the view itself are taken, from ArrayBuffer and SharedArrayBuffer alike', () => {
  for (const memory of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
    new Uint8Array(memory).set(Array.from({ length: 64 }, (_, position) => position));
    const expected = Array.from({ length: 16 }, (_, position) => 8 + position);
    const views: StorableView[] = TYPED_ARRAYS.map((Class) =>
      Reflect.construct(Class, [memory, 8, 16 / Class.BYTES_PER_ELEMENT]),
    );
    views.push(new DataView(memory, 8, 16), Buffer.from(memory, 8, 16));
    for (const view of views) {
      assert.equal([...bytesOf(view)], expected);
      assert.equal([...bytesOf(roundTrip(view))], expected);
      assert.is(formatOf(roundTrip(view)), formatOf(view));
    }
  }
});

test('bytes are not copied', () => {
  const numbers = new Float64Array(2);
  bytesOf(numbers).fill(0xff);
  assert.ok(numbers.every(Number.isNaN));
  const { buffer } = numbers;
  assert.is(bytesOf(buffer).buffer, buffer);
  assert.is(viewOf(FORMAT.Float64Array, buffer).buffer, buffer);
  assert.is(viewOf(FORMAT.Buffer, buffer).buffer, buffer);
  assert.is(viewOf(FORMAT.ArrayBuffer, buffer), buffer);
});

test("the class is the engine's word: subclasses, other realms, shadowed names", () => {
  class Pixels extends Uint8ClampedArray {}
  const shadowed = Object.defineProperty(new Int16Array(1), Symbol.toStringTag, { value: 'Float64Array' });
  const foreign: unknown = runInNewContext(
    '[new Uint32Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1)]',
  );
  assert.is(formatOf(new Pixels(1)), FORMAT.Uint8ClampedArray);
  assert.is(formatOf(shadowed), FORMAT.Int16Array);
  assert.equal(
    [...(foreign as unknown[])].map((value) => formatOf(value)),
    [FORMAT.Uint32Array, FORMAT.DataView, FORMAT.ArrayBuffer],
  );
});

test('everything else must be serialised, also a typed array without a code', () => {
  for (const value of [
    undefined,
    null,
    0,
    5n,
    '',
    true,
    {},
    [],
    new Map(),
    new Date(),
    /x/,
    new Error('x'),
  ]) {
    assert.is(formatOf(value), undefined);
    assert.not(isStorableView(value));
  }
  assert.not(isStorableView({ [Symbol.toStringTag]: 'Uint8Array' }));
  assert.ok(isStorableView(Buffer.alloc(0)));
  const { Float16Array: Float16 } = globalThis as { Float16Array?: new (length: number) => object };
  if (Float16 !== undefined) assert.is(formatOf(new Float16(1)), undefined);
});

test('functions, symbols and shared buffers cannot be stored; the error names the type', () => {
  const cases = [
    [() => 1, 'function'],
    [class {}, 'function'],
    [Symbol('s'), 'symbol'],
    [new SharedArrayBuffer(8), 'SharedArrayBuffer'],
  ] as const;
  for (const [value, type] of cases) {
    assert.throws(() => formatOf(value), errorWith(UnstorableValueError, 'type', type));
    assert.throws(() => formatOf(value), new RegExp(`^a ${type} cannot be stored`));
  }
});

test('a byte length between two elements is refused', () => {
  for (const format of VIEW_FORMATS) {
    for (let byteLength = 0; byteLength <= 17; byteLength += 1) {
      const make = () => viewOf(format, new ArrayBuffer(byteLength));
      if (byteLength % elementBytes(format) === 0) assert.is(make().byteLength, byteLength);
      else assert.throws(make, errorWith(InvalidArgumentError, 'value', byteLength));
    }
  }
  assert.throws(
    () => viewOf(FORMAT.Int32Array, new ArrayBuffer(6)),
    /^byteLength must be a multiple of 4, but is 6/,
  );
});

test('a value whose buffer is gone is refused, not stored as empty', () => {
  const values = [
    (buffer: ArrayBuffer) => new Float32Array(buffer),
    (buffer: ArrayBuffer) => new DataView(buffer),
    (buffer: ArrayBuffer) => Buffer.from(buffer),
    (buffer: ArrayBuffer) => buffer,
  ].map((make) => {
    const buffer = new ArrayBuffer(8);
    const value = make(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return value;
  });
  for (const value of values)
    assert.throws(() => bytesOf(value), errorWith(InvalidArgumentError, 'name', 'value'));
});

test('a code from shared memory is checked', () => {
  for (const code of Object.values(FORMAT)) assert.is(decodeFormat(code), code);
  for (const code of [-1, 16, 255, 0.5]) {
    assert.throws(() => decodeFormat(code), errorWith(InvariantError, 'code', code));
  }
});

test.run();
