/** One thread's hands in the model test: does what the model tells, and looks whether every view is still right. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  ObjectId,
  type ObjectRef,
  type ObjectToken,
  PlasmoidError,
  type SealedView,
  Store,
  type WritableSlot,
} from '../../src/index.ts';

/** Bytes that tell which object they belong to, and where they stand in it. */
function pattern(key: number, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => (key * 37 + index * 11 + (index >>> 8)) & 0xff);
}

export function idOf(which: number): ObjectId {
  return ObjectId.fromBinary(new Uint8Array(28).fill(which + 1));
}

/** What one thread is told to do. Keys name refs, slots and views; the model gives them out. */
export type Action =
  | { do: 'put' | 'create'; key: number; object: number; size: number; id: number | undefined; sync: boolean }
  | { do: 'seal' | 'abort' | 'releaseRef' | 'token' | 'forgetRef' | 'forgetView' | 'forgetSlot'; key: number }
  | { do: 'releaseView' | 'delete' | 'contains'; key: number }
  | { do: 'get'; key: number; view: number; object: number; size: number; sync: boolean }
  | { do: 'byId'; key: number; id: number }
  | { do: 'byToken'; key: number; token: ObjectToken<Uint8Array> }
  | { do: 'deleteId' | 'containsId'; id: number }
  | { do: 'collect' | 'nothing' | 'dropAll' };

/** What came of it, and views that are wrong: the key and the first byte that is. */
export interface Outcome {
  readonly answer: string | boolean | ObjectToken<Uint8Array>;
  readonly wrong: readonly string[];
}

/** One thread's hands: refs, slots and views under the keys that the model knows them by. */
export class Hands {
  readonly store: Store;
  readonly #refs = new Map<number, ObjectRef<Uint8Array>>();
  readonly #slots = new Map<number, WritableSlot>();
  readonly #views = new Map<number, { view: SealedView<Uint8Array>; bytes: Uint8Array }>();

  constructor(store: Store) {
    this.store = store;
  }

  async run(action: Action): Promise<Outcome> {
    let answer: Outcome['answer'];
    try {
      answer = (await this.#act(action)) ?? 'ok';
    } catch (error) {
      if (!PlasmoidError.is(error)) throw error;
      answer = error.name;
    }
    return { answer, wrong: this.#wrongViews() };
  }

  #wrongViews(): string[] {
    return [...this.#views].flatMap(([key, { view, bytes }]) => {
      if (Buffer.compare(Buffer.from(view.buffer, view.byteOffset, view.byteLength), bytes) === 0) return [];
      const first = bytes.findIndex((byte, index) => byte !== view[index]);
      return [`view ${key}: ${view.length} of ${bytes.length} bytes, wrong from ${first}`];
    });
  }

  /** Half is given back, half forgotten. */
  #dropAll(): void {
    try {
      for (const [key, ref] of this.#refs) if (key % 2 === 0) ref.release();
      for (const [key, { view }] of this.#views) if (key % 2 === 0) this.store.release(view);
      for (const [key, slot] of this.#slots) if (key % 2 === 0) slot.abort();
    } finally {
      for (const things of [this.#refs, this.#views, this.#slots]) things.clear();
    }
  }

  #ref(key: number): ObjectRef<Uint8Array> {
    const ref = this.#refs.get(key);
    if (ref === undefined) throw new Error(`the model asks for ref ${key}, which there is not`);
    return ref;
  }

  async #act(action: Action): Promise<Outcome['answer'] | undefined> {
    const { store } = this;
    switch (action.do) {
      case 'put': {
        const value = pattern(action.object, action.size);
        const id = action.id === undefined ? undefined : idOf(action.id);
        const ref = action.sync ? store.putSync(value, { id }) : await store.put(value, { id });
        this.#refs.set(action.key, ref);
        return ref.id.hex;
      }
      case 'create': {
        const id = action.id === undefined ? undefined : idOf(action.id);
        const slot = action.sync
          ? store.createSync(action.size, { id })
          : await store.create(action.size, { id });
        slot.bytes.set(pattern(action.object, action.size));
        this.#slots.set(action.key, slot);
        return undefined;
      }
      case 'seal': {
        const slot = this.#slots.get(action.key);
        this.#slots.delete(action.key);
        const ref = slot?.seal();
        if (ref !== undefined) this.#refs.set(action.key, ref);
        return ref?.id.hex;
      }
      case 'abort':
        this.#slots.get(action.key)?.abort();
        this.#slots.delete(action.key);
        return undefined;
      case 'get': {
        const ref = this.#ref(action.key);
        const view = action.sync ? ref.getSync({ timeout: 0 }) : await ref.get({ timeout: 0 });
        this.#views.set(action.view, { view, bytes: pattern(action.object, action.size) });
        return undefined;
      }
      case 'releaseView': {
        const view = this.#views.get(action.key)?.view;
        this.#views.delete(action.key);
        if (view !== undefined) store.release(view);
        return view?.byteLength === 0;
      }
      case 'releaseRef':
        this.#ref(action.key).release();
        this.#refs.delete(action.key);
        return undefined;
      case 'token':
        return this.#ref(action.key).token;
      case 'delete':
        return store.delete(this.#ref(action.key));
      case 'contains':
        return store.contains(this.#ref(action.key));
      case 'deleteId':
        return store.delete(idOf(action.id));
      case 'containsId':
        return store.contains(idOf(action.id));
      case 'byId':
        this.#refs.set(action.key, store.ref<Uint8Array>(idOf(action.id)));
        return undefined;
      case 'byToken':
        this.#refs.set(action.key, store.ref(action.token));
        return undefined;
      case 'forgetRef':
        this.#refs.delete(action.key);
        return undefined;
      case 'forgetView':
        this.#views.delete(action.key);
        return undefined;
      case 'forgetSlot':
        this.#slots.delete(action.key);
        return undefined;
      case 'collect':
        globalThis.gc?.();
        return undefined;
      case 'dropAll':
        this.#dropAll();
        return undefined;
      case 'nothing':
        return undefined;
    }
  }
}

if (workerData?.role === 'hands') {
  const hands = new Hands(Store.connectSync(workerData.store));
  parentPort?.on('message', async (action: Action | 'end') => {
    if (action === 'end') {
      await hands.store.close();
      process.exit(0);
    }
    parentPort?.postMessage(await hands.run(action));
  });
}
