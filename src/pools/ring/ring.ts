/**
 * What the two sides of a ring share: finding it in memory, taking and giving back roles, recycling, and checking.
 * The layout is in `state/ring-layout.ts`, the algorithms in `producer.ts` and `consumer.ts`.
 *
 * Hand-offs between the two threads, each labelled at both ends:
 *
 * - `SYNC ring-publish`: the producer's store of its position makes the records before it visible to the consumer.
 * - `SYNC ring-consume`: the consumer's store of its position makes the words before it free for the producer.
 * - `SYNC ring-sleep`: the consumer stores *sleeping*, then loads the producer's position; the producer stores its
 *   position, then loads *sleeping*. Both are sequentially consistent, so at least one of them sees the other.
 * - `SYNC ring-role`: giving a role back makes the whole state of the ring visible to whoever takes it next.
 */

import { InvalidArgumentError, InvariantError, OutOfResourceError } from '../../state/errors.ts';
import {
  AWAKE,
  CAPACITY_WORD,
  CONSUMER_POSITION_WORD,
  CONSUMER_ROLE_WORD,
  checkRingCapacity,
  EPOCH_WORD,
  maximumPayloadWords,
  PRODUCER_POSITION_WORD,
  PRODUCER_ROLE_WORD,
  RECORD_HEADER_WORDS,
  RECORD_TYPE_PADDING,
  RECORDS_WORD,
  RING_ALIGNMENT_BYTES,
  ROLE_FREE,
  recordPayloadWords,
  recordType,
  ringTotalBytes,
  SLEEPING,
  SLEEPING_WORD,
  WORD_BYTES,
} from '../../state/ring-layout.ts';

/** The words of a ring in shared memory. */
export type SharedWords = Int32Array<SharedArrayBuffer>;

/** One ring in memory: its control words and its records area. */
export interface RingMemory {
  readonly control: SharedWords;
  readonly records: SharedWords;
  readonly capacityWords: number;
}

/** What a check of a ring found unread. */
export interface RingContent {
  /** Records, not counting padding. */
  readonly records: number;
  /** Words taken, counting headers and padding. */
  readonly words: number;
}

/** Views of the ring at `byteOffset`; refuses a place where no ring can lie. Writes nothing. */
export function viewRing(
  sharedBuffer: SharedArrayBuffer,
  byteOffset: number,
  capacityWords: number,
): RingMemory {
  checkRingCapacity(capacityWords);
  if (!(sharedBuffer instanceof SharedArrayBuffer)) {
    throw new InvalidArgumentError('A ring needs a SharedArrayBuffer', { name: 'sharedBuffer' });
  }
  const bytes = ringTotalBytes(capacityWords);
  if (
    !Number.isInteger(byteOffset) ||
    byteOffset < 0 ||
    byteOffset % RING_ALIGNMENT_BYTES !== 0 ||
    byteOffset + bytes > sharedBuffer.byteLength
  ) {
    throw new InvalidArgumentError(
      `byteOffset must be a multiple of ${RING_ALIGNMENT_BYTES} that leaves ${bytes} bytes for the ring in a buffer of ` +
        `${sharedBuffer.byteLength}, not ${String(byteOffset)}`,
      {
        name: 'byteOffset',
        value: Number(byteOffset),
        ringBytes: bytes,
        bufferBytes: sharedBuffer.byteLength,
      },
    );
  }
  return {
    control: new Int32Array(sharedBuffer, byteOffset, RECORDS_WORD),
    records: new Int32Array(sharedBuffer, byteOffset + RECORDS_WORD * WORD_BYTES, capacityWords),
    capacityWords,
  };
}

/**
 * Takes a role for `owner`, or throws `OutOfResourceError` if another holds it. Returns the epoch it was taken in.
 * The first to come writes the capacity; a later one must name the same.
 */
export function acquireRole(ring: RingMemory, roleWord: number, owner: number): number {
  const { control, capacityWords } = ring;
  if (!Number.isInteger(owner) || owner <= ROLE_FREE || owner > 0x7fffffff) {
    throw new InvalidArgumentError(`owner must be a positive 32-bit integer, not ${String(owner)}`, {
      name: 'owner',
      value: Number(owner),
    });
  }
  const present = Atomics.compareExchange(control, CAPACITY_WORD, 0, capacityWords);
  if (present !== 0 && present !== capacityWords) {
    throw new InvalidArgumentError(`This ring has a capacity of ${present} words, not ${capacityWords}`, {
      name: 'capacityWords',
      value: capacityWords,
      present,
    });
  }
  // SYNC ring-role (taking)
  const holder = Atomics.compareExchange(control, roleWord, ROLE_FREE, owner);
  if (holder !== ROLE_FREE) {
    const role = roleWord === PRODUCER_ROLE_WORD ? 'producer' : 'consumer';
    throw new OutOfResourceError(`The ring's only ${role} role is held by owner ${holder}`, {
      role,
      holder,
      owner,
    });
  }
  return Atomics.load(control, EPOCH_WORD);
}

