/** The table of objects, checked between any two steps of its clients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STATUS } from '../../src/state/bridge-status.ts';
import { lease, onBench, put } from '../support/store-bench.ts';

test('what was deleted under a ref is in order at every step until the ref has gone', () =>
  onBench(async (bench) => {
    const { table, client, control } = bench;
    const { slot, generation, track } = put(bench, new Uint8Array(1000));
    const stateIs = (state: string): void => {
      assert.is(control.header(slot).state, state);
      table.verify(0);
    };
    assert.is(client.delete(slot, generation), STATUS.OK);
    stateIs('released');
    table.reclaimFreed();
    stateIs('tombstone');
    // The last ref goes before the actor looks: the slot is on its way again, this time without a block.
    client.release(track, slot);
    stateIs('released');
    // Who waits for a slot has to hear of it, though no block comes back.
    assert.is(table.reclaimFreed(), 1);
    stateIs('free');
  }));

test('a block that goes back unused is in order, though the slot remembers a larger object', () =>
  onBench(async (bench) => {
    const { table, client, control, actor } = bench;
    const { slot, track } = put(bench, new Uint8Array(4096));
    client.release(track, slot);
    table.recallLeases();
    table.reclaimFreed();
    const leased = lease(bench, 65);
    assert.is(leased.slot, slot);
    assert.is(control.header(slot).state, 'leased');
    table.verify(0);
    // As at the client's death: what it had is on its way then.
    actor.recoverClient(client.index);
    assert.is(control.header(slot).state, 'released');
    table.verify(0);
    table.reclaimFreed();
    assert.is(control.header(slot).state, 'free');
    table.verify(0);
    // By itself it is there at once.
    const again = lease(bench, 65);
    client.handBack(again.slot, again.generation);
    assert.is(control.header(again.slot).state, 'free');
  }));

test.run();
