/** Decodes what {@link PayloadWriter} wrote. */
import { deserialize } from 'node:v8';
import { InvariantError } from '../errors.ts';
import { defineOwn } from '../own-property.ts';
import { CACHED_TEXT_MAX, TextCache } from '../text-cache.ts';
import { decodeFormat, isViewFormat, type StorableView, viewOf } from '../value-format.ts';
import { TAG } from './tags.ts';

/** What a reader asks for values that are not plain data. */
export interface PayloadReaderHost {
  /** The view that was attached under a number. */
  attachment(index: number): unknown;
  /** The object that a stand-in stands for. */
  revive(kind: number, standIn: unknown): unknown;
}

export class PayloadReader {
  readonly #host: PayloadReaderHost;
  #bytes = new Uint8Array(0);
  #data = new DataView(this.#bytes.buffer);
  #buffer = Buffer.from(this.#bytes.buffer);
  /** Length of the memory: the arrays' own is a property of the engine, which costs more than a field. */
  #roomBytes = 0;
  #at = 0;
  #end = 0;
  readonly #texts = new TextCache();
  /** Objects of this message, by their numbers. */
  #objects: unknown[] = [];

  constructor(host: PayloadReaderHost) {
    this.#host = host;
  }

  /** Begins a message in some of `bytes`, which may be shared memory: all is copied out of it. */
  begin(bytes: Uint8Array, start: number, byteLength: number): void {
    if (bytes !== this.#bytes) {
      const { buffer, byteOffset } = bytes;
      this.#bytes = bytes as Uint8Array<ArrayBuffer>;
      this.#roomBytes = bytes.byteLength;
      this.#data = new DataView(buffer, byteOffset, bytes.byteLength) as DataView<ArrayBuffer>;
      this.#buffer = Buffer.from(buffer, byteOffset, bytes.byteLength) as Buffer<ArrayBuffer>;
    }
    this.#at = start;
    this.#end = start + byteLength;
    if (this.#end > this.#roomBytes) throw new InvariantError('a message is longer than its memory');
    if (this.#objects.length > 0) this.#objects = [];
  }

  /** Lets go of the values that it has read: the next message may be long in coming. */
  end(): void {
    if (this.#objects.length > 0) this.#objects = [];
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The next value. Throws `InvariantError` for bytes that no writer wrote. */
  read(): unknown {
    this.#expect(1);
    const tag = this.#bytes[this.#at++]!;
    switch (tag) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.INT:
        return this.#data.getInt32(this.#skip(4), true);
      case TAG.DOUBLE:
        return this.#data.getFloat64(this.#skip(8), true);
      case TAG.LATIN:
      case TAG.WIDE:
        return this.#readString(tag);
      case TAG.BIGINT:
        return BigInt(Buffer.from(this.#readSized()).toString('latin1'));
      case TAG.AGAIN:
        return this.#objects[this.#unsigned()];
      default:
        return this.#readObject(tag);
    }
  }

  #readObject(tag: number): unknown {
    const number = this.#objects.push(undefined) - 1;
    switch (tag) {
      case TAG.ARRAY:
        return this.#readArray(number);
      case TAG.OBJECT:
        return this.#readEntries(number);
      case TAG.MAP: {
        const map = new Map<unknown, unknown>();
        this.#objects[number] = map;
        for (let left = this.#count(2); left > 0; left--) map.set(this.read(), this.read());
        return map;
      }
      case TAG.SET: {
        const set = new Set<unknown>();
        this.#objects[number] = set;
        for (let left = this.#count(1); left > 0; left--) set.add(this.read());
        return set;
      }
      case TAG.DATE:
        return this.#keep(number, new Date(this.#data.getFloat64(this.#skip(8), true)));
      case TAG.VIEW:
        return this.#keep(number, this.#readView());
      case TAG.ATTACHED:
        return this.#keep(number, this.#host.attachment(this.#unsigned()));
      case TAG.HOSTED: {
        const kind = this.#bytes[this.#skip(1)]!;
        return this.#keep(number, this.#host.revive(kind, this.read()));
      }
      case TAG.SERIALISED:
        return this.#keep(number, deserialize(this.#readSized()));
      default:
        throw new InvariantError(`a message has the unknown tag ${tag}`, { tag });
    }
  }

  #readArray(number: number): unknown[] {
    const length = this.#count(1);
    const values: unknown[] = [];
    this.#objects[number] = values;
    for (let index = 0; index < length; index++) values.push(this.read());
    return values;
  }

  #readEntries(number: number): object {
    const value: { [key: string]: unknown } = {};
    this.#objects[number] = value;
    for (let left = this.#count(2); left > 0; left--) {
      const key = this.read();
      if (typeof key !== 'string') throw new InvariantError('a key in a message is no string');
      if (key in Object.prototype) defineOwn(value, key, this.read());
      else value[key] = this.read();
    }
    return value;
  }

  #readString(tag: number): string {
    const length = this.#unsigned();
    if (tag === TAG.WIDE) {
      const start = this.#skip(length * 2);
      return this.#buffer.toString('utf16le', start, start + length * 2);
    }
    const start = this.#skip(length);
    return length <= CACHED_TEXT_MAX
      ? this.#texts.textAt(this.#buffer, start, length)
      : this.#buffer.toString('latin1', start, start + length);
  }

  #readView(): StorableView {
    const format = decodeFormat(this.#bytes[this.#skip(1)]!);
    const bytes = this.#readSized();
    if (!isViewFormat(format)) throw new InvariantError('a view in a message has no format');
    return viewOf(format, bytes.buffer);
  }

  /** A copy of bytes that follow their length. */
  #readSized(): Uint8Array<ArrayBuffer> {
    const length = this.#unsigned();
    const start = this.#skip(length);
    const copy = new Uint8Array(length);
    copy.set(this.#bytes.subarray(start, start + length));
    return copy;
  }

  #keep<T>(number: number, value: T): T {
    this.#objects[number] = value;
    return value;
  }

  /** How many values follow, each of at least so many bytes: garbage is not taken for a long list. */
  #count(bytesEach: number): number {
    const count = this.#unsigned();
    if (count * bytesEach > this.#end - this.#at)
      throw new InvariantError('a message is cut short', { count });
    return count;
  }

  #unsigned(): number {
    return this.#data.getUint32(this.#skip(4), true);
  }

  #skip(bytes: number): number {
    this.#expect(bytes);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  #expect(bytes: number): void {
    if (this.#at + bytes > this.#end) throw new InvariantError('a message is cut short', { bytes });
  }
}
