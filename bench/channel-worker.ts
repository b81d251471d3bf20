/** The other side of a channel, or of what it is compared with: reads all, or answers each. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Channel, ChannelFinishedError, type ChannelToken, Store, type StoreHandle } from '../src/index.ts';

/** How values come and, for round trips, go back. */
export type ChannelPeer =
  | {
      readonly kind: 'channel';
      readonly store: StoreHandle;
      readonly to: ChannelToken;
      readonly back?: ChannelToken;
    }
  | { readonly kind: 'atomics'; readonly sleeps: boolean; readonly words: Int32Array<SharedArrayBuffer> }
  | { readonly kind: 'postMessage'; readonly answers: boolean; readonly read: Int32Array<SharedArrayBuffer> };

/** Words of the bare hand-over: bumped by main, then by the worker; and 1 while it is measured. */
export const HAND_OVER = Object.freeze({ TO: 0, BACK: 32, GO: 64, WORDS: 96 });

function channel({ store: handle, to, back }: ChannelPeer & { kind: 'channel' }): void {
  const store = Store.connectSync(handle);
  const reader = Channel.connect(store, to).openReader();
  const answers = back === undefined ? undefined : Channel.connect(store, back).openWriter();
  try {
    for (;;) {
      const value = reader.readAcquireSync();
      if (value instanceof Uint8Array) answers?.writeSync(value.subarray(0, 8));
      reader.readRelease();
    }
  } catch (error) {
    if (!(error instanceof ChannelFinishedError)) throw error;
    answers?.abort();
  }
}

function atomics({ words, sleeps }: ChannelPeer & { kind: 'atomics' }): void {
  for (let turn = 0; ; turn++) {
    while (Atomics.load(words, HAND_OVER.TO) === turn) {
      if (sleeps) Atomics.wait(words, HAND_OVER.TO, turn);
      // Others take their turns meanwhile, and need the processor.
      else Atomics.wait(words, HAND_OVER.GO, 0);
    }
    Atomics.store(words, HAND_OVER.BACK, turn + 1);
    if (sleeps) Atomics.notify(words, HAND_OVER.BACK);
  }
}

function posted(port: MessagePort, { answers, read }: ChannelPeer & { kind: 'postMessage' }): void {
  port.on('message', (value: Uint8Array) => {
    if (answers) port.postMessage(value.slice(0, 8));
    Atomics.add(read, 0, 1);
    Atomics.notify(read, 0);
  });
}

// Absent in the main thread, which imports this for its words.
const peer: ChannelPeer | null = workerData;
if (peer?.kind === 'channel') channel(peer);
if (peer?.kind === 'atomics') atomics(peer);
if (peer?.kind === 'postMessage' && parentPort !== null) posted(parentPort, peer);
