/**
 * How values lie in a message between threads: one byte of tag, then what the tag says. Numbers are little-endian; nothing
 * is aligned, for all is copied out.
 */
export const TAG = Object.freeze({
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  /** 4 bytes. */
  INT: 4,
  /** 8 bytes. */
  DOUBLE: 5,
  /** u32 length, one byte per character. */
  LATIN: 6,
  /** u32 length in characters, two bytes each. */
  WIDE: 7,
  /** u32 length of a decimal text. */
  BIGINT: 8,
  /** u32 length, then so many values. */
  ARRAY: 9,
  /** u32 count, then keys (as strings) and values in turn. */
  OBJECT: 10,
  MAP: 11,
  SET: 12,
  /** 8 bytes of milliseconds. */
  DATE: 13,
  /** u8 format, u32 bytes, the bytes. */
  VIEW: 14,
  /** u32 number of an attachment. */
  ATTACHED: 15,
  /** u32: the object that was begun as the so-manieth in this message. */
  AGAIN: 16,
  /** u8 kind, then a value: the host knows what it stands for. */
  HOSTED: 17,
  /** u32 length of what `v8.serialize` made. */
  SERIALISED: 18,
});
