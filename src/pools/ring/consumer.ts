import { threadId } from 'node:worker_threads';
import { InvalidArgumentError, InvariantError } from '../../state/errors.ts';
import {
  AWAKE,
  CONSUMER_POSITION_WORD,
  CONSUMER_ROLE_WORD,
  PRODUCER_POSITION_WORD,
  RECORD_HEADER_WORDS,
  RECORD_TYPE_PADDING,
  recordPayloadWords,
  recordType,
  SLEEPING,
  SLEEPING_WORD,
} from '../../state/ring-layout.ts';
import {
  acquireRole,
  type RingContent,
  type RingMemory,
  releaseRole,
  resetRing,
  type SharedWords,
  verifyRingMemory,
  viewRing,
} from './ring.ts';

const CACHE_LINE_WORDS = 16;
/** Lines in flight at once, at most: about as many as a core can wait for. */
const TOUCH_WORDS = 32 * CACHE_LINE_WORDS;

/**
 * Called for each record with its type and where its payload lies: `length` words of `words` from `start`. They are the
 * ring's own words: read them before returning, keep nothing but copies.
 */
export type RecordHandler = (type: number, words: SharedWords, start: number, length: number) => void;

/** The reading side of a ring. One thread at a time holds this role; all methods are for that thread. */
export class RingConsumer implements Disposable {
  readonly #ring: RingMemory;
  readonly #control: SharedWords;
  readonly #records: SharedWords;
  readonly #mask: number;
  readonly #owner: number;
  readonly #epoch: number;

  /** End of the last record consumed. */
  #consumed: number;
  /** The producer's position when last looked at; the true one is here or further on. */
  #producerPosition: number;
  #draining = false;
  /** Only there so that the compiler cannot drop the reads of `#touch`. */
  #touched = 0;
  #released = false;

  private constructor(ring: RingMemory, owner: number, epoch: number) {
    this.#ring = ring;
    this.#control = ring.control;
    this.#records = ring.records;
    this.#mask = ring.capacityWords - 1;
    this.#owner = owner;
    this.#epoch = epoch;
    this.#consumed = Atomics.load(ring.control, CONSUMER_POSITION_WORD);
    this.#producerPosition = Atomics.load(ring.control, PRODUCER_POSITION_WORD); // SYNC ring-publish
  }

  /**
   * Takes the consumer role of the ring at `byteOffset`. Throws `OutOfResourceError` while another holds it,
   * `InvalidArgumentError` where no such ring can lie. `owner` is written into the role word, for errors and recovery;
   * unless given, it is this thread's id + 1.
   */
  static acquire(
    sharedBuffer: SharedArrayBuffer,
    byteOffset: number,
    capacityWords: number,
    owner: number = threadId + 1,
  ): RingConsumer {
    const ring = viewRing(sharedBuffer, byteOffset, capacityWords);
    const epoch = acquireRole(ring, CONSUMER_ROLE_WORD, owner);
    return new RingConsumer(ring, owner, epoch);
  }

  /** Recycles a ring whose holders are dead; see `resetRing`. */
  static reset(sharedBuffer: SharedArrayBuffer, byteOffset: number, capacityWords: number): void {
    resetRing(sharedBuffer, byteOffset, capacityWords);
  }

