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

/** What a worker is told that makes objects under an id and lets go of them at once, until the store ends. */
export interface FlickerData {
  readonly role: 'flicker';
  readonly store: StoreHandle;
  readonly id: Uint8Array;
}

function flicker({ store: handle, id: bytes }: FlickerData): void {
  const store = Store.connectSync(handle);
  const id = ObjectId.fromBinary(bytes);
  while (!store.closed) {
    try {
      store.createSync(8, { id }).seal().release();
    } catch (error) {
      if (!PlasmoidError.is(error)) throw error;
    }
  }
}

const data: WaitsData | FlickerData | undefined = workerData;
if (data?.role === 'waits') parentPort?.postMessage(await wait(data));
if (data?.role === 'flicker') flicker(data);
