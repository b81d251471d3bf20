/** Blocks that a client takes by itself, and gives back by itself: on a bench, where no actor could help it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RESULT, STATUS } from '../../src/state/bridge-status.ts';
import { ACTOR, NO_WATCH } from '../../src/state/control-layout.ts';
import { type Bench, get, lease, onBench, type Placed, put } from '../support/store-bench.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
const UNIT = 64;

function mayTakeAll({ control, primary }: Bench): void {
  control.setActorWord(ACTOR.OWN_END_UNITS, primary.allocator.capacityUnits);
  control.setActorWord(ACTOR.WATCH_ABOVE_UNITS, NO_WATCH);
}

/** A put without a lease: of a block that the client takes. */
function tryPut({ client }: Bench, sizeBytes: number, id?: Uint8Array): Placed | number {
  const holder = {};
  const status = client.put(new Uint8Array(sizeBytes), 0, holder, id);
  if (status !== STATUS.OK) return status;
  const { result } = client;
  const [slot = 0, generation = 0] = [result[RESULT.SLOT], result[RESULT.GENERATION]];
  return { slot, generation, track: result[RESULT.TRACK] ?? 0, holder };
}

function mustPut(bench: Bench, sizeBytes: number): Placed {
  const placed = tryPut(bench, sizeBytes);
  if (typeof placed === 'number') throw new Error(`status ${placed}`);
  return placed;
}

function release({ client }: Bench, { track, slot }: Placed): void {
  client.release(track, slot);
}

/** Sizes of classes, so that just so many units are left. */
function fillAllBut896(bench: Bench): Placed[] {
  return [57_344, 7_168, 128].map((units) => mustPut(bench, units * UNIT));
}

test('until the actor says how far, a client takes nothing', () =>
  onBench(async (bench) => {
    assert.is(tryPut(bench, 1000), STATUS.NO_BLOCK);
    mayTakeAll(bench);
    const placed = mustPut(bench, 1000);
    assert.is(bench.control.header(placed.slot).state, 'sealed');
    bench.table.verify(0);
    release(bench, placed);
  }));

test('it takes blocks up to the place it was told, and no further', () =>
  onBench(async (bench) => {
    const { control, primary, table } = bench;
    mayTakeAll(bench);
    control.setActorWord(ACTOR.OWN_END_UNITS, (2 * MEBIBYTE) / UNIT);
    const placed = [mustPut(bench, MEBIBYTE), mustPut(bench, MEBIBYTE)];
    assert.is(tryPut(bench, UNIT), STATUS.NO_BLOCK);
    table.verify(0);
    assert.is(primary.allocatedBytes, 2 * MEBIBYTE);
    for (const one of placed) release(bench, one);
  }));

test('while somebody waits for memory it takes nothing, and gives back what others wait for', () =>
  onBench(async (bench) => {
    const { control, primary } = bench;
    mayTakeAll(bench);
    const placed = mustPut(bench, MEBIBYTE);
    control.setActorWord(ACTOR.WANTED, 1);
    assert.is(tryPut(bench, KIBIBYTE), STATUS.NO_BLOCK);
    const before = control.actorWord(ACTOR.ACTIVITY);
    // What was leased by an answer that came too late, for example.
    const leased = lease(bench, KIBIBYTE);
    bench.client.handBack(leased.slot, leased.generation);
    assert.is(control.actorWord(ACTOR.ACTIVITY), before + 1, 'the actor is told');
    assert.is(primary.allocatedBytes, MEBIBYTE);
    release(bench, placed);
    control.setActorWord(ACTOR.WANTED, 0);
  }));

test('while a create of its own waits, those that follow do not pass it', () =>
  onBench(async (bench) => {
    mayTakeAll(bench);
    bench.client.result[RESULT.WAITING_CREATES] = 1;
    assert.is(tryPut(bench, KIBIBYTE), STATUS.NO_BLOCK);
    bench.client.result[RESULT.WAITING_CREATES] = 0;
    release(bench, mustPut(bench, KIBIBYTE));
  }));

test('a block beyond the size of stocks is free at once when its last ref goes', () =>
  onBench(async (bench) => {
    const { primary, control } = bench;
    mayTakeAll(bench);
    const placed = mustPut(bench, 65 * KIBIBYTE);
    assert.ok(primary.allocatedBytes > 65 * KIBIBYTE);
    release(bench, placed);
    assert.is(primary.allocatedBytes, 0);
    assert.is(control.header(placed.slot).state, 'free');
    // The same slot and the same place: both are warm.
    const again = mustPut(bench, 65 * KIBIBYTE);
    assert.is(again.slot, placed.slot);
    assert.is.not(again.generation, placed.generation);
    release(bench, again);
  }));

test('who allocates above the level that is watched tells the actor, once', () =>
  onBench(async (bench) => {
    const { control } = bench;
    mayTakeAll(bench);
    control.setActorWord(ACTOR.WATCH_ABOVE_UNITS, (2 * MEBIBYTE) / UNIT);
    const before = control.actorWord(ACTOR.ACTIVITY);
    const told = (): number => control.actorWord(ACTOR.ACTIVITY) - before;
    const placed = [mustPut(bench, MEBIBYTE), mustPut(bench, MEBIBYTE)];
    assert.is(told(), 0);
    placed.push(mustPut(bench, UNIT));
    assert.is(told(), 1);
    assert.is(control.actorWord(ACTOR.WATCH_ABOVE_UNITS) >>> 0, NO_WATCH);
    placed.push(mustPut(bench, UNIT));
    assert.is(told(), 1);
    for (const one of placed) release(bench, one);
  }));

