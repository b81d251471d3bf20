/**
 * Where everything lies in a ring: a single-producer single-consumer queue of length-prefixed records in shared
 * memory. All offsets are in 32-bit words, relative to the ring's base.
 *
 *     word 0                32                    64                    96         128
 *     ┌─────────────────────┬─────────────────────┬─────────────────────┬──────────┬──────────────────────────┐
 *     │ capacity, epoch,    │ producer position   │ consumer position   │ sleeping │ records (capacity words) │
 *     │ roles (cold)        │ (producer writes)   │ (consumer writes)   │ (both)   │                          │
 *     └─────────────────────┴─────────────────────┴─────────────────────┴──────────┴──────────────────────────┘
 *
 * Positions count words for ever and wrap around at 2^32 as signed 32-bit integers: `(producer - consumer) | 0` is
 * the number of unread words, and `position & (capacity - 1)` the place in the records area. All zeroes is a valid
 * empty ring, so fresh memory needs no preparation.
 *
 * A record is one header word (type in the upper 8 bits, number of payload words in the lower 24) and its payload,
 * never split over the end of the area: where a record does not fit, a padding record fills the rest.
 */

import { InvalidArgumentError } from './errors.ts';

/** Words changed by different threads are this far apart: two cache lines, because processors fetch them in pairs. */
export const FALSE_SHARING_BYTES = 128;

/** Bytes in one word of a ring. */
export const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Every ring starts at a multiple of this, as every offset handed out in a store does. */
export const RING_ALIGNMENT_BYTES = 64;

const LINE_WORDS = FALSE_SHARING_BYTES / WORD_BYTES;

/** Capacity in words, written by whoever touches the ring first, so that both sides must agree on it; 0 = untouched. */
export const CAPACITY_WORD = 0;
/** Counts resets, so that a role acquired before a reset cannot be given back after it. */
export const EPOCH_WORD = 1;
/** Owner of the producer role; 0 = free. */
export const PRODUCER_ROLE_WORD = 2;
/** Owner of the consumer role; 0 = free. */
export const CONSUMER_ROLE_WORD = 3;
/** Number of words ever published. Written by the producer alone. */
export const PRODUCER_POSITION_WORD = 1 * LINE_WORDS;
/** Number of words ever consumed. Written by the consumer alone. */
export const CONSUMER_POSITION_WORD = 2 * LINE_WORDS;
/** `AWAKE` or `SLEEPING`: whether the consumer needs a wake-up after a publish. */
export const SLEEPING_WORD = 3 * LINE_WORDS;
/** First word of the records area. */
export const RECORDS_WORD = 4 * LINE_WORDS;

/** Value of the sleeping word while the consumer runs. */
export const AWAKE = 0;
/** Value of the sleeping word while the consumer is parked or about to be. */
export const SLEEPING = 1;

/** Value of a role word that nobody holds. */
export const ROLE_FREE = 0;

/** Words a record takes besides its payload. */
export const RECORD_HEADER_WORDS = 1;

/** Smallest and largest type a caller may give a record. 0 is kept out so that a zeroed header is never valid. */
export const RECORD_TYPE_MIN = 1;
export const RECORD_TYPE_MAX = 254;
/** Type of the record that fills the end of the area; consumers skip it. */
export const RECORD_TYPE_PADDING = 255;

const TYPE_SHIFT = 24;
const LENGTH_MASK = (1 << TYPE_SHIFT) - 1;

/** Smallest capacity: leaves a record of seven words. */
export const RING_CAPACITY_WORDS_MIN = 16;
/** Largest capacity (64 MiB): any record length fits its 24 bits, and any distance of positions is positive. */
export const RING_CAPACITY_WORDS_MAX = 1 << TYPE_SHIFT;

/** The header word of a record. */
export function recordHeader(type: number, payloadWords: number): number {
  return (type << TYPE_SHIFT) | payloadWords;
}

/** The type in a header word, 0 to 255. */
export function recordType(header: number): number {
  return header >>> TYPE_SHIFT;
}

/** The number of payload words in a header word. */
export function recordPayloadWords(header: number): number {
  return header & LENGTH_MASK;
}

/** Throws unless `capacityWords` is a power of two within the limits. */
export function checkRingCapacity(capacityWords: number): void {
  const isPowerOfTwo = Number.isInteger(capacityWords) && (capacityWords & (capacityWords - 1)) === 0;
  if (!isPowerOfTwo || capacityWords < RING_CAPACITY_WORDS_MIN || capacityWords > RING_CAPACITY_WORDS_MAX) {
    throw new InvalidArgumentError(
      `capacityWords must be a power of two from ${RING_CAPACITY_WORDS_MIN} to ${RING_CAPACITY_WORDS_MAX}, ` +
        `not ${String(capacityWords)}`,
      { name: 'capacityWords', value: Number(capacityWords) },
    );
  }
}

/** Bytes of memory a ring of this capacity takes, a multiple of `RING_ALIGNMENT_BYTES`. */
export function ringTotalBytes(capacityWords: number): number {
  checkRingCapacity(capacityWords);
  return (RECORDS_WORD + capacityWords) * WORD_BYTES;
}

/**
 * Largest payload a ring takes. With its header it is half the capacity: then the record and the padding before it
 * always fit into an empty ring, wherever the positions happen to stand, so that "full" never lasts for ever.
 */
export function maximumPayloadWords(capacityWords: number): number {
  return capacityWords / 2 - RECORD_HEADER_WORDS;
}
