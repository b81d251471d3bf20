/** One thread's hands: does what the model tells, and looks whether every view is still right. */
import { inspect } from 'node:util';
import {
  type ObjectId,
  ObjectRef,
  PlasmoidError,
  type Readable,
  type Store,
  storeMetrics,
  type WaitResult,
  type WritableSlot,
} from '../../src/index.ts';
import { HOT_WINDOW_BYTES } from '../../src/state/slot-layout.ts';
import {
  type Action,
  type Answer,
  type CallAction,
  idOf,
  type Name,
  type ObjectAction,
  type Outcome,
  pattern,
  type Seen,
} from './action.ts';
import { CallHands } from './call-hands.ts';
import { ChannelHands } from './channel-hands.ts';
import { ViewHands } from './view-hands.ts';

type Ref = ObjectRef<Uint8Array>;
type Copying = Extract<ObjectAction, { do: 'getInto' }>;
type Making = Extract<ObjectAction, { do: 'put' | 'create' }>;

const UNTOUCHED = 0xa5;

/** Refs and slots under the keys that the model knows them by, and what the other hands have. */
export class Hands {
  readonly store: Store;
  readonly #refs = new Map<number, Ref>();
  readonly #slots = new Map<number, WritableSlot>();
  readonly #views = new ViewHands();
  readonly #calls = new CallHands();
  readonly #channels: ChannelHands;

  constructor(store: Store) {
    this.store = store;
    this.#channels = new ChannelHands(store, this.#views);
  }

  async run(action: Action): Promise<Outcome> {
    let answer: Answer;
    try {
      answer = (await this.#act(action)) ?? 'ok';
    } catch (error) {
      if (!PlasmoidError.is(error)) throw error;
      answer = error.name;
    }
    return { answer, wrong: this.#views.wrong(), settled: this.#calls.settled };
  }

  #ref(key: number): Ref {
    const ref = this.#refs.get(key);
    if (ref === undefined) throw new Error(`the model asks for ref ${key}, which there is not`);
    return ref;
  }

  async #act(action: Action): Promise<Answer | undefined> {
    switch (action.do) {
      case 'put':
      case 'create':
        return this.#make(action);
      case 'seal':
      case 'abort':
      case 'forgetSlot':
        return this.#endSlot(action.key, action.do);
      case 'get': {
        const { timeout, sync, key, seen } = action;
        const ref = this.#ref(key);
        this.#views.watch(seen, sync ? ref.getSync({ timeout }) : await ref.get({ timeout }));
        return undefined;
      }
      case 'getInto':
        return this.#getInto(action);
      case 'blockedGet':
        this.#views.watch(action.seen, this.#ref(action.key).getSync());
        return undefined;
      case 'use':
        return this.#use(action.key, action.seen);
      case 'releaseView': {
        const view = this.#views.take(action.key);
        if (view === undefined) return undefined;
        this.store.release(view);
        return isGone(view);
      }
      case 'forgetView':
        this.#views.take(action.key);
        return undefined;
      case 'releaseRef': {
        const ref = this.#ref(action.key);
        if (action.sync) ref.release();
        else ref[Symbol.dispose]();
        this.#refs.delete(action.key);
        return ref.released;
      }
      case 'forgetRef':
        this.#refs.delete(action.key);
        return undefined;
      case 'token':
        return (this.#slots.get(action.key) ?? this.#ref(action.key)).token;
      case 'delete':
        return this.store.delete(this.#ref(action.key));
      case 'contains':
        return this.store.contains(this.#ref(action.key));
      case 'deleteId':
        return this.store.delete(idOf(action.id));
      case 'containsId':
        return this.store.contains(idOf(action.id));
      case 'byId':
        this.#refs.set(action.key, this.store.ref<Uint8Array>(idOf(action.id)));
        return undefined;
      case 'byToken':
        this.#refs.set(action.key, this.store.ref(action.token));
        return undefined;
      case 'collect':
        if (action.minor) globalThis.gc?.({ type: 'minor' });
        else globalThis.gc?.();
        return undefined;
      case 'trim':
        return this.store.trim().then(() => undefined);
      case 'look':
        return this.#look();
      case 'nothing':
        return undefined;
      case 'dropAll':
        return this.#dropAll();
      case 'startGet':
      case 'startWait':
      case 'getNow':
      case 'waitNow':
      case 'startRead':
      case 'startWrite':
      case 'startClose':
      case 'cancel':
      case 'settle':
        return this.#call(action);
      default:
        return this.#channels.act(action);
    }
  }

  /** The id of the new object. */
  async #make({ do: what, key, object, size, id: which, evictable, sync }: Making): Promise<string> {
    const { store } = this;
    const bytes = pattern(object, size);
    const id = which === undefined ? undefined : idOf(which);
    if (what === 'put') {
      const options = { id, evictable };
      const ref = sync ? store.putSync(bytes, options) : await store.put(bytes, options);
      this.#refs.set(key, ref);
      return ref.id.hex;
    }
    const options = { id, evictable, as: 'Uint8Array' } as const;
    const slot = sync ? store.createSync(size, options) : await store.create(size, options);
    // One half by each name of the same bytes.
    slot.bytes.set(bytes.subarray(0, size >> 1));
    slot.view.set(bytes.subarray(size >> 1), size >> 1);
    this.#slots.set(key, slot);
    using ref = store.ref(slot.token);
    return ref.id.hex;
  }

  #endSlot(key: number, how: 'seal' | 'abort' | 'forgetSlot'): string | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) throw new Error(`the model asks for slot ${key}, which there is not`);
    this.#slots.delete(key);
    if (how === 'forgetSlot') return undefined;
    if (how === 'abort') {
      if (key % 2 === 0) slot.abort();
      else slot[Symbol.dispose]();
    } else {
      const ref = slot.seal();
      this.#refs.set(key, ref);
      if (slot.bytes.length === 0 && !slot.isWriting) return ref.id.hex;
    }
    return slot.bytes.length === 0 && !slot.isWriting ? undefined : 'the slot is still there';
  }

  /** Whether the object's bytes are in the target, and nothing else has changed there. */
  async #getInto({ key, object, size, sync, timeout }: Copying): Promise<boolean> {
    const ref = this.#ref(key);
    const target = new Uint8Array(size + 1).fill(UNTOUCHED);
    const options = { timeout };
    const bytes = sync
      ? this.store.getIntoSync(ref, target, options)
      : await this.store.getInto(ref, target, options);
    const isRight = Buffer.compare(target.subarray(0, size), pattern(object, size)) === 0;
    return bytes === size && isRight && target[size] === UNTOUCHED;
  }