/** Gives a role back, unless the ring was reset since it was taken. */
export function releaseRole(ring: RingMemory, roleWord: number, owner: number, epoch: number): void {
  if (Atomics.load(ring.control, EPOCH_WORD) === epoch) {
    // SYNC ring-role (giving back)
    Atomics.compareExchange(ring.control, roleWord, owner, ROLE_FREE);
  }
}

/**
 * Recycles a ring: empty, awake, both roles free. For the ring's owner alone, and only once no thread that held a
 * role can run any more (death notice and own acknowledgement): a living holder would go on at its old positions.
 * Holders on the owner's own side acquire anew.
 *
 * `startPosition` is where both positions begin; any 32-bit integer does. Tests start just below the wrap-around.
 */
export function resetRing(
  sharedBuffer: SharedArrayBuffer,
  byteOffset: number,
  capacityWords: number,
  startPosition = 0,
): void {
  const { control } = viewRing(sharedBuffer, byteOffset, capacityWords);
  Atomics.add(control, EPOCH_WORD, 1);
  Atomics.store(control, CAPACITY_WORD, capacityWords);
  Atomics.store(control, PRODUCER_POSITION_WORD, startPosition);
  Atomics.store(control, CONSUMER_POSITION_WORD, startPosition);
  Atomics.store(control, SLEEPING_WORD, AWAKE);
  // SYNC ring-role (giving back): last, so that nobody can take a role before the ring is whole.
  Atomics.store(control, PRODUCER_ROLE_WORD, ROLE_FREE);
  Atomics.store(control, CONSUMER_ROLE_WORD, ROLE_FREE);
}

/**
 * Checks everything that must hold in a ring and tells what is unread; throws `InvariantError` otherwise.
 *
 * Safe at any time in the thread of either role: the producer alone overwrites records, the consumer alone frees
 * them. From a third thread only while both roles rest.
 */
export function verifyRing(
  sharedBuffer: SharedArrayBuffer,
  byteOffset: number,
  capacityWords: number,
): RingContent {
  return verifyRingMemory(viewRing(sharedBuffer, byteOffset, capacityWords));
}

/** As `verifyRing`, for a ring already viewed. */
export function verifyRingMemory(ring: RingMemory): RingContent {
  const { control, records, capacityWords } = ring;
  // The consumer's position first: the producer's, loaded later, is then never behind it.
  const consumerPosition = Atomics.load(control, CONSUMER_POSITION_WORD); // SYNC ring-consume
  const producerPosition = Atomics.load(control, PRODUCER_POSITION_WORD); // SYNC ring-publish
  const words = (producerPosition - consumerPosition) | 0;
  const place = { consumerPosition, producerPosition, capacityWords };

  const capacityPresent = Atomics.load(control, CAPACITY_WORD);
  if (capacityPresent !== 0 && capacityPresent !== capacityWords) {
    throw new InvariantError(
      `Ring says its capacity is ${capacityPresent} words, not ${capacityWords}`,
      place,
    );
  }
  if (words < 0 || words > capacityWords) {
    throw new InvariantError(`Ring positions are ${words} words apart, capacity ${capacityWords}`, place);
  }
  const sleeping = Atomics.load(control, SLEEPING_WORD);
  if (sleeping !== AWAKE && sleeping !== SLEEPING) {
    throw new InvariantError(`Ring's sleeping word is ${sleeping}`, place);
  }
  for (const roleWord of [PRODUCER_ROLE_WORD, CONSUMER_ROLE_WORD]) {
    const holder = Atomics.load(control, roleWord);
    if (holder < ROLE_FREE) {
      throw new InvariantError(`Ring's role word ${roleWord} names owner ${holder}`, place);
    }
  }

  let recordCount = 0;
  for (let walked = 0; walked < words; ) {
    const index = (consumerPosition + walked) & (capacityWords - 1);
    const header = records[index]!;
    const type = recordType(header);
    const payloadWords = recordPayloadWords(header);
    const end = index + RECORD_HEADER_WORDS + payloadWords;
    const record = { ...place, index, type, payloadWords };
    if (type === 0) {
      throw new InvariantError(`Ring record at word ${index} has no type`, record);
    }
    if (end > capacityWords) {
      throw new InvariantError(`Ring record at word ${index} crosses the end of the ring`, record);
    }
    if (type === RECORD_TYPE_PADDING && end !== capacityWords) {
      throw new InvariantError(`Ring padding at word ${index} stops before the end of the ring`, record);
    }
    if (type !== RECORD_TYPE_PADDING && payloadWords > maximumPayloadWords(capacityWords)) {
      throw new InvariantError(`Ring record at word ${index} is longer than a record may be`, record);
    }
    walked += RECORD_HEADER_WORDS + payloadWords;
    if (walked > words) {
      throw new InvariantError(`Ring record at word ${index} crosses the producer's position`, record);
    }
    recordCount += type === RECORD_TYPE_PADDING ? 0 : 1;
  }
  return { records: recordCount, words };
}
