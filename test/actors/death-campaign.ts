/** Kills workers as planned and looks at the store after each death. */
import { mkdtempSync, readdirSync, readlinkSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Channel,
  ChannelError,
  ChannelTimeoutError,
  type ObjectRef,
  Store,
  TimedOutError,
} from '../../src/index.ts';
import { ChannelTable } from '../../src/pools/channel/channel-table.ts';
import { ControlRegion } from '../../src/pools/control-region.ts';
import { CLIENT, CLIENT_STATE, PARKING } from '../../src/state/control-layout.ts';
import { collectUntil } from '../support/collection.ts';
import { randomFrom, readSeed } from '../support/random.ts';
import { tell } from '../support/tell.ts';
import { CACHED, cachedId, ENDINGS, type Life, planDeaths, SCRIPTS, WORD } from './death-plan.ts';
import type { DeathData } from './death-worker.ts';

// V8 ends the whole process when its compiler meets the heap limit on a background thread, where no limit can be raised:
// seen once in some thousand deaths out of heap. On the worker's own thread it ends the worker, as everything else does.
setFlagsFromString('--no-concurrent-recompilation');

const MEBIBYTE = 2 ** 20;
const MEMORY_BYTES = 24 * MEBIBYTE;
const BIG_BYTES = 64 * MEBIBYTE;
const DEATH_LIMIT_MS = 60_000;
const TRIES = 2_000;
const EXPECTED = /ERR_WORKER_OUT_OF_MEMORY|the end of this worker/;

/** What all lives of a campaign share. */
interface Scene {
  readonly store: Store;
  readonly control: ControlRegion;
  readonly common: ObjectRef<Uint8Array>;
  victim: ObjectRef<Uint8Array>;
  readonly channel: Channel<Uint8Array>;
  /** Windows that workers sent away before they died. */
  windows: ArrayBuffer[];
  middles: number;
}

async function liveAndDie(scene: Scene, life: Life): Promise<void> {
  const words = new Int32Array(new SharedArrayBuffer(WORD.COUNT * 4));
  const workerData: DeathData = {
    ...life,
    store: scene.store.handle,
    common: scene.common.token,
    victim: scene.victim.token,
    channel: scene.channel.token,
    words,
    halfBytes: 14 * MEBIBYTE,
    bigBytes: BIG_BYTES,
  };
  const worker = new Worker(new URL('./death-worker.js', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 32 },
    execArgv: [],
    stderr: true,
  });
  let ended = false;
  const exited = new Promise<void>((resolve) =>
    worker.once('exit', () => {
      ended = true;
      resolve();
    }),
  );
  const failed: unknown[] = [];
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (!EXPECTED.test(`${error.code} ${error.message}`)) failed.push(error);
  });
  worker.on('message', (buffer: ArrayBuffer) => scene.windows.push(buffer));
  const readyToDie = readiness(scene, life, words);
  if (readyToDie !== undefined) {
    const limitMs = performance.now() + DEATH_LIMIT_MS;
    while (!ended && !readyToDie()) {
      // Waited for by looking: a worker about to be killed cannot be relied on to tell.
      await delay(1);
      if (performance.now() > limitMs) throw await stillAlive(scene, life, words);
    }
    await worker.terminate();
  }
  await inTime(exited, () => stillAlive(scene, life, words));
  if (failed.length > 0) throw failed[0];
}

/** When to terminate it; undefined when it ends itself. */
function readiness(scene: Scene, life: Life, words: Int32Array): (() => boolean) | undefined {
  const startedMs = performance.now();
  switch (life.ending) {
    case 'gate':
    case 'step':
      return () => Atomics.load(words, WORD.STEPS) >= life.lastStep;
    case 'moment':
      return () => performance.now() - startedMs >= life.momentMs;
    case 'middle':
      return () => {
        const is = inTheMiddle(scene, life, words);
        if (is) scene.middles++;
        return is;
      };
    default:
      return undefined;
  }
}

