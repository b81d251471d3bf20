/**
 * A worker that does everything a client can do, and counts its steps in shared memory, so that it can be killed at any
 * of them. Its random choices come from its seed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  Channel,
  ChannelError,
  ChannelRoleTakenError,
  ChannelTimeoutError,
  type ChannelToken,
  ObjectExistsError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  type ObjectToken,
  OutOfDiskError,
  OutOfResourceError,
  Store,
  type StoreHandle,
  TimedOutError,
} from '../../src/index.ts';
import { randomFrom } from '../support/random.ts';
import { CACHED, cachedId, type Life, WORD } from './death-plan.ts';

const KEPT_MAX = 20;
const SIZE_LOG2_MAX = 20;
const NAMES = 8;
const FLOOD = 300;

/** What this worker is started with. */
export interface DeathData extends Life {
  readonly store: StoreHandle;
  /** Of objects that main holds: one to be read by all, one to be deleted by anybody. */
  readonly common: ObjectToken<Uint8Array>;
  readonly victim: ObjectToken<Uint8Array>;
  /** Main writes into it, and one worker at a time reads. */
  readonly channel: ChannelToken<Uint8Array>;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Does not fit into memory twice. */
  readonly halfBytes: number;
  /** Larger than memory. */
  readonly bigBytes: number;
}

const data: DeathData = workerData;
const { words, ending, lastStep } = data;
const random = randomFrom(data.seed);
const kept: unknown[] = [];

function step(): void {
  const number = Atomics.add(words, WORD.STEPS, 1) + 1;
  Atomics.notify(words, WORD.STEPS);
  if (number !== lastStep) return;
  if (ending === 'exit') process.exit(7);
  if (ending === 'throw') throw new Error('the end of this worker');
  if (ending === 'gate') Atomics.wait(words, WORD.GATE, 0);
  if (ending === 'heap') exhaustHeap();
}

function exhaustHeap(): void {
  // In small pieces: one step past the limit that is too large ends the process instead of the thread.
  let hoard: unknown;
  for (;;) hoard = { hoard };
}

function connect(): Store {
  const store = Store.connectSync(data.store);
  Atomics.store(words, WORD.CLIENT, store.bridge.index);
  return store;
}

function size(): number {
  return Math.floor(2 ** (random() * SIZE_LOG2_MAX));
}

/** All its bytes are equal, so that every reader can check them. */
function value(): Uint8Array {
  return new Uint8Array(size()).fill(1 + Math.floor(random() * 255));
}

function forget(): void {
  kept.splice(0, KEPT_MAX / 2);
}

function inCall(is: boolean): void {
  Atomics.store(words, WORD.IN_CALL, is ? 1 : 0);
}

/** How long a life waits for objects of others. */
const WAIT_MS = 5;

/** Full, or named, not sealed yet, or deleted by another worker: none is a failure here. */
async function tolerate(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    const expected =
      error instanceof OutOfDiskError ||
      error instanceof ObjectExistsError ||
      error instanceof ObjectNotFoundError ||
      error instanceof ObjectNotSealedError ||
      error instanceof TimedOutError ||
      error instanceof ChannelTimeoutError ||
      error instanceof ChannelRoleTakenError ||
      error instanceof ChannelError;
    if (!expected) throw error;
    if (error instanceof OutOfDiskError) kept.length = 0;
  }
}

async function mixed(): Promise<void> {
  const store = connect();
  step();
  const common = store.ref(data.common);
  const name = (): ObjectId => ObjectId.fromHex(String(Math.floor(random() * NAMES)).padStart(56, '5'));
  const actions: (() => unknown)[] = [
    () => kept.push(store.putSync(value())),
    () => kept.push(store.getSync(common)),
    forget,
    async () => kept.push(await store.put(value())),
    () => store.stats(),
    () => {
      const slot = store.createSync(size());
      step();
      slot.bytes.fill(1);
      step();
      const choice = random();
      if (choice < 0.4) kept.push(slot.seal());
      else if (choice < 0.7) slot.abort();
      else kept.push(slot);
    },
    () => {
      const ref = store.putSync(new Float64Array(100));
      const view = ref.getSync();
      step();
      store.release(view);
      step();
      ref.release();
    },
    async () => {
      const bytes = size();
      const creating = Array.from({ length: 8 }, () => store.create(bytes));
      step();
      kept.push(...(await Promise.all(creating)));
    },
    () => {
      const ref = store.putSync(value());
      kept.push(ref.getSync());
      step();
      store.delete(ref);
    },
    () => kept.push(store.putSync(value(), { id: name() })),
    () => {
      const ref = store.ref<Uint8Array>(name());
      step();
      // Its writer may keep it for ever, or die.
      kept.push(ref, ref.getSync({ timeout: WAIT_MS }));
    },
    async () => {
      const waits = store.get([name(), name()], { timeout: WAIT_MS });
      step();
      kept.push(await waits);
    },
    async () => {
      const names = [name(), name(), name()];
      const { ready } = await store.wait(names, { count: 2, timeout: WAIT_MS });
      step();
      kept.push(ready, store.waitSync(names, { count: 3, timeout: WAIT_MS }));
    },
    () => store.delete(name()),
    () => {
      const slot = store.createSync(size(), { id: name() });
      step();
      kept.push(slot);
    },
    () => {
      const victim = store.ref(data.victim);
      kept.push(victim, victim.getSync());
      step();
      if (random() < 0.2) store.delete(victim);
    },
    () => {
      const { buffer } = store.putSync(value()).getSync();
      step();
      parentPort?.postMessage(buffer, [buffer as ArrayBuffer]);
    },
  ];
  for (;;) {
    step();
    await tolerate(() => actions[Math.floor(random() * actions.length)]?.());
    if (kept.length > KEPT_MAX) forget();
  }
}