  async #use(key: number, { object, size }: Seen): Promise<boolean> {
    let used: Uint8Array | undefined;
    const isRight = await this.store.use(this.#ref(key), (view) => {
      used = view;
      return Buffer.compare(view, pattern(object, size)) === 0;
    });
    return isRight && used !== undefined && isGone(used);
  }

  /** What can be asked at any time, and says the same as other calls. */
  #look(): boolean {
    const { store } = this;
    const stats = store.statsSync();
    const [ref] = this.#refs.values();
    const { slot, store: name } = ref?.toJSON() ?? { slot: 0, store: store.name };
    const isRight = !store.closed && store.handle.memoryBytes > 0 && name === store.name && slot >= 0;
    const isShort = inspect(ref).length < 200;
    const hasMetrics = storeMetrics(stats).length > 0 && stats.clientCount > store.client;
    return (
      isRight && isShort && hasMetrics && store.list().every(({ ageMs, idleMs }) => ageMs >= 0 && idleMs >= 0)
    );
  }

  async #call(action: CallAction): Promise<Answer | undefined> {
    const { store } = this;
    switch (action.do) {
      case 'startGet': {
        const names = this.#names(action.names);
        const [first] = names;
        const isOne = !action.list && first !== undefined;
        const { key } = action;
        if (isOne) this.#calls.start(key, (signal) => getOne(store, first, signal));
        else this.#calls.start(key, (signal) => store.get(names, { signal }));
        return undefined;
      }
      case 'startWait': {
        const names = this.#names(action.names);
        const { count, key } = action;
        this.#calls.start(key, (signal) =>
          store.wait(names, { count, signal }).then((result) => readyOf(names, result)),
        );
        return undefined;
      }
      case 'getNow':
        this.#views.watchAll(action.seen, store.getSync(this.#names(action.names), { timeout: 0 }));
        return undefined;
      case 'waitNow': {
        const names = this.#names(action.names);
        return readyOf(names, store.waitSync(names, { count: action.count, timeout: 0 }));
      }
      case 'startRead': {
        const reader = this.#channels.reader(action.end);
        this.#calls.start(action.key, (signal) =>
          action.acquire ? reader.readAcquire({ signal }) : reader.read({ signal }),
        );
        return undefined;
      }
      case 'startWrite': {
        const writer = this.#channels.writer(action.end);
        const bytes = pattern(action.object, action.size);
        this.#calls.start(action.key, (signal) => writer.write(bytes, { signal }));
        return undefined;
      }
      case 'startClose': {
        const writer = this.#channels.writer(action.end);
        this.#calls.start(action.key, (signal) => writer.close({ signal }));
        return undefined;
      }
      case 'cancel':
        this.#calls.cancel(action.key);
        return undefined;
      case 'settle': {
        const settlement = await this.#calls.settle(action.key);
        if ('error' in settlement) return settlement.error;
        const { value } = settlement;
        if (value === undefined || typeof value === 'string') return value;
        this.#views.watchAll(action.seen, Array.isArray(value) ? value : [value]);
        return undefined;
      }
    }
  }

  #names(names: readonly Name[]): Readable[] {
    return names.map((name): Ref | ObjectId => ('ref' in name ? this.#ref(name.ref) : idOf(name.id)));
  }

  /** Half is given back, half forgotten. */
  #dropAll(): undefined {
    this.#calls.abandonAll();
    try {
      // Before the readers empty what they have acquired: that cannot be released twice.
      for (const [key, view] of this.#views.takeAll()) if (key % 2 === 0) this.store.release(view);
      for (const [key, ref] of this.#refs) if (key % 2 === 0) ref.release();
      this.#channels.dropAll();
      for (const [key, slot] of this.#slots) if (key % 2 === 0) slot.abort();
    } finally {
      this.#refs.clear();
      this.#slots.clear();
    }
    return undefined;
  }
}

/** By the ref's own method, where there is one. */
function getOne(store: Store, name: Readable, signal: AbortSignal): Promise<unknown> {
  return name instanceof ObjectRef ? name.get({ signal }) : store.get(name, { signal });
}

/** Which of the names are ready, by their positions; what is named twice is twice there. */
function readyOf(names: readonly Readable[], { ready, pending }: WaitResult<Readable>): string {
  if (ready.length + pending.length !== names.length) return 'names are missing';
  return `ready ${names.flatMap((name, index) => (ready.includes(name) ? [index] : [])).join()}`;
}

/** Whether a view was let go: it is empty, or a small one that this thread got several times and keeps for the others. */
function isGone(view: Uint8Array): boolean {
  return view.length <= HOT_WINDOW_BYTES;
}
