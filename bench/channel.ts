/**
 * Channels: versions from this thread to a worker, and round trips over two of them, beside `postMessage` and beside the
 * bare hand-over of a word, spinning and sleeping, which nothing can beat.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Channel, Store } from '../src/index.ts';
import { type ChannelPeer, HAND_OVER } from './channel-worker.ts';
import type { Row, Run, Scale, Subject } from './harness.ts';

const ROUND_BYTES = { full: 512 * 2 ** 20, quick: 64 * 2 ** 20 };
const VERSIONS_MOST = { full: 10_000, quick: 2_000 };
const ROUND_TRIPS = { full: 2_000, quick: 500 };
/** With two processors, the compiler's threads disturb the first thousands of round trips. */
const WARM_UP_TRIPS = 10_000;
const STORE_BYTES = 64 * 2 ** 20;

async function start(peer: ChannelPeer): Promise<Worker> {
  const url = new URL('./channel-worker.js', import.meta.url);
  const worker = new Worker(url, { workerData: peer, execArgv: [] });
  await once(worker, 'online');
  return worker;
}

/** Microseconds per piece of work. */
function timed(count: number, work: () => void): number {
  const startedMs = performance.now();
  for (let turn = 0; turn < count; turn++) work();
  return ((performance.now() - startedMs) * 1000) / count;
}

function versionsOf(sizeBytes: number, scale: Scale): number {
  const which = scale.quick ? 'quick' : 'full';
  return Math.min(VERSIONS_MOST[which], Math.floor(ROUND_BYTES[which] / sizeBytes));
}

async function openEnds(depth: number, answers: boolean) {
  const store = await Store.create({ memory: STORE_BYTES, spillLimit: 0 });
  const to = Channel.create<Uint8Array>(store, { depth });
  const back = answers ? Channel.create<Uint8Array>(store) : undefined;
  const tokens = { to: to.token, ...(back === undefined ? {} : { back: back.token }) };
  const worker = await start({ kind: 'channel', store: store.handle, ...tokens });
  const writer = to.openWriter();
  return {
    writer,
    reader: back?.openReader(),
    tearDown: async () => {
      const exited = once(worker, 'exit');
      await writer.close();
      await exited;
      await store.close();
    },
  };
}

function throughChannel(name: string, sizeBytes: number, depth: number, inPlace: boolean): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const { writer, tearDown } = await openEnds(depth, false);
      const source = new Uint8Array(sizeBytes).fill(1);
      const write = inPlace
        ? () => {
            writer.writeAcquireSync(sizeBytes).bytes.fill(1);
            writer.writeRelease();
          }
        : () => writer.writeSync(source);
      return {
        tearDown,
        round: () => {
          const count = versionsOf(sizeBytes, scale);
          const written = timed(count, write);
          return written + timed(1, () => waitUntil(() => writer.unread === 0)) / count;
        },
      };
    },
  };
}

function throughMessages(name: string, sizeBytes: number): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const read = new Int32Array(new SharedArrayBuffer(4));
      const worker = await start({ kind: 'postMessage', answers: false, read });
      const source = new Uint8Array(sizeBytes).fill(1);
      let sent = 0;
      return {
        tearDown: async () => void (await worker.terminate()),
        round: () =>
          timed(versionsOf(sizeBytes, scale), () => {
            worker.postMessage(source);
            sent++;
            // As many on their way as the channel lets be unread.
            waitUntil(() => sent - Atomics.load(read, 0) < 16);
          }),
      };
    },
  };
}

function waitUntil(isSo: () => boolean): void {
  while (!isSo());
}

interface Trips {
  readonly trip: () => void;
  readonly tearDown: () => Promise<void>;
  /** Told before and behind each round. */
  readonly turn?: (isMine: boolean) => void;
}

function roundTrip(name: string, setUp: () => Promise<Trips>): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const { trip, tearDown, turn } = await setUp();
      const run = (count: number): number => {
        turn?.(true);
        const microseconds = timed(count, trip);
        turn?.(false);
        return microseconds;
      };
      run(WARM_UP_TRIPS);
      return { tearDown, round: () => run(scale.quick ? ROUND_TRIPS.quick : ROUND_TRIPS.full) };
    },
  };
}

function bareTrip(sleeps: boolean) {
  return async (): Promise<Trips> => {
    const words = new Int32Array(new SharedArrayBuffer(HAND_OVER.WORDS * 4));
    const worker = await start({ kind: 'atomics', sleeps, words });
    let turn = 0;
    return {
      tearDown: async () => void (await worker.terminate()),
      turn: (isMine) => {
        Atomics.store(words, HAND_OVER.GO, isMine ? 1 : 0);
        Atomics.notify(words, HAND_OVER.GO);
      },
      trip: () => {
        turn++;
        Atomics.store(words, HAND_OVER.TO, turn);
        if (sleeps) Atomics.notify(words, HAND_OVER.TO);
        while (Atomics.load(words, HAND_OVER.BACK) !== turn)
          if (sleeps) Atomics.wait(words, HAND_OVER.BACK, turn - 1);
      },
    };
  };
}

const messageTrip: Subject = {
  name: 'postMessage and back',
  setUp: async (scale): Promise<Run> => {
    const worker = await start({
      kind: 'postMessage',
      answers: true,
      read: new Int32Array(new SharedArrayBuffer(4)),
    });
    const value = new Uint8Array(8);
    return {
      tearDown: async () => void (await worker.terminate()),
      round: async () => {
        const count = scale.quick ? ROUND_TRIPS.quick : ROUND_TRIPS.full;
        const startedMs = performance.now();
        for (let turn = 0; turn < count; turn++) {
          const answer = once(worker, 'message');
          worker.postMessage(value);
          await answer;
        }
        return ((performance.now() - startedMs) * 1000) / count;
      },
    };
  },
};

function versionsRow(size: string, sizeBytes: number): Row {
  return {
    name: `channel: versions of ${size} to one reader`,
    unit: 'µs/version',
    subjects: [
      throughChannel('channel, depth 16', sizeBytes, 16, false),
      throughChannel('channel, depth 1', sizeBytes, 1, false),
      throughChannel('channel, depth 1, written in place', sizeBytes, 1, true),
      throughMessages('postMessage, 16 on their way', sizeBytes),
    ],
    claims: [{ subject: 'channel, depth 16', against: ['postMessage, 16 on their way'], times: 1 }],
  };
}

export const rows: readonly Row[] = [
  versionsRow('128 B', 128),
  versionsRow('1 MiB', 2 ** 20),
  {
    name: 'channel: round trip of 8 bytes over two channels',
    unit: 'µs/round trip',
    subjects: [
      roundTrip('channels, sync', async () => {
        const { writer, reader, tearDown } = await openEnds(1, true);
        const value = new Uint8Array(8);
        return {
          tearDown,
          trip: () => {
            writer.writeSync(value);
            reader?.readAcquireSync();
            reader?.readRelease();
          },
        };
      }),
      messageTrip,
      roundTrip('bound: a word, spinning', bareTrip(false)),
      roundTrip('bound: a word, sleeping', bareTrip(true)),
    ],
    claims: [{ subject: 'channels, sync', against: ['postMessage and back'], times: 1 }],
  },
];