async function stock(): Promise<void> {
  const store = connect();
  for (;;) {
    const bytes = size() >>> 6;
    for (let put = 0; put < 10; put++) {
      step();
      await tolerate(() => kept.push(store.putSync(new Uint8Array(bytes))));
    }
    if (random() < 0.3) kept.length = 0;
    if (kept.length > KEPT_MAX) forget();
  }
}

async function flood(): Promise<void> {
  const store = connect();
  for (;;) {
    const answers = Array.from({ length: FLOOD }, () => store.stats());
    step();
    store.statsSync();
    step();
    await Promise.all(answers);
  }
}

async function connecting(): Promise<void> {
  for (;;) {
    step();
    try {
      const store = connect();
      step();
      kept.push(store.putSync(value()), store.createSync(1000), store.getSync(store.ref(data.common)));
      step();
      const answer = store.stats().catch(() => undefined);
      await store.close();
      await answer;
    } catch (error) {
      // Others leave faster than the actor can recycle their records, or fill the store.
      if (!(error instanceof OutOfResourceError) && !(error instanceof OutOfDiskError)) throw error;
    }
    if (kept.length > KEPT_MAX) forget();
  }
}

async function blocked(): Promise<void> {
  const store = connect();
  await tolerate(() => kept.push(store.putSync(new Uint8Array(data.halfBytes))));
  const source = new Uint8Array(data.halfBytes);
  for (;;) {
    step();
    inCall(true);
    await tolerate(() => store.putSync(source).release());
    inCall(false);
  }
}

async function waiting(): Promise<void> {
  const store = connect();
  await tolerate(() => kept.push(store.putSync(new Uint8Array(data.halfBytes))));
  for (;;) {
    step();
    const calls = Array.from({ length: 20 }, (_, index) =>
      tolerate(() => (index % 3 === 0 ? store.stats() : store.create(data.halfBytes))),
    );
    inCall(true);
    await Promise.all(calls);
    inCall(false);
  }
}

async function big(): Promise<void> {
  const store = connect();
  const source = new Uint8Array(data.bigBytes).fill(3);
  for (;;) {
    step();
    await tolerate(() => store.putSync(source).release());
  }
}

async function channel(): Promise<void> {
  const store = connect();
  const common = Channel.connect(store, data.channel);
  const limits = { timeout: WAIT_MS };
  for (;;) {
    step();
    await tolerate(async () => {
      const reader = common.openReader();
      for (let count = 0; count < 5; count++) {
        step();
        const bytes = count % 2 === 0 ? await reader.read(limits) : reader.readSync(limits);
        if (bytes.some((byte) => byte !== bytes[0])) throw new Error('a torn version');
      }
      if (random() < 0.5) reader.close();
    });
    const own = Channel.create<Uint8Array>(store, { readers: 2, depth: 1 + Math.floor(random() * 4) });
    const [writer, first, second] = [own.openWriter(), own.openReader(), own.openReader()];
    await tolerate(async () => {
      const reading = first.read(limits);
      reading.catch(() => undefined);
      await writer.write(value(), limits);
      step();
      kept.push(await reading, second.readSync(limits));
      (await writer.writeAcquire(size(), limits)).bytes.fill(1);
      step();
      writer.writeRelease();
      await first.readAcquire(limits);
      step();
      first.readRelease();
    });
    const choice = random();
    if (choice < 0.3) own.close();
    else if (choice < 0.6) writer.abort();
    step();
    own.close();
    if (kept.length > KEPT_MAX) forget();
  }
}

async function cache(): Promise<void> {
  const store = connect();
  const limits = { timeout: WAIT_MS };
  for (;;) {
    const id = cachedId(Math.floor(random() * CACHED));
    const bytes = random() < 0.5 ? size() : 2 ** SIZE_LOG2_MAX;
    step();
    await tolerate(() =>
      store.putSync(new Uint8Array(bytes).fill(5), { id, evictable: true, ...limits }).release(),
    );
    step();
    await tolerate(() => {
      const cached = store.getSync(id, { timeout: 0 });
      if (!(cached instanceof Uint8Array && cached.every((byte) => byte === 5)))
        throw new Error('not what was cached');
      if (random() < 0.3) kept.push(cached, store.ref(id));
    });
    await tolerate(async () => {
      const slot = await store.create(bytes, { id, evictable: true, ...limits });
      step();
      slot.bytes.fill(5);
      slot.seal().release();
    });
    // Only what is evicted, or given back by others, makes room for these.
    const creating = [
      store.put(new Uint8Array(data.halfBytes), limits),
      store.create(data.halfBytes, limits),
    ];
    step();
    for (const one of await Promise.allSettled(creating)) {
      await tolerate(() => {
        if (one.status === 'rejected') throw one.reason;
        one.value[Symbol.dispose]();
      });
    }
    if (random() < 0.1) await tolerate(() => store.delete(id));
    if (kept.length > KEPT_MAX) forget();
  }
}

await { mixed, stock, flood, connecting, blocked, waiting, big, channel, cache }[data.script]();
