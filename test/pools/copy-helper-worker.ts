/** A worker of the test of large copies: puts arrays whose every word says where it belongs. */
import { parentPort, workerData } from 'node:worker_threads';
import { Store, type StoreHandle } from '../../src/index.ts';

/** What such a worker is told. */
export interface PutOrder {
  readonly store: StoreHandle;
  readonly seed: number;
  readonly lengths: readonly number[];
  /** Instead of telling the tokens: to put and release for ever, and to count in this word. */
  readonly count?: Int32Array<SharedArrayBuffer>;
}

/** No two words near each other are equal, nor are those of two seeds at one place. */
export function fillPattern(words: Uint32Array, seed: number): void {
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + seed, 2654435761);
}

/** Bytes of a pattern, from the first one on. */
export function patternOf(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  fillPattern(words, seed);
  return new Uint8Array(words.buffer, 0, length);
}

if (workerData?.lengths !== undefined) {
  const { store: handle, seed, lengths, count }: PutOrder = workerData;
  const store = Store.connectSync(handle);
  const sources = lengths.map((length, index) => patternOf(length, seed + index));
  while (count !== undefined) {
    for (const source of sources) {
      Atomics.add(count, 0, 1);
      Atomics.notify(count, 0);
      store.putSync(source).release();
    }
  }
  const refs = sources.map((source) => store.putSync(source));
  parentPort?.postMessage(refs.map((ref) => ref.token));
  // Its refs keep the objects until it is told.
  parentPort?.once('message', () => void store.close());
}
