/** The table of objects, checked between any two steps of its clients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STATUS } from '../../src/state/bridge-status.ts';
import { onBench, put } from '../support/store-bench.ts';

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
    table.reclaimFreed();
    stateIs('free');
  }));

test.run();
