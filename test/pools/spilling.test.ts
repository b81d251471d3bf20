/** Moving objects to disk: what others do to an object while its bytes are being copied. No thread, so every order is forced. */
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SpillOutcome } from '../../src/pools/spilling.ts';
import { STATUS } from '../../src/state/bridge-status.ts';
import { ACTOR, NO_WATCH } from '../../src/state/control-layout.ts';
import { unitsOf } from '../../src/state/slot-layout.ts';
import { type Bench, get, onBench, type Placed, put } from '../support/store-bench.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;

async function outcome({ spilling }: Bench): Promise<SpillOutcome> {
  const sum = { freedBytes: 0, objects: 0, bytes: 0, failed: 0, systemCode: undefined as string | undefined };
  while (spilling.isBusy) {
    const part = spilling.finish();
    if (part === undefined) {
      await delay(1);
      continue;
    }
    for (const key of ['freedBytes', 'objects', 'bytes', 'failed'] as const) sum[key] += part[key];
    sum.systemCode ??= part.systemCode;
  }
  return sum;
}

const NOTHING_MOVED: SpillOutcome = { freedBytes: 0, objects: 0, bytes: 0, failed: 0, systemCode: undefined };

function isAll(view: Uint8Array, byte: number, length: number): boolean {
  return view.length === length && view.every((one) => one === byte);
}

test('an object moves while it is held, and is read where it lies then', () =>
  onBench(async (bench) => {
    const { spilling, control, primary, fallback } = bench;
    // Not a whole page, and not a whole unit.
    const objects = [100 * KIBIBYTE + 1, 1, 0, MEBIBYTE, 64].map((size) =>
      put(bench, new Uint8Array(size).fill(7)),
    );
    const usedBytes = primary.allocatedBytes;
    assert.is(spilling.start(usedBytes), usedBytes);
    const { freedBytes, objects: moved, bytes, failed } = await outcome(bench);
    const objectBytes = 100 * KIBIBYTE + 1 + 1 + MEBIBYTE + 64;
    assert.equal([freedBytes, moved, bytes, failed], [usedBytes, 5, objectBytes, 0]);
    assert.is(primary.allocatedBytes, 0);
    assert.ok(fallback.allocatedBytes >= usedBytes);
    for (const [index, object] of objects.entries()) {
      const { location, state, generation } = control.header(object.slot);
      assert.equal([location, state, generation], ['fallback', 'sealed', object.generation]);
      assert.ok(isAll(get(bench, object), 7, [100 * KIBIBYTE + 1, 1, 0, MEBIBYTE, 64][index] ?? 0));
    }
    assert.is(spilling.counts.objects, 5);
    assert.is(spilling.start(MEBIBYTE), 0, 'nothing is left in memory');
  }));

test('who gets the object before the copy counts keeps it in memory', () =>
  onBench(async (bench) => {
    const { spilling, control, fallback } = bench;
    const viewed = put(bench, new Uint8Array(MEBIBYTE).fill(1));
    spilling.start(MEBIBYTE);
    const view = get(bench, viewed);
    assert.equal(await outcome(bench), NOTHING_MOVED);
    assert.is(control.header(viewed.slot).location, 'primary');
    assert.is(fallback.allocatedBytes, 0, 'the copy is thrown away');
    assert.is(spilling.start(MEBIBYTE), 0, 'what is viewed is no candidate');
    assert.ok(isAll(view, 1, MEBIBYTE));
    assert.is(bench.client.releaseWindow(view.buffer), STATUS.OK);
    assert.is(spilling.start(MEBIBYTE), MEBIBYTE, 'and is one afterwards');
    await outcome(bench);
    assert.ok(isAll(get(bench, viewed), 1, MEBIBYTE));
  }));

