/** Arguments and results on their way between threads: small values by copy, big bytes by way of the store. */
import { kindOf } from '../../../pools/kind-of.ts';
import {
  ObjectStoreFullError,
  OutOfDiskError,
  TimedOutError,
  UnstorableValueError,
} from '../../../state/errors.ts';
import { PayloadReader } from '../../../state/payload/payload-reader.ts';
import { PayloadWriter } from '../../../state/payload/payload-writer.ts';
import { maximumPayloadWords } from '../../../state/ring-layout.ts';
import { INLINE_LIMIT_BYTES, LINK_RING_WORDS } from '../../../state/runtime/link-layout.ts';
import { isStorableView, type Storable, type StorableView } from '../../../state/value-format.ts';
import type { ObjectPlace } from '../../client/object-place.ts';
import { ObjectRef } from '../../client/object-ref.ts';
import type { Store } from '../../client/store.ts';
import { ResultRef } from '../call/result-ref.ts';
import { decodeError, type ErrorParts, encodeError } from './error-codec.ts';
import { HEAD_WORDS, isEmptyPayload, locatePayload, NO_OBJECTS, Payload, PLACE_WORDS } from './payload.ts';
import { RECORD_HEAD_WORDS } from './protocol.ts';
import { rememberedObject, rememberObject } from './window-object.ts';

/** What stands for a value that is no plain data. */
const KIND = Object.freeze({
  /** The number of an object: a ref to it. */
  REF: 0,
  /** The number of an object: its value, in place. */
  RESOLVED: 1,
  ERROR: 2,
  ACTOR: 3,
});

/** Typed arrays and buffers from this size on lie in the store. */
const OUT_OF_BAND_BYTES = 16 * 1024;

/** What a record has room for: the places of a message's objects, and its bytes. */
const WORDS_MAX = maximumPayloadWords(LINK_RING_WORDS) - RECORD_HEAD_WORDS - HEAD_WORDS;

const AT_ONCE = { timeout: 0 };
/** Memory that other calls have comes back when they are done. */
const PATIENTLY = { timeout: 30_000 };
const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** An argument that is given as a ref: it arrives as what it names. */
class Resolved {
  readonly ref: ObjectRef;

  constructor(ref: ObjectRef) {
    this.ref = ref;
  }
}

/** Thrown by `encode`: results among the values are still to come, or one has failed. Wait for them and try again. */
export class PendingResults {
  readonly refs: readonly ResultRef[];

  constructor(refs: readonly ResultRef[]) {
    this.refs = refs;
  }
}

/** What a codec makes of handles to actors. */
export interface HandleCodec {
  /** The plain value that names an actor, if this is a handle to one. */
  nameOf(value: object): unknown;
  handleOf(name: unknown): object;
}

/** A decoded message: its values, and the objects that those lie on. */
export interface Decoded {
  readonly values: readonly unknown[];
  /** The object that is the whole of the first value. */
  readonly object: ObjectRef | undefined;
}

/** Of a message without values: most answers, and many calls. */
const NOTHING: Decoded = Object.freeze({ values: Object.freeze([]), object: undefined });

/** One thread's coder. */
export class PayloadCodec {
  readonly #store: Store;
  readonly #handles: HandleCodec;
  readonly #writer: PayloadWriter;
  readonly #reader: PayloadReader;
  /** Objects of the message being written, and of the one being read. */
  #objects: ObjectRef[] = [];
  #missing: { readonly index: number; readonly bytes: StorableView }[] = [];
  #objectBytes = 0;
  /** Results that are still to come: then the message is only looked through for more of them. */
  #pending: ResultRef[] = [];
  #places: readonly ObjectPlace[] = [];