function inTheMiddle({ store, control }: Scene, { script }: Life, words: Int32Array): boolean {
  if (script === 'big') {
    return store.list().some(({ state, sizeBytes }) => state === 'created' && sizeBytes === BIG_BYTES);
  }
  if (Atomics.load(words, WORD.IN_CALL) === 0) return false;
  const parking = control.clientIndex(Atomics.load(words, WORD.CLIENT), CLIENT.PARKING);
  const wanted = script === 'blocked' ? PARKING.IN_WAIT : PARKING.IN_LOOP;
  return Atomics.load(control.words, parking) === wanted;
}

async function stillAlive(scene: Scene, life: Life, words: Int32Array): Promise<Error> {
  const stats = JSON.stringify(await scene.store.stats());
  return new Error(`still alive at step ${words[WORD.STEPS]}: ${JSON.stringify(life)}, store: ${stats}`);
}

async function inTime<T>(awaited: Promise<T>, failure: () => Promise<Error>): Promise<T> {
  const abort = new AbortController();
  const late = delay(DEATH_LIMIT_MS, undefined, { signal: abort.signal }).then(async () => {
    throw await failure();
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([awaited, late]);
  } finally {
    abort.abort();
  }
}

/** Until every record but main's is free again. Statistics count the living only: the dead are seen in the records. */
async function recovered({ store, control }: Scene): Promise<void> {
  const taken = (client: number): boolean =>
    (control.clientState(client) & CLIENT_STATE.MASK) !== CLIENT_STATE.FREE;
  const busy = (): number[] => Array.from({ length: 256 }, (_, client) => client).filter(taken);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (busy().length === 1) return;
    await delay(1);
  }
  throw new Error(`records ${busy()} are not recovered: ${JSON.stringify(await store.stats())}`);
}

async function assertWhole(scene: Scene, lives: readonly Life[]): Promise<void> {
  try {
    await recovered(scene);
    await scene.store.verify();
    const { waitingCreates, waitingGets, unsealedCount, clientCount } = await scene.store.stats();
    assert.equal(
      { waitingCreates, waitingGets, unsealedCount, clientCount },
      { waitingCreates: 0, waitingGets: 0, unsealedCount: 0, clientCount: 1 },
    );
    const channels = new ChannelTable(scene.control);
    assert.is(channels.openCount, 1, "main's own channel");
    assert.is(channels.find(scene.channel.token)?.readerOf(0), undefined, 'nobody sits in it');
    assert.ok(
      scene.common.getSync().every((byte) => byte === 9),
      'bytes of a common object',
    );
    for (const window of scene.windows) {
      const bytes = new Uint8Array(window);
      const [first] = bytes;
      assert.ok(first !== 0 && bytes.every((byte) => byte === first), 'bytes of a window sent away');
    }
  } catch (error) {
    process.stdout.write(`after ${JSON.stringify(lives)}\n`);
    throw error;
  }
}

interface Footprint {
  readonly files: readonly string[];
  readonly threads: number;
}

/**
 * Open files, by what they are, and threads. Without modules: Node itself (seen on 20) leaves the file open that a
 * worker's loader was reading when the worker was terminated.
 */
function footprint(): Footprint {
  if (process.platform !== 'linux') return { files: [], threads: 0 };
  const files = readdirSync('/proc/self/fd')
    .map(linkOf)
    .filter((link) => link !== undefined && !/\.[cm]?js(?:on)?$/.test(link))
    .map((link) => `${link}`.replace(/\d+/g, '*'));
  return { files: files.sort(), threads: readdirSync('/proc/self/task').length };
}

function linkOf(file: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    // The descriptor that the directory itself was read with.
    return undefined;
  }
}

/** The least of several looks: a thread that is just ending would hide one that stays. */
async function settledFootprint(): Promise<Footprint> {
  let least = footprint();
  for (let look = 0; look < 30; look++) {
    await delay(10);
    const { files, threads } = footprint();
    least = {
      files: files.length < least.files.length ? files : least.files,
      threads: Math.min(threads, least.threads),
    };
  }
  return least;
}

/** No more than before, at once or after a moment: the system takes back in its own time. */
async function assertFootprint(before: Footprint): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { files, threads } = footprint();
    if (files.length <= before.files.length && threads <= before.threads) return;
    await delay(10);
  }
  assert.equal(footprint(), before);
}

