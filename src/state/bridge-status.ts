/**
 * What a native call on an object answers when it does not succeed. The bridge decides nothing: clients turn these
 * into errors (`src/actors/client/failures.ts`).
 */
export const STATUS = Object.freeze({
  OK: 0,
  /** The slot's generation has moved on, or the object was deleted. */
  NOT_FOUND: -1,
  /** The object is not sealed yet. */
  NOT_SEALED: -2,
  /** This thread has no block of this size and cannot take one by itself: the actor has to be asked. */
  NO_BLOCK: -3,
  /** An id of the caller's choice names a living object already. */
  EXISTS: -4,
  /** The writable window was transferred away or resized: the object was aborted. */
  WINDOW_LOST: -5,
  /** The buffer is not a window of this store. */
  NOT_A_WINDOW: -6,
  /** The pin count is at its limit. */
  TOO_MANY_PINS: -7,
  /** The slot was sealed or aborted before. */
  NOT_WRITABLE: -8,
  /** V8 could not make the ArrayBuffer. */
  NO_WINDOW: -9,
  /** The store was closed, or this thread has disconnected. */
  CLOSED: -10,
  /** In debug mode: the object's bytes are not those that were sealed. */
  DAMAGED: -11,
  /** The target is a window on a store's memory that this client does not write, and so shows what may be sealed. */
  TARGET_SEALED: -12,
  /** The target has less room than the object has bytes. */
  TARGET_TOO_SMALL: -13,
  /** The object's bytes are not a view's but a value's, in a form of the store's own. */
  NOT_A_VIEW: -14,
});

/** Words of the array in which a native call answers beside its value. */
export const RESULT = Object.freeze({
  SLOT: 0,
  GENERATION: 1,
  /** The bridge's number of a ref or slot. */
  TRACK: 2,
  /** Format of what was got. */
  FORMAT: 3,
  /** Number of the writable window of what was created. */
  WRITABLE: 3,
  /** In debug mode, told to the bridge: the call site of what it creates next. */
  CALL_SITE: 4,
  /** Told to the bridge: how many creates of this thread wait for the actor's answer. Those that follow ask it as well, and do not pass them. */
  WAITING_CREATES: 5,
  WORDS: 6,
});
