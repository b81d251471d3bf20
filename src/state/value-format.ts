/**
 * The kinds of value that a reader gets in place, without a copy: the typed arrays, `DataView`, `Buffer` and
 * `ArrayBuffer`. Everything else is stored in a compact form of its own or as `v8.serialize` writes it, and read as a copy.
 */
import { types } from 'node:util';
import { InvalidArgumentError, InvariantError, UnstorableValueError } from './errors.ts';

/**
 * The format of an object's bytes. The codes live in shared memory and in spill files: add at the end, never renumber.
 */
export const FORMAT = Object.freeze({
  /** Also the format of raw bytes. */
  Uint8Array: 0,
  Uint8ClampedArray: 1,
  Int8Array: 2,
  Uint16Array: 3,
  Int16Array: 4,
  Uint32Array: 5,
  Int32Array: 6,
  BigUint64Array: 7,
  BigInt64Array: 8,
  Float32Array: 9,
  Float64Array: 10,
  DataView: 11,
  Buffer: 12,
  ArrayBuffer: 13,
  /** Whatever `v8.serialize` wrote. */
  serialized: 14,
  /** A plain value as `CompactWriter` wrote it. */
  compact: 15,
} as const);

/** The kinds of view, by name. */
export interface ViewByName {
  Uint8Array: Uint8Array<ArrayBuffer>;
  Uint8ClampedArray: Uint8ClampedArray<ArrayBuffer>;
  Int8Array: Int8Array<ArrayBuffer>;
  Uint16Array: Uint16Array<ArrayBuffer>;
  Int16Array: Int16Array<ArrayBuffer>;
  Uint32Array: Uint32Array<ArrayBuffer>;
  Int32Array: Int32Array<ArrayBuffer>;
  BigUint64Array: BigUint64Array<ArrayBuffer>;
  BigInt64Array: BigInt64Array<ArrayBuffer>;
  Float32Array: Float32Array<ArrayBuffer>;
  Float64Array: Float64Array<ArrayBuffer>;
  DataView: DataView<ArrayBuffer>;
  Buffer: Buffer<ArrayBuffer>;
  ArrayBuffer: ArrayBuffer;
}

/** Code of a format. */
export type FormatCode = (typeof FORMAT)[keyof typeof FORMAT];
/** Code of a format that is read in place. */
export type ViewFormat = (typeof FORMAT)[keyof ViewByName];
/** What a reader gets for the code of a format. */
export type ViewByFormat = { [Name in keyof ViewByName as (typeof FORMAT)[Name]]: ViewByName[Name] };

/** A value whose bytes are stored as they are. It may lie on shared memory: its bytes are copied. */
export type StorableView = NodeJS.ArrayBufferView | ArrayBuffer;

/**
 * Any value that can be stored. Functions and classes are excluded by the type (only they have `Symbol.hasInstance`);
 * what else is refused (a `SharedArrayBuffer`, a promise, a function inside an object) shows when it is stored.
 */
export type Storable =
  | StorableView
  | (object & { readonly [Symbol.hasInstance]?: never })
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined;

/**
 * What a reader gets for a stored `T`. A view comes back readonly, on memory of its own; it can still be passed
 * wherever the plain type is taken. An `ArrayBuffer` keeps its type, and so does every `view.buffer`: TypeScript cannot
 * express a readonly one, so take care never to write through a new view on it. All else is a copy, so it is `T` itself.
 */
export type Sealed<T> = T extends NodeJS.ArrayBufferView ? SealedView<WindowOf<T>> : T;

/** `View` without its ways to write: elements are readonly, methods that write are `never`. */
export type SealedView<View> = {
  readonly [Key in keyof View]: Key extends Mutator
    ? never
    : Key extends Aliasing<View>
      ? (start?: number, end?: number) => SealedView<View>
      : View[Key];
};

type Mutator =
  | 'copyWithin'
  | 'fill'
  | 'reverse'
  | 'sort'
  | `set${string}`
  | `swap${string}`
  | `write${string}`;
/** Methods that return another view of the same bytes; `slice` copies, except in `Buffer`. */
type Aliasing<View> = View extends Buffer ? 'slice' | 'subarray' : 'subarray';
/** The type of `T` as it is when built on a non-shared `ArrayBuffer`. */
type WindowOf<T> = T extends Buffer
  ? Buffer<ArrayBuffer>
  : T extends { readonly [Symbol.toStringTag]: infer Tag extends keyof ViewByName }
    ? ViewByName[Tag]
    : DataView<ArrayBuffer>;

