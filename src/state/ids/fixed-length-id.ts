// biome-ignore-all lint/complexity/noThisInStatic: `this` is the subclass whose id is wanted.
/** What all ids have in common: a fixed number of bytes that never change. As in Ray. */

import { randomFillSync } from 'node:crypto';
import { invalidArgument } from '../options.ts';
import { murmurHash64A } from './murmur-hash.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const HEX_DIGITS = /^[0-9a-f]*$/i;
/** Every byte of the id of nothing. All zeros is a normal id. */
const NIL_BYTE = 0xff;

export const MAX_U32 = 0xffff_ffff;

/** Fills bytes with randomness. */
export type FillRandomly = (bytes: Uint8Array) => void;

/** The randomness of all ids that are given no other. */
export const fillRandomly: FillRandomly = (bytes) => {
  randomFillSync(bytes);
};

/** A class of ids, as the static calls below need it. */
export interface IdClass<Id> {
  readonly SIZE: number;
  readonly nil: Id;
  new (bytes?: Uint8Array): Id;
}

/**
 * An immutable value of as many bytes as its class says. `kind` is the class' name; where it is a literal type, ids of two
 * classes are two types to the compiler, although both are nothing but bytes.
 */
export abstract class FixedLengthId {
  /** Bytes of an id of this class. */
  static readonly SIZE: number = 0;

  /** Name of the class, safe from minifiers. */
  abstract readonly kind: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #hash: bigint | undefined;

  /** The id with a copy of these bytes; without any it is nil, as Ray's default constructors make it. */
  constructor(bytes?: Uint8Array) {
    const size = new.target.SIZE;
    if (bytes !== undefined) checkLength(bytes, 'bytes', size);
    this.#bytes = bytes === undefined ? new Uint8Array(size).fill(NIL_BYTE) : new Uint8Array(bytes);
  }

  /** The id with these bytes; no bytes at all mean `nil`. */
  static fromBinary<Id>(this: IdClass<Id>, bytes: Uint8Array): Id {
    if (bytes instanceof Uint8Array && bytes.length === 0) return this.nil;
    checkLength(bytes, 'bytes', this.SIZE, 'or 0 ');
    return new this(bytes);
  }

  /** The id with these hexadecimal digits, in either case. Anything else gives `nil`, as in Ray. */
  static fromHex<Id>(this: IdClass<Id>, hex: string): Id {
    const isHex = typeof hex === 'string' && hex.length === this.SIZE * 2 && HEX_DIGITS.test(hex);
    return isHex ? new this(Buffer.from(hex, 'hex')) : this.nil;
  }

  /** True for the id of nothing. */
  get isNil(): boolean {
    // Mostly told by the first one.
    return this.#bytes[0] === NIL_BYTE && this.#bytes.every((byte) => byte === NIL_BYTE);
  }

  /** Number of bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The lower-case hexadecimal digits: the form to use as a key in a `Map` or `Set`. */
  get hex(): string {
    return Buffer.from(this.#bytes.buffer).toString('hex');
  }

  /** MurmurHash64A with seed 0 over all bytes, as in Ray. Computed once. */
  get hash(): bigint {
    this.#hash ??= murmurHash64A(new DataView(this.#bytes.buffer));
    return this.#hash;
  }

  /** The low 32 bits of `hash`, for tables. */
  get hash32(): number {
    return Number(BigInt.asUintN(32, this.hash));
  }

  /** Whether both are the same id. */
  equals(other: this): boolean {
    const others = other.#bytes;
    return this.size === others.length && this.#bytes.every((byte, position) => byte === others[position]);
  }

  /** A copy of the bytes. */
  toBinary(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  /** Same as `hex`. */
  toString(): string {
    return this.hex;
  }

  /** Same as `hex`. */
  toJSON(): string {
    return this.hex;
  }

  /** What `console.log` shows. */
  [INSPECT](): string {
    return `${this.kind}(${this.isNil ? 'nil' : this.hex})`;
  }

  /** @internal The bytes themselves, where a copy would cost more than what is done with it; nobody writes to them. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** For subclasses: the number that lies here, little-endian. Without a `DataView`: ids are read at each get by an id. */
  protected u32(offset: number): number {
    const bytes = this.#bytes;
    const high = (bytes[offset + 3]! << 24) | (bytes[offset + 2]! << 16);
    return (high | (bytes[offset + 1]! << 8) | bytes[offset]!) >>> 0;
  }

  /** For subclasses: a copy of a part. */
  protected part(start: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(start, end);
  }
}

/** Throws unless these are so many bytes. */
export function checkLength(bytes: Uint8Array, name: string, length: number, alternative = ''): void {
  if (bytes instanceof Uint8Array && bytes.length === length) return;
  throw invalidArgument(name, bytes, `a Uint8Array of ${length} ${alternative}bytes`);
}

/** Throws unless this is an integer that fits 32 bits, and not below `minimum`. */
export function checkU32(value: number, name: string, minimum = 0): void {
  if (Number.isInteger(value) && value >= minimum && value <= MAX_U32) return;
  throw invalidArgument(name, value, `an integer from ${minimum} to ${MAX_U32}`);
}

/** The four bytes of a number, little-endian. */
export function bytesOfU32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** So many bytes of randomness. */
export function randomBytes(length: number, fill: FillRandomly): Uint8Array<ArrayBuffer> {
  if (typeof fill !== 'function') throw invalidArgument('fill', fill, 'a function that fills bytes');
  const bytes = new Uint8Array(length);
  fill(bytes);
  return bytes;
}
