/**
 * Layout of the table of call sites: the lines of a program that made objects, each text once. Only a store in debug mode
 * has it, at the end of its control region. A call site's number is its place in the table plus one; 0 says none.
 */

/** Words of one entry; the text follows, in UTF-8. */
export const CALL_SITE = Object.freeze({
  /** {@link CALL_SITE_STATE}, or the text's length in bytes. */
  STATE: 0,
  TEXT: 1,
  WORDS: 64,
});

/** free → being written by compare-exchange; then the length, behind the text. A thread that dies between leaves it as it is. */
export const CALL_SITE_STATE = Object.freeze({ FREE: 0, BEING_WRITTEN: -1 });

export const CALL_SITE_COUNT = 4096;
/** Longest text; of longer ones the end counts, where file and line are. */
export const CALL_SITE_TEXT_BYTES = (CALL_SITE.WORDS - CALL_SITE.TEXT) * 4;
export const CALL_SITE_TABLE_BYTES = CALL_SITE_COUNT * CALL_SITE.WORDS * 4;
