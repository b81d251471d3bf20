/** The other thread of the ring tests: plays one part, named by `workerData.part`. */

import { parentPort, workerData } from 'node:worker_threads';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { SLEEPING, SLEEPING_WORD } from '../../src/state/ring-layout.ts';

export interface RingWorkerData {
  readonly part: 'send' | 'receive' | 'stopInClaim' | 'sleep';
  readonly memory: SharedArrayBuffer;
  readonly capacityWords: number;
  /** Word 0: set by the worker when it is where the test wants it. */
  readonly gate: SharedArrayBuffer;
  readonly records: number;
  readonly seed: number;
}

export interface RingWorkerReport {
  readonly records: number;
  readonly checksum: number;
  /** Records whose type, length or words differ from what was sent at that turn. */
  readonly wrong: number;
}

/** Pseudo-random sequence that both threads can compute (xorshift). */
function sequence(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

const mix = (checksum: number, word: number): number => (Math.imul(checksum, 31) + word) | 0;

/** Sends records of 0 to 15 words, published singly or several at once, as chance has it. */
function send({ memory, capacityWords, records, seed }: RingWorkerData): RingWorkerReport {
  using producer = RingProducer.acquire(memory, 0, capacityWords);
  const next = sequence(seed);
  let checksum = 0;
  for (let sent = 0; sent < records; sent++) {
    const shape = next();
    const type = 1 + ((shape >>> 8) % 254);
    const length = shape & 15;
    let index = producer.claim(type, length);
    while (index < 0) {
      producer.publish();
      producer.wake();
      index = producer.claim(type, length);
    }
    checksum = mix(checksum, type);
    for (let offset = 0; offset < length; offset++) {
      const word = next();
      producer.words[index + offset] = word;
      checksum = mix(checksum, word);
    }
    if ((shape & 0x30) !== 0) {
      producer.publish();
      producer.wake();
    }
  }
  producer.publish();
  producer.wake();
  return { records, checksum, wrong: 0 };
}

/** Receives them, checks each word against the sequence, and parks whenever there is nothing. */
function receive({ memory, capacityWords, records, seed }: RingWorkerData): RingWorkerReport {
  using consumer = RingConsumer.acquire(memory, 0, capacityWords);
  const next = sequence(seed);
  let checksum = 0;
  let received = 0;
  let wrong = 0;
  while (received < records) {
    const drained = consumer.drain((type, words, start, length) => {
      const shape = next();
      let right = type === 1 + ((shape >>> 8) % 254) && length === (shape & 15);
      checksum = mix(checksum, type);
      for (let offset = 0; offset < length; offset++) {
        right = words[start + offset] === next() && right;
        checksum = mix(checksum, words[start + offset]!);
      }
      received++;
      wrong += right ? 0 : 1;
    }, 100);
    if (drained === 0 && !consumer.park(20_000)) {
      throw new Error('Nobody woke the consumer');
    }
  }
  consumer.verify();
  return { records: received, checksum, wrong };
}

/** Publishes three records, then stops for ever in the middle of writing two more. */
function stopInClaim({ memory, capacityWords, gate }: RingWorkerData): never {
  const producer = RingProducer.acquire(memory, 0, capacityWords);
  for (let value = 1; value <= 3; value++) {
    producer.tryWrite(7, [value, value * 10]);
  }
  producer.words[producer.claim(8, 4)] = 666;
  producer.words[producer.claim(9, 2)] = 667;
  const word = new Int32Array(gate);
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  for (;;) {
    Atomics.wait(word, 0, 1);
  }
}

/**
 * Sleeps once, as `park` does, and opens the gate between its last look and its sleep. Reports how it woke: `records` is 1
 * if it was woken, or the wake came before the sleep; 0 if its time ran out.
 */
function sleep({ memory, capacityWords, gate }: RingWorkerData): RingWorkerReport {
  using consumer = RingConsumer.acquire(memory, 0, capacityWords);
  const wasEmpty = consumer.announceSleep();
  const word = new Int32Array(gate);
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  const outcome = Atomics.wait(new Int32Array(memory), SLEEPING_WORD, SLEEPING, 20_000);
  consumer.cancelSleep();
  return { records: wasEmpty && outcome !== 'timed-out' ? 1 : 0, checksum: 0, wrong: 0 };
}

const PARTS = { send, receive, stopInClaim, sleep };
const data = workerData as RingWorkerData;
parentPort?.postMessage(PARTS[data.part](data));
