/**
 * Rings: messages of 32 bytes from one worker thread to another.
 *
 * All ring subjects have the same capacity in words, spin without a pause on both sides, publish the same number of
 * messages at once, and take at most the same number out at once. Each message is checked for order, all words are
 * summed up, and a wrong sum fails the benchmark.
 */

import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { ringTotalBytes } from '../src/state/ring-layout.ts';
import type { Row, Run, Scale, Subject } from './harness.ts';
import {
  RING_CAPACITY_WORDS,
  type RingSubject,
  type RingWorkerData,
  type RoundReport,
  type RoundRequest,
} from './ring-worker.ts';

/**
 * Each round gives so many samples: parts short enough (about a millisecond) that most of them escape when another
 * process takes a processor away for one time slice.
 */
const PARTS_PER_ROUND = 20;
const MESSAGES_PER_ROUND = { full: 400_000, quick: 100_000 };
const MESSAGES_PER_ROUND_POSTED = { full: 40_000, quick: 10_000 };

/** Two workers, kept over all rounds so that their code stays compiled. */
class Pair implements Run {
  readonly #workers: readonly Worker[];
  readonly #messages: number;

  constructor(subject: RingSubject, batch: number, scale: Scale) {
    const isPosted = subject === 'postMessage';
    const messages = isPosted ? MESSAGES_PER_ROUND_POSTED : MESSAGES_PER_ROUND;
    this.#messages = scale.quick ? messages.quick : messages.full;
    // The peer needs 8 bytes for its positions and one element that it never fills; ours needs its control words.
    const memory = new SharedArrayBuffer(ringTotalBytes(RING_CAPACITY_WORDS));
    const peerMemory = new SharedArrayBuffer(8 + (RING_CAPACITY_WORDS + 1) * 4);
    const gate = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const start = (role: 'producer' | 'consumer', port: MessagePort): Worker => {
      const workerData: RingWorkerData = { subject, role, batch, memory, peerMemory, gate, port };
      return new Worker(new URL('./ring-worker.js', import.meta.url), {
        workerData,
        transferList: [port],
        execArgv: [],
      });
    };
    this.#workers = [start('producer', port1), start('consumer', port2)];
  }

  async round(): Promise<readonly number[]> {
    const request: RoundRequest = { messages: this.#messages, parts: PARTS_PER_ROUND };
    const [sent, received] = (await Promise.all(
      this.#workers.map(async (worker) => {
        worker.postMessage(request);
        return (await once(worker, 'message'))[0];
      }),
    )) as [RoundReport, RoundReport];
    if (sent.checksum !== received.checksum || received.disorder !== 0) {
      throw new Error(`Messages were lost or changed: ${JSON.stringify({ sent, received })}`);
    }
    let before = sent.startNanoseconds;
    return received.partNanoseconds.map((arrived) => {
      const nanoseconds = Number(arrived - before) / (this.#messages / PARTS_PER_ROUND);
      before = arrived;
      return nanoseconds;
    });
  }

  async tearDown(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function subject(name: string, kind: RingSubject, batch: number): Subject {
  return { name, setUp: (scale) => new Pair(kind, batch, scale) };
}

function ringRow(name: string, batch: number): Row {
  return {
    name,
    unit: 'ns/message',
    subjects: [
      subject('Plasmoid ring, written in place', 'claim', batch),
      subject('Plasmoid ring, copied in', 'append', batch),
      subject('ringbuf.js', 'ringbuf.js', batch),
      subject('postMessage', 'postMessage', batch),
    ],
    claims: [
      {
        subject: 'Plasmoid ring, written in place',
        orElse: ['Plasmoid ring, copied in'],
        against: ['ringbuf.js', 'postMessage'],
        times: 1,
      },
    ],
  };
}

export const rows: readonly Row[] = [
  ringRow('ring: 32-byte messages, published one by one', 1),
  ringRow('ring: 32-byte messages, published in batches of 16', 16),
];
