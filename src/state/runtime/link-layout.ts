/**
 * Layout of a link: what two threads of a runtime share to call each other. A ring each way carries calls and answers
 * alike; beside it each side has a column of claims for the calls that it has made:
 *
 *     ring (lower index → higher) │ ring (higher → lower) │ claims of the lower's calls │ claims of the higher's calls │
 *     the lower wants room │ the higher wants room
 *
 * A claim settles who owns a call that was sent and has not begun: the worker takes it by a compare-exchange before it
 * runs it, the caller takes it back by another one. So a caller always knows what has begun, also after the worker's death.
 */
import { FALSE_SHARING_BYTES, ringTotalBytes, WORD_BYTES } from '../ring-layout.ts';

/** Capacity of each ring: two records of the largest inline payload fit, and hundreds of usual ones. */
export const LINK_RING_WORDS = 1 << 16;

/** Calls that one side may have under way at one time; more wait at the caller. */
export const LINK_CALLS = 4096;

/** Largest value that rides in a message; larger ones go to the store (Ray's `max_direct_call_object_size`). */
export const INLINE_LIMIT_BYTES = 100 * 1024;

/** Values of a claim. */
export const CLAIM = Object.freeze({
  FREE: 0,
  /** Sent; the worker may begin it. */
  SENT: 1,
  /** Begun by the worker. */
  BEGUN: 2,
  /** Taken back by the caller before it began; the worker skips it. */
  TAKEN_BACK: 3,
  /** Begun, and the caller wants it no more. */
  CANCELLED: 4,
});

const RING_BYTES = ringTotalBytes(LINK_RING_WORDS);
const CLAIMS_BYTES = LINK_CALLS * WORD_BYTES;

/** Bytes of a link. */
export const LINK_BYTES = 2 * RING_BYTES + 2 * CLAIMS_BYTES + 2 * FALSE_SHARING_BYTES;

/** Byte offset of the ring that the lower (`true`) or the higher of two threads writes. */
export function linkRingOffset(byLower: boolean): number {
  return byLower ? 0 : RING_BYTES;
}

/** Byte offset of the claims of the calls that the lower or the higher thread makes. */
export function linkClaimsOffset(byLower: boolean): number {
  return 2 * RING_BYTES + (byLower ? 0 : CLAIMS_BYTES);
}

/** Byte offset of the word that is 1 while the lower or the higher thread has records that found no room in its ring. */
export function linkRoomOffset(byLower: boolean): number {
  return 2 * RING_BYTES + 2 * CLAIMS_BYTES + (byLower ? 0 : FALSE_SHARING_BYTES);
}
