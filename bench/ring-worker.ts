/** One end of a ring benchmark; see `ring.ts`. */

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { RingBuffer } from 'ringbuf.js';
import { RingConsumer } from '../src/pools/ring/consumer.ts';
import { RingProducer } from '../src/pools/ring/producer.ts';

/** What is measured: two ways of writing into our ring, the peer, and the platform's own means. */
export type RingSubject = 'claim' | 'append' | 'ringbuf.js' | 'postMessage';

export interface RingWorkerData {
  readonly subject: RingSubject;
  readonly role: 'producer' | 'consumer';
  /** Messages published at once. */
  readonly batch: number;
  readonly memory: SharedArrayBuffer;
  readonly peerMemory: SharedArrayBuffer;
  /** One word, in which the two ends meet before each round. */
  readonly gate: SharedArrayBuffer;
  readonly port: MessagePort;
}

export interface RoundRequest {
  readonly messages: number;
  /** Into how many parts the receiver divides the round's time. */
  readonly parts: number;
}

export interface RoundReport {
  readonly startNanoseconds: bigint;
  /** When each part had arrived (receiver only). */
  readonly partNanoseconds: readonly bigint[];
  /** Sum of all words sent or received, modulo 2^32. */
  readonly checksum: number;
  /** Messages received out of turn. */
  readonly disorder: number;
}

/** 64 KiB of records: what one client of a store has in each direction. */
export const RING_CAPACITY_WORDS = 16_384;
/** 32 bytes. */
const MESSAGE_WORDS = 8;
/** Messages taken out at once, at most. */
const TAKE_LIMIT = 64;
const MESSAGE_TYPE = 1;

/** Sends messages numbered from 0; returns the sum of their words. */
type Send = (messages: number) => number;
/** Takes messages until the tally has counted so many of this round. */
type Receive = (count: number) => void | Promise<void>;

/** What has arrived in this round. */
class Tally {
  received = 0;
  checksum = 0;
  disorder = 0;

  take(words: Int32Array, start: number): void {
    let sum = 0;
    for (let offset = 0; offset < MESSAGE_WORDS; offset++) {
      sum = (sum + words[start + offset]!) | 0;
    }
    this.disorder += words[start] === this.received ? 0 : 1;
    this.checksum = (this.checksum + sum) | 0;
    this.received++;
  }

  restart(): void {
    this.received = 0;
    this.checksum = 0;
    this.disorder = 0;
  }
}

function sendByClaim({ memory, batch }: RingWorkerData): Send {
  const producer = RingProducer.acquire(memory, 0, RING_CAPACITY_WORDS);
  const words = producer.words;
  return (messages) => {
    let checksum = 0;
    for (let sent = 0; sent < messages; ) {
      for (let end = Math.min(sent + batch, messages); sent < end; sent++) {
        let index = producer.claim(MESSAGE_TYPE, MESSAGE_WORDS);
        while (index < 0) {
          producer.publish();
          index = producer.claim(MESSAGE_TYPE, MESSAGE_WORDS);
        }
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) {
          words[index + offset] = sent + offset;
          checksum = (checksum + sent + offset) | 0;
        }
      }
      producer.publish();
    }
    return checksum;
  };
}

function sendByAppend({ memory, batch }: RingWorkerData): Send {
  const producer = RingProducer.acquire(memory, 0, RING_CAPACITY_WORDS);
  const staging = new Int32Array(MESSAGE_WORDS);
  return (messages) => {
    let checksum = 0;
    for (let sent = 0; sent < messages; ) {
      for (let end = Math.min(sent + batch, messages); sent < end; sent++) {
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) {
          staging[offset] = sent + offset;
          checksum = (checksum + sent + offset) | 0;
        }
        while (!producer.tryAppend(MESSAGE_TYPE, staging, MESSAGE_WORDS)) {
          producer.publish();
        }
      }
      producer.publish();
    }
    return checksum;
  };
}

function sendByRingbuf({ peerMemory, batch }: RingWorkerData): Send {
  const ring = new RingBuffer(peerMemory, Int32Array);
  const staging = new Int32Array(batch * MESSAGE_WORDS);
  return (messages) => {
    let checksum = 0;
    for (let sent = 0; sent < messages; ) {
      let filled = 0;
      for (let end = Math.min(sent + batch, messages); sent < end; sent++) {
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) {
          staging[filled++] = sent + offset;
          checksum = (checksum + sent + offset) | 0;
        }
      }
      for (let pushed = 0; pushed < filled; ) {
        pushed += ring.push(staging, filled - pushed, pushed);
      }
    }
    return checksum;
  };
}