  /**
   * Hands up to `limit` records to `handler`, oldest first, and returns how many. 0 means that the ring was empty; fewer
   * than `limit` does not, since the producer's position is looked at only when all records known from the last look are
   * consumed (each look takes the cache line away from the producer), and never twice in one call.
   *
   * A record is consumed whatever its handler does: if it throws, the error comes out of `drain`, and the next call goes
   * on with the record after it.
   */
  drain(handler: RecordHandler, limit: number): number {
    this.#checkDrain(limit);
    const start = this.#consumed;
    if (start === this.#producerPosition) {
      this.#producerPosition = Atomics.load(this.#control, PRODUCER_POSITION_WORD); // SYNC ring-publish
      if (start === this.#producerPosition) {
        return 0;
      }
    }
    const records = this.#records;
    const mask = this.#mask;
    const available = (this.#producerPosition - start) | 0;
    this.#touch(start, Math.min(available, TOUCH_WORDS, limit * CACHE_LINE_WORDS));
    let walked = 0;
    let handled = 0;
    this.#draining = true;
    try {
      while (walked < available && handled < limit) {
        const index = (start + walked) & mask;
        const header = records[index]!;
        const payloadWords = recordPayloadWords(header);
        const type = recordType(header);
        const next = walked + RECORD_HEADER_WORDS + payloadWords;
        if (next > available || type === 0) {
          throw this.#brokenRecord(index, header);
        }
        walked = next;
        if (type !== RECORD_TYPE_PADDING) {
          handled++;
          handler(type, records, index + RECORD_HEADER_WORDS, payloadWords);
        }
      }
    } finally {
      this.#draining = false;
      this.#consumed = (start + walked) | 0;
      Atomics.store(this.#control, CONSUMER_POSITION_WORD, this.#consumed); // SYNC ring-consume
    }
    return handled;
  }

  /** True if `drain` would find nothing. One atomic load unless records are known already. */
  isEmpty(): boolean {
    if (this.#consumed === this.#producerPosition) {
      this.#producerPosition = Atomics.load(this.#control, PRODUCER_POSITION_WORD); // SYNC ring-publish
    }
    return this.#consumed === this.#producerPosition;
  }

  /**
   * Says that this side is about to sleep, wherever it does so. True: nothing is unread, and the next `publish` and
   * `wake` will find the flag. False: records are there, stay awake (the flag is down again).
   */
  announceSleep(): boolean {
    this.#checkHeld();
    Atomics.store(this.#control, SLEEPING_WORD, SLEEPING); // SYNC ring-sleep
    if (this.isEmpty()) {
      return true;
    }
    this.cancelSleep();
    return false;
  }

  /** Takes the announcement back, after waking for whatever reason. */
  cancelSleep(): void {
    this.#checkHeld();
    Atomics.store(this.#control, SLEEPING_WORD, AWAKE); // SYNC ring-sleep
  }

  /**
   * Blocks this thread until the producer's `wake`, or until the time is up: then the result is false. True does not
   * promise a record, since a producer may also wake to tell of a change elsewhere.
   */
  park(timeoutMilliseconds: number): boolean {
    if (!this.announceSleep()) {
      return true;
    }
    const outcome = Atomics.wait(this.#control, SLEEPING_WORD, SLEEPING, timeoutMilliseconds);
    this.cancelSleep();
    return outcome !== 'timed-out';
  }

  /** Checks the ring and this side's view of it; throws `InvariantError`. Tells what is unread. */
  verify(): RingContent {
    const content = verifyRingMemory(this.#ring);
    if (this.#released || this.#draining) {
      return content;
    }
    const consumed = Atomics.load(this.#control, CONSUMER_POSITION_WORD);
    if (consumed !== this.#consumed) {
      throw new InvariantError(`Another consumer moved the ring from ${this.#consumed} to ${consumed}`, {
        expected: this.#consumed,
        present: consumed,
      });
    }
    const knownWords = (this.#producerPosition - this.#consumed) | 0;
    if (knownWords < 0 || knownWords > content.words) {
      throw new InvariantError(
        `Consumer knows of ${knownWords} unread words, the ring has ${content.words}`,
        {
          knownWords,
          words: content.words,
        },
      );
    }
    return content;
  }

  /** Gives the role back; what is unread stays for the next consumer. Harmless when repeated or after a reset. */
  release(): void {
    if (this.#draining) {
      throw new InvalidArgumentError('A handler cannot release the consumer that called it', {
        name: 'consumer',
      });
    }
    if (!this.#released) {
      this.#released = true;
      releaseRole(this.#ring, CONSUMER_ROLE_WORD, this.#owner, this.#epoch);
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #checkHeld(): void {
    if (this.#released) {
      throw new InvalidArgumentError('The consumer role was released', { name: 'consumer' });
    }
  }

  #checkDrain(limit: number): void {
    this.#checkHeld();
    if (this.#draining) {
      throw new InvalidArgumentError('A handler cannot drain the ring that called it', { name: 'consumer' });
    }
    if (!Number.isInteger(limit) || limit < 1) {
      throw new InvalidArgumentError(`limit must be a positive integer, not ${String(limit)}`, {
        name: 'limit',
        value: Number(limit),
      });
    }
  }

  /**
   * Reads one word of each cache line about to be drained. These reads do not depend on each other, so the processor
   * fetches the lines from the producer's core at the same time; walking from record to record, it would wait for one
   * after the other. Makes batches of records copied in up to a quarter cheaper.
   */
  #touch(start: number, words: number): void {
    const records = this.#records;
    const mask = this.#mask;
    let touched = this.#touched;
    for (let ahead = 0; ahead < words; ahead += CACHE_LINE_WORDS) {
      touched |= records[(start + ahead) & mask]!;
    }
    this.#touched = touched;
  }

  #brokenRecord(index: number, header: number): InvariantError {
    return new InvariantError(`Ring record at word ${index} has an impossible header ${header}`, {
      index,
      header,
      consumed: this.#consumed,
      producerPosition: this.#producerPosition,
    });
  }
}
