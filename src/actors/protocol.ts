/** Records in the rings between a client and the allocator actor. All words are unsigned 32-bit integers. */
import type { SharedWords } from '../pools/ring/ring.ts';
import type { ErrorValues } from '../state/errors.ts';

/** Client → actor. Every record starts with the request's number. */
export const REQUEST = Object.freeze({
  /**
   * `[request, sizeLow, sizeHigh, patience]` → LEASED or FAILED, perhaps COLLECT before. The patience is one of
   * {@link PATIENCE}.
   */
  CREATE: 1,
  /** `[request]`: the caller has given up; a lease that crosses this on its way is handed back by the client. */
  CANCEL: 2,
  /** `[request]`: the collection asked for by COLLECT has run. */
  COLLECTED: 3,
  /** `[request]` → ANSWER with statistics. */
  STATS: 4,
  /** `[request]` → ANSWER, or FAILED with the broken invariant. */
  VERIFY: 5,
  /** `[request]` → ANSWER once nothing is leased to anybody. */
  TRIM: 6,
  /** `[request]` → ANSWER as the last thing that the actor does. */
  CLOSE: 7,
  /**
   * `[request, needed, name …]` → SETTLED when so many of the named objects are not being written any more. A name is
   * `[1, slot, generation]`, or `[2, seven words of an id]` for an object that nobody has created yet. Many names come in
   * several records of one request; all but the last say MORE_FOLLOWS.
   */
  AWAIT: 8,
});

/** Actor → client. */
export const REPLY = Object.freeze({
  /** `[request, slot, generation]` */
  LEASED: 1,
  /** `[request, full]`: collect garbage on this thread, then say COLLECTED. */
  COLLECT: 2,
  /** `[request, json]` */
  ANSWER: 3,
  /** `[request, json of FailureReport]` */
  FAILED: 4,
  /** `[request]`: look again. */
  SETTLED: 5,
});

/** How long a create waits. */
export const PATIENCE = Object.freeze({
  /** Until everything was tried. */
  NORMAL: 0,
  /** The caller has a time limit, and watches it: also for others to give memory back. */
  UNTIL_CANCELLED: 1,
  /** It takes what is free, or fails. */
  NONE: 2,
});

/** First word of a name in AWAIT. */
export const AWAITED = Object.freeze({ PLACE: 1, ID: 2 });
/** Instead of `needed`. */
export const MORE_FOLLOWS = 0;
/** Most names in one AWAIT: a record has to fit into the ring several times. */
export const AWAIT_NAMES_MAX = 512;

/** An error on its way through a ring. */
export interface FailureReport {
  /** Name of a class in `src/state/errors.ts`. */
  readonly error:
    | 'ObjectStoreFullError'
    | 'OutOfDiskError'
    | 'OutOfResourceError'
    | 'InvariantError'
    | 'SystemError'
    | 'TimedOutError';
  readonly message: string;
  readonly values: ErrorValues;
}

const TWO_32 = 2 ** 32;

/** The two words of a size in bytes, low and high. */
export function encodeSize(sizeBytes: number): [low: number, high: number] {
  return [sizeBytes % TWO_32, Math.floor(sizeBytes / TWO_32)];
}

/** The size whose two words start at `start`. */
export function decodeSize(words: SharedWords, start: number): number {
  return ((words[start] ?? 0) >>> 0) + ((words[start + 1] ?? 0) >>> 0) * TWO_32;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record's words: a request number and a JSON value behind it, its length in bytes first. */
export function encodeJson(request: number, value: unknown): Uint32Array {
  const bytes = encoder.encode(JSON.stringify(value));
  const words = new Uint32Array(2 + Math.ceil(bytes.length / 4));
  words[0] = request;
  words[1] = bytes.length;
  new Uint8Array(words.buffer, 8).set(bytes);
  return words;
}

/** The text of a JSON value in a record; `start` is the request number's place. */
export function decodeJsonText(words: SharedWords, start: number): string {
  const length = words[start + 1] ?? 0;
  const bytes = new Uint8Array(words.buffer, words.byteOffset + (start + 2) * 4, length);
  // A copy: the decoder refuses shared memory.
  return decoder.decode(bytes.slice());
}