function sendByPost({ port, batch }: RingWorkerData): Send {
  const staging = new Int32Array(batch * MESSAGE_WORDS);
  return (messages) => {
    let checksum = 0;
    for (let sent = 0; sent < messages; ) {
      let filled = 0;
      for (let end = Math.min(sent + batch, messages); sent < end; sent++) {
        for (let offset = 0; offset < MESSAGE_WORDS; offset++) {
          staging[filled++] = sent + offset;
          checksum = (checksum + sent + offset) | 0;
        }
      }
      port.postMessage(filled === staging.length ? staging : staging.subarray(0, filled));
    }
    return checksum;
  };
}

function receiveByDrain({ memory }: RingWorkerData, tally: Tally): Receive {
  const consumer = RingConsumer.acquire(memory, 0, RING_CAPACITY_WORDS);
  const take = (_type: number, words: Int32Array, start: number): void => tally.take(words, start);
  return (count) => {
    while (tally.received < count) {
      consumer.drain(take, TAKE_LIMIT);
    }
  };
}

function receiveByRingbuf({ peerMemory }: RingWorkerData, tally: Tally): Receive {
  const ring = new RingBuffer(peerMemory, Int32Array);
  const staging = new Int32Array(TAKE_LIMIT * MESSAGE_WORDS);
  return (count) => {
    while (tally.received < count) {
      // The peer's capacity is a whole number of messages, so no message ever arrives in pieces.
      const end = ring.pop(staging);
      for (let start = 0; start < end; start += MESSAGE_WORDS) {
        tally.take(staging, start);
      }
    }
  };
}

function receiveByEvents({ port }: RingWorkerData, tally: Tally): Receive {
  let wanted = 0;
  let arrived = (): void => {};
  port.on('message', (words: Int32Array) => {
    for (let start = 0; start < words.length; start += MESSAGE_WORDS) {
      tally.take(words, start);
    }
    if (tally.received >= wanted) {
      arrived();
    }
  });
  return (count) =>
    new Promise((resolve) => {
      wanted = count;
      arrived = resolve;
      if (tally.received >= wanted) {
        resolve();
      }
    });
}

const SENDERS = {
  claim: sendByClaim,
  append: sendByAppend,
  'ringbuf.js': sendByRingbuf,
  postMessage: sendByPost,
} as const;

const RECEIVERS = {
  claim: receiveByDrain,
  append: receiveByDrain,
  'ringbuf.js': receiveByRingbuf,
  postMessage: receiveByEvents,
} as const;

/** Waits until both ends are here. Spins: whoever comes first must not be asleep when the round begins. */
function meet(gate: Int32Array): void {
  const arrived = Atomics.add(gate, 0, 1);
  const meeting = arrived - (arrived % 2);
  while (Atomics.load(gate, 0) < meeting + 2) {}
}

/** Serves rounds until the main thread terminates this worker. */
function serve(data: RingWorkerData, commands: MessagePort): void {
  const gate = new Int32Array(data.gate);
  const tally = new Tally();
  const send = data.role === 'producer' ? SENDERS[data.subject](data) : undefined;
  const receive = data.role === 'consumer' ? RECEIVERS[data.subject](data, tally) : undefined;
  commands.on('message', async ({ messages, parts }: RoundRequest) => {
    tally.restart();
    meet(gate);
    const startNanoseconds = process.hrtime.bigint();
    const partNanoseconds: bigint[] = [];
    let checksum = send?.(messages);
    if (receive !== undefined) {
      for (let part = 1; part <= parts; part++) {
        await receive((messages / parts) * part);
        partNanoseconds.push(process.hrtime.bigint());
      }
    }
    checksum ??= tally.checksum;
    const report: RoundReport = { startNanoseconds, partNanoseconds, checksum, disorder: tally.disorder };
    commands.postMessage(report);
  });
}

// Nothing is served when the main thread imports this file for its types and constants.
if (parentPort !== null) {
  serve(workerData as RingWorkerData, parentPort);
}
