/** Texts from this length on are remembered while a value is written or read, so many at a time (a power of two). */
export const REPEATED_TEXT_MIN = 8;
export const REPEATED_TEXTS = 4;

/**
 * How a stored value lies in its bytes: one byte of tag, then what the tag says. Counts and lengths are varints, numbers
 * are little-endian; nothing is aligned, for all is copied out.
 */
export const TAG = Object.freeze({
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  /** A varint of 32 bits, zigzag: small numbers of either sign are short. */
  INT: 4,
  /** 8 bytes. */
  DOUBLE: 5,
  /** 8 bytes, signed; longer ones are left to the engine. */
  BIGINT: 6,
  /** Length, one byte per character. */
  LATIN: 7,
  /** Length in characters, two bytes each. */
  WIDE: 8,
  /** Length, then so many values. */
  ARRAY: 9,
  /**
   * A byte, count, so many keys (as strings), so many values. The byte says in how many bytes count and keys lie, or is 0
   * when they are too many. These keys are the next shape.
   */
  OBJECT: 10,
  /** Number of a shape, its values: an object with the same keys as one before. */
  SHAPED: 11,
  /** Count, then keys and values in turn. */
  MAP: 12,
  /** Count, then so many values. */
  SET: 13,
  /** 8 bytes of milliseconds. */
  DATE: 14,
  /** The object that was begun as the so-manieth in this value. */
  AGAIN: 15,
  /** A byte: the place of one of the latest texts that are not short. Each of those takes the next place, by turns. */
  TEXT_AGAIN: 16,
});
