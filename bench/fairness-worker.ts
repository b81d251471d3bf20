/** Puts objects as fast as it can, or computes, until it is terminated. */
import { workerData } from 'node:worker_threads';
import { type ObjectRef, Store, type StoreHandle } from '../src/index.ts';

export interface GreedyData {
  readonly store: StoreHandle;
  /** Whether to put, or to leave the store alone. */
  readonly work: 'puts' | 'computes';
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Words: whether to work, and how much was done. */
export const GREEDY = Object.freeze({ GO: 0, PUTS: 1, WORDS: 2 });

/** The ref first, then the view: so the block is free for everybody, and not in this thread's stock. */
export function giveBack(store: Store, ref: ObjectRef<Uint8Array>): void {
  const view = ref.getSync();
  ref.release();
  store.release(view);
}

function putForever({ store: handle, words }: GreedyData): void {
  const store = Store.connectSync(handle);
  const source = new Uint8Array(1024);
  for (;;) {
    Atomics.wait(words, GREEDY.GO, 0);
    giveBack(store, store.putSync(source));
    Atomics.add(words, GREEDY.PUTS, 1);
  }
}

function computeForever({ words }: GreedyData): void {
  for (;;) {
    Atomics.wait(words, GREEDY.GO, 0);
    Atomics.add(words, GREEDY.PUTS, 1);
  }
}

// Absent in the main thread, which imports this for its words.
const data: GreedyData | null = workerData;
if (data?.work === 'computes') computeForever(data);
if (data?.work === 'puts') putForever(data);
