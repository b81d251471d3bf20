/** Blocks that a thread keeps for its next objects: which, how many, and who gets them when memory is short. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ObjectRef, Store } from '../../src/index.ts';
import { STOCK_OBJECT_BYTES_MAX, stockLimitBytes } from '../../src/state/stock-plan.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;

async function withStore(memory: number, run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory, spillLimit: 0, populateAhead: 0 });
  try {
    await run(store);
    await store.verify();
  } finally {
    await store.close();
  }
}

async function leasedBytes(store: Store): Promise<number> {
  return (await store.stats()).primary.leasedBytes;
}

test('small blocks stay with the thread whose objects they were, as many as it may have; larger ones do not', () =>
  withStore(16 * MEBIBYTE, async (store) => {
    const putAndRelease = (count: number, sizeBytes: number): void => {
      const refs = Array.from({ length: count }, () => store.putSync(new Uint8Array(sizeBytes)));
      for (const ref of refs) ref.release();
    };
    putAndRelease(20, KIBIBYTE);
    assert.is(await leasedBytes(store), 20 * KIBIBYTE);
    putAndRelease(20, STOCK_OBJECT_BYTES_MAX + 1);
    assert.is(await leasedBytes(store), 20 * KIBIBYTE);
    putAndRelease(20, STOCK_OBJECT_BYTES_MAX);
    const limitBytes = stockLimitBytes(16 * MEBIBYTE);
    const held = await leasedBytes(store);
    assert.ok(held <= limitBytes && held > limitBytes - STOCK_OBJECT_BYTES_MAX, `${held} bytes`);
    store.putSync(new Uint8Array(KIBIBYTE)).release();
    assert.is(await leasedBytes(store), held);
  }));

test('who finds no memory gets a block of its size out of the stock of another, which keeps the smaller ones', () =>
  withStore(16 * MEBIBYTE, async (store) => {
    const other = await Store.connect(store.handle);
    const largeBytes = STOCK_OBJECT_BYTES_MAX;
    // Released by who made them: they go to its stock.
    const small = Array.from({ length: 20 }, () => store.putSync(new Uint8Array(KIBIBYTE)));
    const large = store.putSync(new Uint8Array(largeBytes));
    for (const ref of [...small, large]) ref.release();
    const before = await leasedBytes(store);
    assert.is(before, largeBytes + 20 * KIBIBYTE);
    // All that is free and in nobody's stock.
    const filling: ObjectRef[] = [];
    for (;;) {
      const { capacityBytes, allocatedBytes, leasedBytes: leased } = (await store.stats()).primary;
      if (capacityBytes - allocatedBytes - leased < largeBytes) break;
      filling.push(other.putSync(new Uint8Array(largeBytes)));
    }
    assert.is(await leasedBytes(store), before);
    filling.push(other.putSync(new Uint8Array(largeBytes)));
    assert.is(await leasedBytes(store), before - largeBytes);
    assert.is((await store.stats()).requestedCollections, 0);
    for (const ref of filling) ref.release();
    await other.close();
  }));

test.run();