  constructor(store: Store, handles: HandleCodec) {
    this.#store = store;
    this.#handles = handles;
    this.#writer = new PayloadWriter({
      attach: (view) => this.#attach(view),
      replace: (value) => this.#replace(value),
      kindOf,
      outOfBandBytes: OUT_OF_BAND_BYTES,
    });
    this.#reader = new PayloadReader({
      attachment: (index) => this.#viewOf(index),
      revive: (kind, standIn) => this.#revive(kind, standIn),
    });
  }

  /**
   * Encodes values; refs among them (not inside of them) arrive as what they name. When memory for their big bytes is
   * short, these are copied aside and the message is `ready` later.
   *
   * Throws `UnstorableValueError`.
   */
  encode(values: readonly unknown[]): Payload {
    if (values.length === 0) return Payload.EMPTY;
    const writer = this.#writer;
    const objects = this.#objects;
    try {
      writer.begin();
      for (const value of values) writer.write(value instanceof ObjectRef ? new Resolved(value) : value);
      if (this.#pending.length > 0) throw new PendingResults(this.#pending);
      const { byteLength } = writer;
      const room = WORDS_MAX - objects.length * PLACE_WORDS;
      const isInline = byteLength <= INLINE_LIMIT_BYTES && writer.wordCount <= room;
      if (!isInline && room < PLACE_WORDS)
        throw new UnstorableValueError(`${objects.length} refs and big arrays are too many for one message`, {
          objects: objects.length,
          most: Math.floor(WORDS_MAX / PLACE_WORDS) - 1,
        });
      if (!isInline) this.#attach(writer.bytes);
      const ready = this.#missing.length === 0 ? undefined : this.#putMissing(objects, this.#missing);
      const sizeBytes = this.#objectBytes + (isInline ? byteLength : 0);
      const given = objects.length === 0 ? NO_OBJECTS : objects;
      if (!isInline) return new Payload(NO_WORDS, 0, 0, undefined, given, sizeBytes, ready);
      const { words, firstWord, wordCount } = writer;
      writer.keep();
      return new Payload(words, firstWord, wordCount, byteLength, given, sizeBytes, ready);
    } catch (error) {
      for (const object of objects) object.release();
      throw error;
    } finally {
      writer.end();
      this.#objectBytes = 0;
      // Those that are not empty have been given away.
      if (objects.length > 0) this.#objects = [];
      if (this.#missing.length > 0) this.#missing = [];
      if (this.#pending.length > 0) this.#pending = [];
    }
  }

  /** The values of the message at a word of a record, whose bytes are those of `bytes`. */
  decode(words: Int32Array, start: number, bytes: Uint8Array, isResult: boolean): Decoded {
    if (isEmptyPayload(words, start)) return NOTHING;
    const { places, start: startByte, byteLength } = locatePayload(words, start);
    this.#places = places;
    let values: unknown[];
    const reader = this.#reader;
    if (byteLength === undefined) {
      const window = this.#take(places.length - 1) as Uint8Array;
      reader.begin(window, 0, window.byteLength);
    } else {
      reader.begin(bytes, startByte, byteLength);
    }
    try {
      // Most have one, and an array that begins with it takes no more room than that.
      values = [reader.read()];
      while (!reader.atEnd) values.push(reader.read());
    } finally {
      // A reader that keeps the last message would pin its objects for as long as the thread is idle.
      if (byteLength === undefined) reader.begin(NO_BYTES, 0, 0);
      reader.end();
    }
    const object = isResult && places.length === 1 ? this.#objectOf(values[0]) : undefined;
    return { values, object };
  }

  /** The values of a message that was kept in an array of its own. */
  decodeStored(words: Int32Array): Decoded {
    return this.decode(words, 0, new Uint8Array(words.buffer, words.byteOffset, words.byteLength), false);
  }

  /** The object that the value is a whole view of, if a message brought it here: sent on, it needs no copy. */
  #objectOf(value: unknown): ObjectRef | undefined {
    if (typeof value !== 'object' || value === null || !isStorableView(value)) return undefined;
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    const ref = rememberedObject(buffer);
    // Another runtime of this thread may have brought it: then its object is in another store.
    if (ref === undefined || ref.released || ref.store !== this.#store) return undefined;
    return value.byteLength === buffer.byteLength ? ref : undefined;
  }

  #attach(view: StorableView): number {
    if (this.#pending.length > 0) return this.#attachNothing();
    const known = this.#objectOf(view);
    const index = this.#objects.length;
    this.#objectBytes += view.byteLength;
    if (known !== undefined) {
      this.#objects.push(this.#store.ref(known.token));
      return index;
    }
    try {
      this.#objects.push(this.#store.putSync(view, AT_ONCE));
    } catch (error) {
      if (!isShortOfMemory(error)) throw error;
      this.#missing.push({ index, bytes: copyOf(view) });
      this.#attachNothing();
    }
    return index;
  }

  /** A ref that holds nothing, and is replaced before anybody sees it. */
  #attachNothing(): number {
    return this.#objects.push(new ObjectRef(this.#store)) - 1;
  }

  async #putMissing(
    objects: ObjectRef[],
    missing: readonly { readonly index: number; readonly bytes: StorableView }[],
  ): Promise<void> {
    try {
      for (const { index, bytes } of missing) objects[index] = await this.#store.put(bytes, PATIENTLY);
    } catch (error) {
      for (const object of objects) object.release();
      throw error;
    }
  }

  #replace(value: object): readonly [kind: number, standIn: unknown] | undefined {
    if (value instanceof Resolved) return [KIND.RESOLVED, this.#share(value.ref)];
    if (value instanceof ObjectRef) return [KIND.REF, this.#share(value)];
    if (value instanceof ResultRef) return [KIND.REF, this.#shareResult(value)];
    if (value instanceof Error) return [KIND.ERROR, encodeError(value)];
    const name = this.#handles.nameOf(value);
    return name === undefined ? undefined : [KIND.ACTOR, name];
  }

  /** A result inside of a value travels as a ref; one that is still to come is waited for first. */
  #shareResult(ref: ResultRef): number {
    if (!ref.settled) {
      this.#pending.push(ref);
      return this.#attachNothing();
    }
    if (ref.object !== undefined) return this.#share(ref.object);
    let value: unknown;
    ref.observe({
      resolved: (resolved) => {
        value = resolved;
      },
      // Whoever waits for it now gets its failure as that of the call.
      rejected: () => {
        throw new PendingResults([ref]);
      },
    });
    this.#objects.push(this.#store.putSync(value as Storable));
    return this.#objects.length - 1;
  }

  #share(ref: ObjectRef): number {
    const index = this.#objects.length;
    this.#objectBytes += this.#store.connection.control.sizeBytes(ref.slot);
    this.#objects.push(this.#store.ref(ref.token));
    return index;
  }

  #revive(kind: number, standIn: unknown): unknown {
    switch (kind) {
      case KIND.REF:
        return this.#refTo(this.#places[standIn as number]!);
      case KIND.RESOLVED:
        return this.#take(standIn as number);
      case KIND.ERROR:
        return decodeError(standIn as ErrorParts);
      default:
        return this.#handles.handleOf(standIn);
    }
  }

  #viewOf(index: number): ArrayBufferView | ArrayBuffer {
    return this.#take(index) as ArrayBufferView | ArrayBuffer;
  }

  /** The value of an object of the message; a view is remembered with its object. */
  #take(index: number): unknown {
    const place = this.#places[index]!;
    const value = this.#store.connection.reader.take(place);
    if (isStorableView(value)) {
      const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
      rememberObject(buffer, this.#refTo(place));
    }
    return value;
  }

  #refTo({ slot, generation }: ObjectPlace): ObjectRef {
    return this.#store.ref({ store: this.#store.name, slot, generation });
  }
}

function isShortOfMemory(error: unknown): boolean {
  return (
    error instanceof TimedOutError || error instanceof ObjectStoreFullError || error instanceof OutOfDiskError
  );
}

/** The bytes of a view as they are now, as the same kind of view. */
function copyOf(view: StorableView): StorableView {
  return structuredClone(view);
}
