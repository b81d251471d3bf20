// deadline: 900 s
/**
 * The whole store against a naive model of it: random commands on three threads. After each one every view that is still
 * reachable, in all threads, must show the bytes that the model says; calls that wait must be over exactly when the model
 * says so; and the store's books must balance.
 */
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Channel, Store, type StoreStatistics } from '../../src/index.ts';
import { readSeed } from '../support/random.ts';
import { tell } from '../support/tell.ts';
import { commands, EXPECTED, RARE, RARELY_CALLED } from './commands.ts';
import { Run } from './run.ts';
import { Surface } from './surface.ts';
import { Threads } from './threads.ts';
import type { Command } from './world.ts';

const LONG = process.env.PLASMOID_TEST_LONG === '1';
/** As many lives as `PLASMOID_MODEL_RUNS` says, for campaigns of other lengths. */
const RUNS = Number(process.env.PLASMOID_MODEL_RUNS ?? (LONG ? 10_000 : 200));
/** Lives in which everything has to happen that ever does. */
const MANY = 2_000;
/** Room for one of the largest objects: a second one at the same time has to go to the disk. */
const MEMORY = 2 ** 17;

/** A store with its threads; another one after each failure, so that the next life, a shorter one, begins with nothing. */
class Bench {
  readonly store: Store;
  readonly threads: Threads;
  stats: StoreStatistics;

  private constructor(store: Store, stats: StoreStatistics) {
    this.store = store;
    this.threads = new Threads(store);
    this.stats = stats;
  }

  static async make(): Promise<Bench> {
    const options = { memory: MEMORY, spillLimit: 2 ** 23, spillDirectory: tmpdir(), maxObjects: 512 };
    const store = await Store.create(options);
    return new Bench(store, await store.stats());
  }

  async live(life: readonly Command[], met: Map<string, number>): Promise<void> {
    const run = new Run(this.store, this.threads, met, this.stats);
    for (const command of life) await run.step(command);
    this.stats = await run.end();
  }

  async giveUp(): Promise<void> {
    await this.threads.terminate();
    await this.store.close();
  }

  async end(): Promise<void> {
    const { store } = this;
    await this.threads.end();
    await store.trim();
    await store.verify();
    const { leasedCount, clientCount } = await store.stats();
    assert.equal({ leasedCount, clientCount }, { leasedCount: 0, clientCount: 1 });
    const again = await Store.connect(store.handle);
    await again[Symbol.asyncDispose]();
    await store.close();
  }
}

/** Every public method of every class is counted from here on. */
async function watchSurface(): Promise<Surface> {
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const channel = Channel.create(store);
  const surface = new Surface(channel.openReader(), channel.openWriter());
  await store.close();
  return surface;
}

test(`the store does what a naive model says, in ${RUNS} random lives on three threads`, async () => {
  const seed = readSeed();
  const surface = await watchSurface();
  const met = new Map<string, number>();
  let bench = await Bench.make();
  await fc.assert(
    fc.asyncProperty(commands, async (life) => {
      try {
        await bench.live(life, met);
      } catch (error) {
        await bench.giveUp();
        bench = await Bench.make();
        throw error;
      }
    }),
    // As long as can be, mostly: in short lives little happens.
    { numRuns: RUNS, seed, includeErrorInReport: true, unbiased: true },
  );
  const expected = RUNS < MANY ? EXPECTED : [...EXPECTED, ...RARE];
  const missing = expected.filter((what) => !met.has(what));
  assert.equal(missing, [], JSON.stringify([...met]));
  await bench.end();
  surface.restore();
  const unused = surface.unused.filter((method) => RUNS >= MANY || !RARELY_CALLED.includes(method));
  assert.equal(unused, [], 'methods that the model does not know');
  const { spilledObjects, fellBackObjects, evictedObjects } = bench.stats;
  tell(
    `${spilledObjects} objects moved to disk, ${fellBackObjects} created there, ${evictedObjects} evicted`,
  );
});

test.run();
