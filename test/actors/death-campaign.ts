/** Kills workers at random points and looks at the store after each death. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../../src/index.ts';
import { collectUntil } from '../support/collection.ts';
import { randomFrom, readSeed } from '../support/random.ts';
import { ENDINGS, type Ending } from './death-worker.ts';

const MEBIBYTE = 2 ** 20;
const STEPS_MAX = 200;
const WORKERS_MAX = 3;
const TRIES = 2_000;
const DEATH_LIMIT_MS = 60_000;
const EXPECTED = /ERR_WORKER_OUT_OF_MEMORY|the end of this worker/;

interface Life {
  readonly seed: number;
  readonly lastStep: number;
  readonly ending: Ending;
}

function planLife(random: () => number): Life {
  const kind = random();
  // Running out of heap takes longest, so it is rare.
  const ending = kind < 0.7 ? 'terminate' : kind < 0.83 ? 'exit' : kind < 0.96 ? 'throw' : 'heap';
  assert.ok(ENDINGS.includes(ending));
  return { seed: Math.floor(random() * 2 ** 31), lastStep: Math.floor(random() * STEPS_MAX), ending };
}

async function liveAndDie(store: Store, token: unknown, life: Life): Promise<void> {
  const steps = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./death-worker.js', import.meta.url), {
    workerData: { store: store.handle, token, steps, ...life },
    resourceLimits: { maxOldGenerationSizeMb: 48 },
    execArgv: [],
    stderr: true,
  });
  const exited = once(worker, 'exit');
  const failed: unknown[] = [];
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (!EXPECTED.test(`${error.code} ${error.message}`)) failed.push(error);
  });
  if (life.ending === 'terminate') {
    // Reached, or waiting for memory before it: the point of death is random either way.
    const atStep = waitForStep(steps, life.lastStep);
    await Promise.race([atStep, exited]);
    await worker.terminate();
  }
  await inTime(
    exited.catch(() => undefined),
    store,
    life,
    steps,
  );
  if (failed.length > 0) throw failed[0];
}

async function waitForStep(steps: Int32Array, wanted: number): Promise<void> {
  for (let attempt = 0; attempt < TRIES && Atomics.load(steps, 0) < wanted; attempt++) await delay(1);
}

/** Fails with everything known when a worker that should be dead is not. */
async function inTime<T>(awaited: Promise<T>, store: Store, life: Life, steps: Int32Array): Promise<T> {
  const abort = new AbortController();
  const late = delay(DEATH_LIMIT_MS, undefined, { signal: abort.signal }).then(async () => {
    const stats = JSON.stringify(await store.stats());
    throw new Error(
      `still alive at step ${Atomics.load(steps, 0)}: ${JSON.stringify(life)}, store: ${stats}`,
    );
  });
  try {
    return await Promise.race([awaited, late]);
  } finally {
    abort.abort();
    late.catch(() => undefined);
  }
}

async function recovered(store: Store): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if ((await store.stats()).clientCount === 1) return;
    await delay(1);
  }
  throw new Error(`clients are not recovered: ${JSON.stringify(await store.stats())}`);
}

function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

function threads(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0;
}

/** Declares the campaign of so many deaths. */
export function deathCampaign(deaths: number): void {
  test(`${deaths} workers die at random points and leave nothing`, async () => {
    const random = randomFrom(readSeed());
    const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-death-'));
    const store = await Store.create({ memory: 16 * MEBIBYTE, spillDirectory, spillLimit: 32 * MEBIBYTE });
    const common = await store.put(new Uint8Array(1000).fill(9));
    // Libuv's and V8's own threads, and files opened once, come with the first worker.
    await liveAndDie(store, common.token, { seed: 1, lastStep: 20, ending: 'exit' });
    await recovered(store);
    const before = { files: openFiles(), threads: threads() };
    const startedMs = performance.now();
    for (let died = 0; died < deaths; ) {
      const together = Math.min(deaths - died, 1 + Math.floor(random() * WORKERS_MAX));
      const lives = Array.from({ length: together }, () => planLife(random));
      await Promise.all(lives.map((life) => liveAndDie(store, common.token, life)));
      died += together;
      await recovered(store);
      await store.verify();
      assert.ok((await common.get()).every((byte) => byte === 9));
    }
    const seconds = (performance.now() - startedMs) / 1000;
    process.stdout.write(`${deaths} deaths in ${seconds.toFixed(1)} s\n`);
    common.release();
    await store.trim();
    const stats = await collectUntil(store, ({ objectCount }) => objectCount === 0);
    assert.is(stats.primary.allocatedBytes + stats.fallback.allocatedBytes, 0);
    assert.is(stats.leasedCount, 0);
    await store.verify();
    assert.equal({ files: openFiles(), threads: threads() }, before);
    await store.close();
    assert.equal(readdirSync(spillDirectory), []);
    rmdirSync(spillDirectory);
  });
}