/** Writes versions for whoever reads, until the signal. */
async function writeVersions(channel: Channel<Uint8Array>, signal: AbortSignal): Promise<void> {
  using writer = channel.openWriter();
  const bytes = new Uint8Array(10_000);
  for (let version = 0; !signal.aborted; version++) {
    try {
      await writer.write(bytes.fill(version), { timeout: 20 });
    } catch (error) {
      // Nobody reads just now, or the store is full.
      const expected =
        error instanceof ChannelTimeoutError ||
        error instanceof TimedOutError ||
        error instanceof ChannelError;
      if (!expected) throw error;
      await delay(1);
    }
  }
}

function victim(store: Store): Promise<ObjectRef<Uint8Array>> {
  return store.put(new Uint8Array(50_000).fill(4));
}

/** Declares the campaign of so many deaths. */
export function deathCampaign(deaths: number): void {
  test('the same seed makes the same plan', () => {
    const plan = planDeaths(randomFrom(5), 300);
    assert.equal(planDeaths(randomFrom(5), 300), plan);
    const lives = plan.flat(2);
    assert.is(lives.length, 300);
    assert.equal([...new Set(lives.map(({ script }) => script))].sort(), [...SCRIPTS].sort());
    assert.equal([...new Set(lives.map(({ ending }) => ending))].sort(), [...ENDINGS].sort());
  });

  test(`${deaths} workers die at random points and leave nothing`, async () => {
    const random = randomFrom(readSeed());
    const plan = planDeaths(random, deaths);
    const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-death-'));
    const store = await Store.create({ memory: MEMORY_BYTES, spillDirectory, spillLimit: 160 * MEBIBYTE });
    const scene: Scene = {
      store,
      control: new ControlRegion(store.handle.control),
      common: await store.put(new Uint8Array(1000).fill(9)),
      victim: await victim(store),
      channel: Channel.create<Uint8Array>(store),
      windows: [],
      middles: 0,
    };
    const campaign = new AbortController();
    const writing = writeVersions(scene.channel, campaign.signal);
    // Libuv's and V8's own threads, and files opened once, come with the first workers; the helper of large copies with
    // the first of these.
    const warmUp: Life = { script: 'mixed', ending: 'gate', seed: 1, lastStep: 20, momentMs: 0 };
    const warmUps: Life[] = [warmUp, warmUp, { ...warmUp, script: 'big', lastStep: 2 }];
    await Promise.all(warmUps.map((life) => liveAndDie(scene, life)));
    await assertWhole(scene, warmUps);
    const before = await settledFootprint();
    const startedMs = performance.now();
    for (const lanes of plan) {
      const lives = lanes.flat();
      await Promise.all(
        lanes.map(async (lane) => {
          for (const life of lane) await liveAndDie(scene, life);
        }),
      );
      await assertWhole(scene, lives);
      scene.windows = [];
      scene.victim.release();
      scene.victim = await victim(store);
    }
    const { spilledObjects, evictedObjects } = await store.stats();
    const seconds = (performance.now() - startedMs) / 1000;
    tell(
      `${deaths} deaths in ${seconds.toFixed(1)} s, ${scene.middles} in the middle of a wait or copy; ` +
        `${spilledObjects} objects were spilled, ${evictedObjects} evicted`,
    );
    campaign.abort();
    await writing;
    assert.is(new ChannelTable(scene.control).openCount, 0);
    for (let number = 0; number < CACHED; number++) store.delete(cachedId(number));
    scene.common.release();
    scene.victim.release();
    await collectUntil(store, ({ objectCount }) => objectCount === 0);
    await store.trim();
    const { primary, fallback, objectCount, leasedCount, clientCount } = await store.stats();
    const bytes = [primary, fallback].map(({ allocatedBytes, leasedBytes, objectBytes }) => [
      allocatedBytes,
      leasedBytes,
      objectBytes,
    ]);
    assert.equal(
      { bytes, objectCount, leasedCount, clientCount },
      {
        bytes: [
          [0, 0, 0],
          [0, 0, 0],
        ],
        objectCount: 0,
        leasedCount: 0,
        clientCount: 1,
      },
    );
    await store.verify();
    await assertFootprint(before);
    await store.close();
    assert.equal(readdirSync(spillDirectory), []);
    rmdirSync(spillDirectory);
  });
}