test('an object that goes while it is copied takes its copy with it, and another in its slot and block stays whole', () =>
  onBench(async (bench) => {
    const { spilling, control, fallback, table, client } = bench;
    for (const how of ['delete', 'release'] as const) {
      const gone = put(bench, new Uint8Array(MEBIBYTE).fill(1));
      spilling.start(MEBIBYTE);
      if (how === 'delete') assert.is(client.delete(gone.slot, gone.generation), STATUS.OK);
      client.release(gone.track, gone.slot);
      table.reclaimFreed();
      const next = put(bench, new Uint8Array(MEBIBYTE).fill(2));
      assert.is(next.slot, gone.slot, 'the same slot, and the same block');
      assert.is(spilling.start(MEBIBYTE), 0, 'one move of a slot at a time');
      assert.equal(await outcome(bench), NOTHING_MOVED);
      assert.equal([control.header(next.slot).location, fallback.allocatedBytes], ['primary', 0]);
      assert.ok(isAll(get(bench, next), 2, MEBIBYTE));
      spilling.start(MEBIBYTE);
      await outcome(bench);
      client.release(next.track, next.slot);
      table.reclaimFreed();
    }
  }));

test('the least recently used go first', () =>
  onBench(async (bench) => {
    const { spilling, control, client } = bench;
    const objects: Placed[] = [];
    for (let index = 0; index < 4; index++) {
      objects.push(put(bench, new Uint8Array(512 * KIBIBYTE)));
      // The clock of the table ticks every few milliseconds.
      await delay(10);
    }
    const [first] = objects;
    if (first === undefined) throw new Error('no object');
    client.releaseWindow(get(bench, first).buffer);
    await delay(10);
    spilling.start(MEBIBYTE);
    await outcome(bench);
    const locations = objects.map(({ slot }) => control.header(slot).location);
    assert.equal(locations, ['primary', 'fallback', 'fallback', 'primary']);
  }));

test('a disk without room takes what it can', () =>
  onBench(async (bench) => {
    const { spilling, fallback } = bench;
    const block = fallback.allocate(unitsOf(15 * MEBIBYTE));
    assert.type(block, 'number');
    const objects = [1, 2, 3].map(() => put(bench, new Uint8Array(MEBIBYTE)));
    assert.is(spilling.start(3 * MEBIBYTE), MEBIBYTE);
    assert.is((await outcome(bench)).freedBytes, MEBIBYTE);
    assert.is(spilling.start(3 * MEBIBYTE), 0);
    // Held until here: a collection of their holders would end the objects.
    assert.is(objects.filter(({ holder }) => holder !== undefined).length, 3);
    if (typeof block === 'number') fallback.free(block);
  }));

test('an object that goes while its move begins, and whose slot a larger one gets, is left out, and overwrites nothing', () =>
  onBench(async (bench) => {
    const { spilling, control, client, fallback, primary, table } = bench;
    control.setActorWord(ACTOR.OWN_END_UNITS, primary.allocator.capacityUnits);
    control.setActorWord(ACTOR.WATCH_ABOVE_UNITS, NO_WATCH);
    // On disk: a hole of a page, and a victim behind it.
    const hole = put(bench, new Uint8Array(4 * KIBIBYTE));
    const victim = put(bench, new Uint8Array(MEBIBYTE).fill(7));
    spilling.start(4 * MEBIBYTE);
    assert.is((await outcome(bench)).objects, 2);
    client.release(hole.track, hole.slot);
    table.reclaimFreed();

    const going = put(bench, new Uint8Array(4 * KIBIBYTE).fill(1));
    const larger = { holder: {}, slot: -1, generation: 0, track: 0 };
    const { allocate } = fallback;
    fallback.allocate = (units) => {
      fallback.allocate = allocate;
      client.release(going.track, going.slot);
      assert.is(client.put(new Uint8Array(MEBIBYTE).fill(9), 0, larger.holder, undefined), STATUS.OK);
      [larger.slot = -1, larger.generation = 0, larger.track = 0] = client.result;
      return fallback.allocate(units);
    };
    assert.is(spilling.start(4 * KIBIBYTE), 0);
    assert.is(larger.slot, going.slot);
    assert.equal(await outcome(bench), NOTHING_MOVED);
    assert.ok(isAll(get(bench, victim), 7, MEBIBYTE));
    assert.ok(isAll(get(bench, larger), 9, MEBIBYTE));
    assert.is(fallback.allocator.blockCount, 1);
  }));

test.run();
