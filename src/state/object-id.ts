/** Ids of objects, as in Ray: 24 bytes of task id and a 32-bit little-endian index. */

import { randomFillSync } from 'node:crypto';
import { NONCE_BYTES } from './control-layout.ts';
import { invalidArgument } from './options.ts';
import { ID_BYTES } from './slot-layout.ts';

/** Bytes of the task id that an object id starts with. */
export const TASK_ID_BYTES = 24;

/** Where an automatic id's parts lie. */
const SLOT_OFFSET = 0;
const GENERATION_OFFSET = 4;
const NONCE_OFFSET = 8;
const JOB_OFFSET = NONCE_OFFSET + NONCE_BYTES;
const INDEX_OFFSET = TASK_ID_BYTES;
/** The job that automatic ids name: there is one job, the program itself. */
const AUTOMATIC_JOB = 1;

const MAX_U32 = 0xffff_ffff;
const HEX_ID = /^[0-9a-f]{56}$/i;
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The place that an automatic id names. */
export interface SlotName {
  readonly slot: number;
  readonly generation: number;
}

/**
 * The id of an object: an immutable value of 28 bytes. All bytes 0xFF is `nil`, "no object"; all zeros is a normal id.
 *
 * Ids of the caller's choice come from `fromIndex`, `fromBinary`, `fromHex` or `fromRandom`. *Automatic ids* name the
 * slot that holds the object, so the store needs no index entry to find it:
 * slot u32 ‖ generation u32 ‖ store nonce 12 ‖ job u32 = 1 ‖ index u32 = 0, all little-endian.
 */
export class ObjectId {
  /** The id of no object. */
  static readonly nil: ObjectId = new ObjectId(new Uint8Array(ID_BYTES).fill(0xff));

  readonly #bytes: Uint8Array<ArrayBuffer>;
  #hash: bigint | undefined;

  /** Takes the bytes over: whoever calls it has copied them. */
  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The id with these 28 bytes; no bytes at all mean `nil`. */
  static fromBinary(bytes: Uint8Array): ObjectId {
    if (bytes instanceof Uint8Array && bytes.length === 0) return ObjectId.nil;
    checkLength(bytes, 'bytes', ID_BYTES, 'or 0 ');
    return new ObjectId(new Uint8Array(bytes));
  }

  /** The id with these 56 hexadecimal digits, in either case. Anything else gives `nil`, as in Ray. */
  static fromHex(hex: string): ObjectId {
    if (typeof hex !== 'string' || !HEX_ID.test(hex)) return ObjectId.nil;
    return new ObjectId(new Uint8Array(Buffer.from(hex, 'hex')));
  }

  /** The id of a task's object number `index`, from 1; puts and returns share one count. */
  static fromIndex(taskId: Uint8Array, index: number): ObjectId {
    checkLength(taskId, 'taskId', TASK_ID_BYTES);
    checkU32(index, 'index', 1);
    const bytes = new Uint8Array(ID_BYTES);
    bytes.set(taskId);
    viewOn(bytes).setUint32(INDEX_OFFSET, index, true);
    return new ObjectId(bytes);
  }

  /** A new id nobody else has: 24 random bytes, index 0. */
  static fromRandom(): ObjectId {
    const bytes = new Uint8Array(ID_BYTES);
    randomFillSync(bytes, 0, TASK_ID_BYTES);
    return new ObjectId(bytes);
  }

  /** The automatic id of the object in this slot of the store with this nonce. */
  static forSlot(storeNonce: Uint8Array, slot: number, generation: number): ObjectId {
    checkLength(storeNonce, 'storeNonce', NONCE_BYTES);
    checkU32(slot, 'slot', 0);
    checkU32(generation, 'generation', 0);
    const bytes = new Uint8Array(ID_BYTES);
    const view = viewOn(bytes);
    view.setUint32(SLOT_OFFSET, slot, true);
    view.setUint32(GENERATION_OFFSET, generation, true);
    bytes.set(storeNonce, NONCE_OFFSET);
    view.setUint32(JOB_OFFSET, AUTOMATIC_JOB, true);
    return new ObjectId(bytes);
  }

  /** The slot that this id names, if it is an automatic id of the store with this nonce. */
  slotOf(storeNonce: Uint8Array): SlotName | undefined {
    checkLength(storeNonce, 'storeNonce', NONCE_BYTES);
    const view = viewOn(this.#bytes);
    const automatic = this.index === 0 && view.getUint32(JOB_OFFSET, true) === AUTOMATIC_JOB;
    if (!automatic || !startsWith(this.#bytes.subarray(NONCE_OFFSET), storeNonce)) return undefined;
    return {
      slot: view.getUint32(SLOT_OFFSET, true),
      generation: view.getUint32(GENERATION_OFFSET, true),
    };
  }

  /** True for the id of no object. */
  get isNil(): boolean {
    return this.equals(ObjectId.nil);
  }

  /** The number of this object among its task's; 0 in random and in automatic ids. */
  get index(): number {
    return viewOn(this.#bytes).getUint32(INDEX_OFFSET, true);
  }

  /** A copy of the 24 bytes of the task id. */
  get taskIdBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, TASK_ID_BYTES);
  }

  /** The 56 lower-case hexadecimal digits: the form to use as a key in a `Map` or `Set`. */
  get hex(): string {
    return Buffer.from(this.#bytes.buffer).toString('hex');
  }

  /** MurmurHash64A with seed 0 over the 28 bytes, as in Ray. Computed once. */
  get hash(): bigint {
    this.#hash ??= murmurHash64A(viewOn(this.#bytes));
    return this.#hash;
  }

  /** The low 32 bits of `hash`, for tables. */
  get hash32(): number {
    return Number(BigInt.asUintN(32, this.hash));
  }

  /** Whether both are the same id. */
  equals(other: ObjectId): boolean {
    return startsWith(this.#bytes, other.#bytes);
  }

  /** A copy of the 28 bytes. */
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
    return this.isNil ? 'ObjectId(nil)' : `ObjectId(${this.hex})`;
  }
}

function viewOn(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, position) => byte === bytes[position]);
}

function checkLength(bytes: Uint8Array, name: string, length: number, alternative = ''): void {
  if (bytes instanceof Uint8Array && bytes.length === length) return;
  throw invalidArgument(name, bytes, `a Uint8Array of ${length} ${alternative}bytes`);
}

function checkU32(value: number, name: string, minimum: number): void {
  if (Number.isInteger(value) && value >= minimum && value <= MAX_U32) return;
  throw invalidArgument(name, value, `an integer from ${minimum} to ${MAX_U32}`);
}

/** Austin Appleby's MurmurHash64A, seed 0, for a length of eight-byte blocks and a tail of four bytes. */
function murmurHash64A(view: DataView): bigint {
  const tail = view.byteLength - 4;
  let hash = scramble(BigInt(view.byteLength));
  for (let offset = 0; offset < tail; offset += 8) {
    hash = scramble(hash ^ scramble(fold(scramble(view.getBigUint64(offset, true)))));
  }
  hash = scramble(hash ^ BigInt(view.getUint32(tail, true)));
  return fold(scramble(fold(hash)));
}

function scramble(word: bigint): bigint {
  return BigInt.asUintN(64, word * 0xc6a4_a793_5bd1_e995n);
}

function fold(word: bigint): bigint {
  return word ^ (word >> 47n);
}
