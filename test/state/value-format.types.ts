/** Compile-time test of `Storable` and `Sealed`: every `@ts-expect-error` fails the build when the line compiles. */
import type { Sealed, SealedView, Storable } from '../../src/state/value-format.ts';
import { FORMAT, formatOf, isStorableView, type ViewFormat, viewOf } from '../../src/state/value-format.ts';

type Same<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function isTrue<_Claim extends true>(): void {}

declare function get<T>(ref: { readonly stored: T }): Sealed<T>;
declare function put<T extends Storable>(value: T): { readonly stored: T };
declare const floats: Sealed<Float64Array>;
declare const longs: Sealed<BigInt64Array>;
declare const raw: Sealed<DataView>;
declare const buffer: Sealed<Buffer>;

export function sealedViewsCannotBeWritten(): void {
  // @ts-expect-error elements are readonly
  floats[0] = 1;
  // @ts-expect-error
  floats.fill(0);
  // @ts-expect-error
  floats.set([1]);
  // @ts-expect-error
  floats.sort();
  // @ts-expect-error
  floats.reverse();
  // @ts-expect-error
  floats.copyWithin(0, 1);
  // @ts-expect-error a subarray is a view of the same bytes
  floats.subarray(1)[0] = 1;
  // @ts-expect-error
  floats.subarray(1).subarray(1).fill(1);
  // @ts-expect-error
  longs[0] = 1n;
  // @ts-expect-error
  raw.setInt8(0, 1);
  // @ts-expect-error
  raw.setFloat64(0, 1);
  // @ts-expect-error
  raw.setBigUint64(0, 1n);
  // @ts-expect-error
  buffer[0] = 1;
  // @ts-expect-error
  buffer.write('text');
  // @ts-expect-error
  buffer.writeUInt32LE(1);
  // @ts-expect-error
  buffer.swap16();
  // @ts-expect-error
  buffer.fill('a');
  // @ts-expect-error a slice of a Buffer is a view of the same bytes
  buffer.slice(1)[0] = 1;
}

export function sealedViewsCanBeRead(): number {
  let sum = Math.max(...floats) + floats.length + raw.getFloat32(0) + buffer.readInt8(0);
  for (const value of floats) sum += value;
  sum += floats.reduce((left, right) => left + right, 0) + Number(longs.at(-1) ?? 0n);
  const copy: Float64Array<ArrayBuffer> = floats.slice();
  copy[0] = sum;
  return sum + buffer.toString('utf8').length;
}

export function sealedViewsFitWhereThePlainTypeIsTaken(): unknown[] {
  const plain: Float64Array = floats;
  const owned: Float64Array<ArrayBuffer> = floats;
  const part: Float64Array = floats.subarray(1);
  const list: ArrayLike<number> = floats;
  const anyView: NodeJS.ArrayBufferView[] = [floats, longs, raw, buffer];
  const anyOwnedView: NodeJS.NonSharedArrayBufferView[] = [floats, longs, raw, buffer];
  const bytes: Uint8Array<ArrayBuffer> = buffer;
  const plainBuffer: Buffer = buffer;
  const plainRaw: DataView = raw;
  const words: BigInt64Array = longs;
  return [plain, owned, part, list, anyView, anyOwnedView, bytes, plainBuffer, plainRaw, words];
}

export function typesThatReadersGet(): void {
  isTrue<Same<Sealed<Float64Array>, SealedView<Float64Array<ArrayBuffer>>>>();
  isTrue<Same<Sealed<Uint8Array<SharedArrayBuffer>>, SealedView<Uint8Array<ArrayBuffer>>>>();
  isTrue<Same<Sealed<Buffer>, SealedView<Buffer<ArrayBuffer>>>>();
  isTrue<Same<Sealed<DataView>, SealedView<DataView<ArrayBuffer>>>>();
  isTrue<Same<Sealed<Sealed<Int8Array>>, Sealed<Int8Array>>>();
  isTrue<Same<Sealed<ArrayBuffer>, ArrayBuffer>>();
  isTrue<Same<Sealed<{ a: Int8Array }>, { a: Int8Array }>>();
  isTrue<Same<Sealed<string | undefined>, string | undefined>>();
  isTrue<Same<Sealed<unknown>, unknown>>();
  isTrue<Same<Sealed<Int8Array | string>, SealedView<Int8Array<ArrayBuffer>> | string>>();
}

class Account {
  readonly #balance = 1;
  balance(): number {
    return this.#balance;
  }
}
interface Phone {
  readonly call: string;
}

export function whatCanBeStored(phone: Phone): void {
  const fromPut: Float64Array = get(put(new Float64Array(1)));
  const again: Float64Array = get(put(floats));
  const text: string = get(put('text' as string));
  for (const value of [fromPut, again, text, new Map([[1, 'a']])]) put(value);
  for (const value of [1, 1n, true, null, undefined, {}, [1, { a: 2 }], new Date(), /x/]) put(value);
  put(phone);
  put(new Account());
  // @ts-expect-error a function
  put(() => 1);
  // @ts-expect-error a class
  put(Account);
  // @ts-expect-error a symbol
  put(Symbol('s'));
}

export function formatsAreTyped(value: unknown): void {
  const view: Float64Array<ArrayBuffer> = viewOf(FORMAT.Float64Array, new ArrayBuffer(8));
  const whole: ArrayBuffer = viewOf(FORMAT.ArrayBuffer, view.buffer);
  const format: ViewFormat = formatOf(view);
  const either: NodeJS.ArrayBufferView | ArrayBuffer = viewOf(format, whole);
  if (isStorableView(value)) put(value);
  else put([either.byteLength]);
  // @ts-expect-error serialised values have no view
  viewOf(FORMAT.serialized, whole);
}
