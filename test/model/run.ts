/** One life of the store: random commands, and after each of them a look at everything. */
import { setTimeout as delay } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Store, StoreStatistics } from '../../src/index.ts';
import { audit, compareList } from './audit.ts';
import { Calls } from './calls.ts';
import { ChannelSteps } from './channel-steps.ts';
import { IDS } from './commands.ts';
import { Model } from './model.ts';
import { ObjectSteps } from './object-steps.ts';
import { THREADS, type Threads } from './threads.ts';
import { WaitSteps } from './wait-steps.ts';
import { type Command, World } from './world.ts';

/** The books are gone through so often, and at the end. */
const AUDIT_EVERY = 8;
/** What was never short of this part of the memory was never short at all: stocks and holes take less than the rest. */
const CROWDED_PART = 1 / 4;
/** Less than there is disk: the store would wait before it is full, and how it fails then is another test's business. */
const LIFE_BYTES = 1_000_000;
const COLLECTIONS_MAX = 300;
/** A life is short: so many quick collections find most of its garbage. */
const MINOR_COLLECTIONS = 2;

export class Run {
  readonly #world: World;
  readonly #store: Store;
  readonly #calls: Calls;
  readonly #steps: readonly { step(command: Command): Promise<boolean> }[];
  readonly #before: StoreStatistics;
  #stepped = 0;

  /** `before`: what the store said when the life began. */
  constructor(store: Store, threads: Threads, met: Map<string, number>, before: StoreStatistics) {
    this.#store = store;
    this.#before = before;
    const model = new Model(store.handle.memoryBytes * CROWDED_PART, LIFE_BYTES);
    this.#world = new World(model, store, threads, met);
    this.#calls = new Calls(this.#world);
    const objects = new ObjectSteps(this.#world);
    const waits = new WaitSteps(this.#world, this.#calls, objects);
    this.#steps = [objects, waits, new ChannelSteps(this.#world, this.#calls, objects)];
  }

  async step(command: Command): Promise<void> {
    const world = this.#world;
    const { asked } = world;
    for (const steps of this.#steps) if (await steps.step(command)) break;
    // There was nothing to do it with.
    if (world.asked === asked) return;
    await this.#calls.settle();
    compareList(world.model, this.#store, (what) => world.meet(what));
    // What was not sure may be known now.
    await this.#calls.settle();
    await Promise.all(THREADS.map((thread) => world.expect(thread, { do: 'nothing' }, 'ok')));
    await this.#calls.compare();
    if (++this.#stepped % AUDIT_EVERY === 0) await audit(this.#store, this.#waitingGets());
  }

  /** Everything is dropped in all threads, and nothing is left. */
  async end(): Promise<StoreStatistics> {
    const world = this.#world;
    const { model } = world;
    if (
      model.objects.some(
        (object) => object.evictable && object.state === 'sealed' && object.holders.size === 0,
      )
    )
      world.meet('kept without refs');
    await audit(this.#store, this.#waitingGets());
    for (const thread of THREADS) await world.expect(thread, { do: 'dropAll' }, 'ok');
    await this.#deleteKept();
    for (let attempt = 0; ; attempt++) {
      const stats = await audit(this.#store, 0);
      if (stats.objectCount === 0) return this.#compareTotals(stats);
      if (attempt === COLLECTIONS_MAX)
        throw new Error(`never came back: ${JSON.stringify(this.#store.list())}`);
      await Promise.all(
        THREADS.map((thread) =>
          world.expect(thread, { do: 'collect', minor: attempt < MINOR_COLLECTIONS }, 'ok'),
        ),
      );
      // Backing stores are swept on threads of V8's own: there is nothing to wait on but their effect.
      if (attempt > 0) await delay(1);
    }
  }

  /** What stays without refs goes now, or has gone because its memory was needed. */
  async #deleteKept(): Promise<void> {
    const { model } = this.#world;
    for (let id = 0; id < IDS; id++) {
      const named = model.named(id);
      if (named?.state !== 'sealed' || !named.evictable) continue;
      const isLeft = await this.#world.ask(0, { do: 'deleteId', key: 0, id });
      assert.type(isLeft, 'boolean');
      if (isLeft === true) named.state = 'gone';
      else model.lost(named);
    }
  }

  #compareTotals(stats: StoreStatistics): StoreStatistics {
    assert.is(stats.primary.allocatedBytes + stats.fallback.allocatedBytes, 0);
    const { evicted } = this.#world.model;
    assert.is(stats.evictedObjects - this.#before.evictedObjects, evicted.objects, 'evicted objects');
    assert.is(stats.evictedBytes - this.#before.evictedBytes, evicted.bytes, 'evicted bytes');
    assert.equal([stats.waitingCreates, stats.clientCount], [0, THREADS.length]);
    return stats;
  }

  /** Calls that wait for objects; those at channels are not the store's. Undefined when one may be over. */
  #waitingGets(): number | undefined {
    const calls = [...this.#calls.underWay.values()].filter(({ what }) => /^(?:get|wait)/.test(what));
    return calls.some((call) => call.look().is === 'unsure') ? undefined : calls.length;
  }
}