type TypedArrayName = Exclude<keyof ViewByName, 'DataView' | 'Buffer' | 'ArrayBuffer'>;

/** By code: the smallest unit of bytes. */
const ELEMENT_BYTES: readonly number[] = [1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 1, 1, 1, 1, 1];
/** The class of a typed array as the engine knows it: right for subclasses, other realms and shadowed names. */
const readTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/**
 * The format of a value that is read in place; `undefined` for a value that must be serialised first, which includes
 * typed arrays without a code (`Float16Array`). Functions, symbols and shared buffers: `UnstorableValueError`.
 */
export function formatOf(value: StorableView): ViewFormat;
export function formatOf(value: unknown): ViewFormat | undefined;
export function formatOf(value: unknown): ViewFormat | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new UnstorableValueError(`a ${typeof value} cannot be stored`, { type: typeof value });
  }
  if (ArrayBuffer.isView(value)) {
    const tag: TypedArrayName | undefined = readTag.call(value);
    if (tag === undefined) return FORMAT.DataView;
    return tag === 'Uint8Array' && Buffer.isBuffer(value) ? FORMAT.Buffer : FORMAT[tag];
  }
  if (types.isArrayBuffer(value)) return FORMAT.ArrayBuffer;
  if (types.isSharedArrayBuffer(value)) {
    const message = 'a SharedArrayBuffer cannot be stored; store a Uint8Array on it to copy its bytes';
    throw new UnstorableValueError(message, { type: 'SharedArrayBuffer' });
  }
  return undefined;
}

/** Whether `value` is read in place. Throws as `formatOf` does. */
export function isStorableView(value: unknown): value is StorableView {
  return formatOf(value) !== undefined;
}

/** Exactly the bytes of `value`, not copied. A detached buffer is an `InvalidArgumentError`: its bytes are gone. */
export function bytesOf(value: StorableView): Uint8Array {
  try {
    return ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
  } catch (cause) {
    const message = 'value must not lie on a detached buffer (it was transferred or released)';
    throw new InvalidArgumentError(message, { name: 'value' }, { cause });
  }
}

/** Bytes of one element: an object's length is a multiple of it. */
export function elementBytes(format: FormatCode): number {
  return ELEMENT_BYTES[format]!;
}

/** The view of the whole `buffer` in this format. Throws `InvalidArgumentError` when its bytes are not whole elements. */
export function viewOf<Code extends ViewFormat>(format: Code, buffer: ArrayBuffer): ViewByFormat[Code];
export function viewOf(format: ViewFormat, buffer: ArrayBuffer): ViewByFormat[ViewFormat] {
  // A switch, and no look at the length before: both are a good part of what a get costs.
  try {
    switch (format) {
      case FORMAT.Uint8Array:
        return new Uint8Array(buffer);
      case FORMAT.Uint8ClampedArray:
        return new Uint8ClampedArray(buffer);
      case FORMAT.Int8Array:
        return new Int8Array(buffer);
      case FORMAT.Uint16Array:
        return new Uint16Array(buffer);
      case FORMAT.Int16Array:
        return new Int16Array(buffer);
      case FORMAT.Uint32Array:
        return new Uint32Array(buffer);
      case FORMAT.Int32Array:
        return new Int32Array(buffer);
      case FORMAT.BigUint64Array:
        return new BigUint64Array(buffer);
      case FORMAT.BigInt64Array:
        return new BigInt64Array(buffer);
      case FORMAT.Float32Array:
        return new Float32Array(buffer);
      case FORMAT.Float64Array:
        return new Float64Array(buffer);
      case FORMAT.DataView:
        return new DataView(buffer);
      case FORMAT.Buffer:
        return Buffer.from(buffer);
      case FORMAT.ArrayBuffer:
        return buffer;
    }
  } catch (cause) {
    const { byteLength } = buffer;
    const unit = elementBytes(format);
    const message = `byteLength must be a multiple of ${unit}, but is ${byteLength}`;
    const values = { name: 'byteLength', value: byteLength, elementBytes: unit };
    throw new InvalidArgumentError(message, values, { cause });
  }
}

/** Reads a format code from shared memory. Throws an `InvariantError` on a code that does not exist. */
export function decodeFormat(code: number): FormatCode {
  if (isFormatCode(code)) return code;
  throw new InvariantError(`object has the unknown format code ${code}`, { code });
}

/** Whether an object of this format is read in place. */
export function isViewFormat(code: FormatCode): code is ViewFormat {
  return code < FORMAT.serialized;
}

function isFormatCode(code: number): code is FormatCode {
  return Number.isInteger(code) && code >= 0 && code < ELEMENT_BYTES.length;
}
