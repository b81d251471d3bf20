/** Puts objects as fast as it can, many at a time, until it is terminated. */
import { workerData } from 'node:worker_threads';
import { type ObjectRef, Store, type StoreHandle } from '../src/index.ts';

export interface GreedyData {
  readonly store: StoreHandle;
  /** Puts under way at one time; 0 to compute and leave the store alone. */
  readonly atOnce: number;
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Words: whether to work, and how much was done. */
export const GREEDY = Object.freeze({ GO: 0, PUTS: 1, WORDS: 2 });

/** The ref first, then the view: so the block returns to the actor, and not to this thread's stock. */
export function giveBack(store: Store, ref: ObjectRef<Uint8Array>): void {
  const view = ref.getSync();
  ref.release();
  store.release(view);
}

async function putForever({ store: handle, atOnce, words }: GreedyData): Promise<never> {
  const store = Store.connectSync(handle);
  const source = new Uint8Array(1024);
  const one = async (): Promise<never> => {
    for (;;) {
      Atomics.wait(words, GREEDY.GO, 0);
      giveBack(store, await store.put(source));
      Atomics.add(words, GREEDY.PUTS, 1);
    }
  };
  return Promise.race(Array.from({ length: atOnce }, one));
}

function computeForever({ words }: GreedyData): void {
  for (;;) {
    Atomics.wait(words, GREEDY.GO, 0);
    Atomics.add(words, GREEDY.PUTS, 1);
  }
}

// Absent in the main thread, which imports this for its words.
const data: GreedyData | null = workerData;
if (data !== null) await (data.atOnce === 0 ? computeForever(data) : putForever(data));