test('where nothing else is free, it takes back what was freed since', () =>
  onBench(async (bench) => {
    const { control, client, primary, table } = bench;
    mayTakeAll(bench);
    const placed = [1, 2, 3, 4].map(() => mustPut(bench, MEBIBYTE));
    const [first, second] = placed as [Placed, Placed];
    const view = get(bench, first);
    assert.is(tryPut(bench, KIBIBYTE), STATUS.NO_BLOCK);
    // A view that goes last leaves its object on the freed stack, whoever drops it.
    release(bench, first);
    client.releaseWindow(view);
    assert.is(control.header(first.slot).state, 'released');
    placed[0] = mustPut(bench, MEBIBYTE);
    assert.is(control.header(second.slot).state, 'sealed');
    assert.is(primary.allocatedBytes, 4 * MEBIBYTE);
    table.verify(0);
    for (const one of placed) release(bench, one);
  }));

test('what lies on disk it leaves to the actor, who gives its room back to the file system', () =>
  onBench(async (bench) => {
    const { control, spilling, client, fallback, table } = bench;
    mayTakeAll(bench);
    const onDisk = put(bench, new Uint8Array(MEBIBYTE));
    assert.is(spilling.start(MEBIBYTE), MEBIBYTE);
    while (spilling.finish() === undefined) await new Promise(setImmediate);
    const placed = [1, 2, 3, 4].map(() => mustPut(bench, MEBIBYTE));
    release(bench, onDisk);
    assert.is(tryPut(bench, KIBIBYTE), STATUS.NO_BLOCK);
    assert.is(control.header(onDisk.slot).state, 'released');
    assert.is(fallback.allocatedBytes, MEBIBYTE);
    assert.is(table.reclaimFreed(), 1);
    assert.is(fallback.allocatedBytes, 0);
    assert.is(control.header(onDisk.slot).state, 'free');
    assert.is(client.index, 0);
    for (const one of placed) release(bench, one);
  }));

test('it merges a bounded number of small blocks for one of its own; the actor all of them', () =>
  onBench(async (bench) => {
    const { primary, control } = bench;
    mayTakeAll(bench);
    const rest = fillAllBut896(bench);
    const small = Array.from({ length: 896 }, () => mustPut(bench, UNIT));
    for (const one of small) release(bench, one);
    assert.is(primary.allocator.cachedUnits, 896);
    assert.is(tryPut(bench, 896 * UNIT), STATUS.NO_BLOCK);
    const cached = primary.allocator.cachedUnits;
    assert.ok(cached > 0 && cached < 896, `${cached} are left`);
    const leased = lease(bench, 896 * UNIT);
    assert.is(primary.allocator.cachedUnits, 0);
    bench.client.handBack(leased.slot, leased.generation);
    assert.is(control.header(leased.slot).state, 'free');
    for (const one of rest) release(bench, one);
  }));

test("what it takes back in one call is bounded, too, and the rest is the next one's, or the actor's", () =>
  onBench(async (bench) => {
    const { client, table, primary } = bench;
    mayTakeAll(bench);
    const rest = fillAllBut896(bench);
    const viewed = Array.from({ length: 896 }, () => {
      const placed = mustPut(bench, UNIT);
      return { placed, view: get(bench, placed) };
    });
    for (const { placed, view } of viewed) {
      release(bench, placed);
      client.releaseWindow(view);
    }
    const free = (): number => primary.allocator.freeUnits + primary.allocator.cachedUnits;
    assert.is(free(), 0);
    const placed = mustPut(bench, UNIT);
    assert.ok(free() > 0 && free() < 895, `${free()} are back`);
    table.reclaimFreed();
    assert.is(free(), 895);
    for (const one of [placed, ...rest]) release(bench, one);
  }));

test('the actor is not asked for memory for an object whose id is taken', () =>
  onBench(async (bench) => {
    mayTakeAll(bench);
    const id = new Uint8Array(28).fill(5);
    const named = tryPut(bench, MEBIBYTE, id);
    if (typeof named === 'number') throw new Error(`status ${named}`);
    const rest = [1, 2, 3].map(() => mustPut(bench, MEBIBYTE));
    assert.is(tryPut(bench, KIBIBYTE, id), STATUS.EXISTS);
    assert.is(tryPut(bench, KIBIBYTE, new Uint8Array(28).fill(6)), STATUS.NO_BLOCK);
    for (const one of [named, ...rest]) release(bench, one);
  }));

test('without a free slot it takes no block', () =>
  onBench(async (bench) => {
    const { primary, table, control } = bench;
    mayTakeAll(bench);
    const placed = Array.from({ length: control.layout.maxObjects }, () => mustPut(bench, UNIT));
    assert.is(tryPut(bench, UNIT), STATUS.NO_BLOCK);
    assert.is(primary.allocatedBytes, placed.length * UNIT);
    assert.is(table.hasFreeSlot, false);
    table.verify(0);
    for (const one of placed) release(bench, one);
  }));

test.run();
