/** A worker that waits for objects, and tells what it got and when. */
import { parentPort, workerData } from 'node:worker_threads';
import { ObjectId, type ObjectToken, PlasmoidError, Store, type StoreHandle } from '../../src/index.ts';

/** What the worker is told. */
export interface WaitsData {
  readonly role: 'waits';
  readonly store: StoreHandle;
  /** What it waits for: a token, or the bytes of an id. */
  readonly names: readonly (ObjectToken<Uint8Array> | Uint8Array)[];
  readonly sync: boolean;
  /** Said before each wait and behind it; the test counts them. */
  readonly gate: Int32Array;
}

/** Words of the gate. */
export const WAITS_GATE = Object.freeze({ WAITING: 0, DONE: 1, WORDS: 2 });

/** The first byte of each object, or the code of the error. */
export type WaitsAnswer = number[] | string;

async function wait({ store: handle, names, sync, gate }: WaitsData): Promise<WaitsAnswer> {
  const store = Store.connectSync(handle);
  const readable = names.map((name) =>
    name instanceof Uint8Array ? ObjectId.fromBinary(name) : store.ref(name),
  );
  Atomics.add(gate, WAITS_GATE.WAITING, 1);
  try {
    const values = sync ? store.getSync(readable) : await store.get(readable);
    return values.map((value) => (value instanceof Uint8Array ? (value[0] ?? -1) : -2));
  } catch (error) {
    if (error instanceof PlasmoidError) return error.code;
    throw error;
  } finally {
    Atomics.add(gate, WAITS_GATE.DONE, 1);
  }
}

const data: WaitsData | undefined = workerData;
if (data?.role === 'waits') parentPort?.postMessage(await wait(data));
