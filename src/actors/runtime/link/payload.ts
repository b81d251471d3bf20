/**
 * What travels with a call or an answer: encoded values, and the places of the objects that belong to them.
 *
 *     objects │ bytes │ slot, generation (per object) │ the bytes, in whole words
 */
import type { ObjectPlace } from '../../client/object-place.ts';
import type { ObjectRef } from '../../client/object-ref.ts';

const WORD_BYTES = 4;
export const PLACE_WORDS = 2;
export const HEAD_WORDS = 2;
const NO_WORDS = new Int32Array(0);
export const NO_OBJECTS: readonly ObjectRef[] = [];

/** In place of the number of bytes: they are the last object. */
const BYTES_ARE_AN_OBJECT = -1;

/** An encoded message. It holds its objects until it is released: a ref on its way keeps its object. */
export class Payload {
  static readonly EMPTY = new Payload(NO_WORDS, 0, 0, 0, NO_OBJECTS, 0);

  /** What has its words, among others' perhaps. */
  readonly #words: Int32Array;
  readonly #firstWord: number;
  readonly #wordCount: number;
  readonly #byteLength: number;
  readonly #objects: readonly ObjectRef[];
  /** Bytes of the message and of its objects. */
  readonly sizeBytes: number;
  /** Settled when all its objects are there; undefined when they are. */
  readonly ready: Promise<unknown> | undefined;

  /** `byteLength` undefined: the last object is the bytes. */
  constructor(
    words: Int32Array,
    firstWord: number,
    wordCount: number,
    byteLength: number | undefined,
    objects: readonly ObjectRef[],
    sizeBytes: number,
    ready?: Promise<unknown>,
  ) {
    this.sizeBytes = sizeBytes;
    this.ready = ready;
    this.#words = words;
    this.#firstWord = firstWord;
    this.#wordCount = wordCount;
    this.#byteLength = byteLength ?? BYTES_ARE_AN_OBJECT;
    this.#objects = objects;
  }

  /** Words that it takes in a record. */
  get recordWords(): number {
    return HEAD_WORDS + this.#objects.length * PLACE_WORDS + this.#wordCount;
  }

  /** The slot of the object that it brings first; undefined if it brings none. */
  get firstSlot(): number | undefined {
    return this.#objects[0]?.slot;
  }

  get hasObjects(): boolean {
    return this.#objects.length > 0;
  }

  /** Writes it to a record. */
  writeTo(target: Int32Array, start: number): void {
    const objects = this.#objects;
    target[start] = objects.length;
    target[start + 1] = this.#byteLength;
    let index = start + HEAD_WORDS;
    for (let number = 0; number < objects.length; number++) {
      const { slot, generation } = objects[number]!;
      target[index++] = slot;
      target[index++] = generation;
    }
    const words = this.#words;
    const first = this.#firstWord;
    const count = this.#wordCount;
    if (count > 64) target.set(words.subarray(first, first + count), index);
    else for (let word = 0; word < count; word++) target[index + word] = words[first + word]!;
  }

  /** The message as an array of its own. */
  toWords(): Int32Array {
    const words = new Int32Array(this.recordWords);
    this.writeTo(words, 0);
    return words;
  }

  /** Lets its objects go: the receiver has them. */
  release(): void {
    for (const object of this.#objects) object.release();
  }
}

/** Where the parts of a message lie in a record. */
export interface PayloadPlace {
  readonly places: readonly ObjectPlace[];
  /** Offset of the first byte from the beginning of the records area. */
  readonly start: number;
  /** Undefined: the last place is the bytes. */
  readonly byteLength: number | undefined;
}

const NO_PLACES: readonly ObjectPlace[] = [];

/** Whether a message has no values. */
export function isEmptyPayload(words: Int32Array, start: number): boolean {
  return words[start] === 0 && words[start + 1] === 0;
}

/** Finds the parts of a message that begins at a word of a record. */
export function locatePayload(words: Int32Array, start: number): PayloadPlace {
  const count = words[start]!;
  const byteLength = words[start + 1]!;
  let index = start + HEAD_WORDS;
  let places = NO_PLACES;
  if (count > 0) {
    const found: ObjectPlace[] = [];
    for (let number = 0; number < count; number++, index += PLACE_WORDS)
      found.push({ slot: words[index]! >>> 0, generation: words[index + 1]! >>> 0 });
    places = found;
  }
  return {
    places,
    start: index * WORD_BYTES,
    byteLength: byteLength === BYTES_ARE_AN_OBJECT ? undefined : byteLength,
  };
}
