/** Blocks that a thread has in advance: how many, and who gets them when memory is short. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ObjectRef, Store } from '../../src/index.ts';

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

test('objects of one size class are one demand, whatever their sizes', () =>
  withStore(64 * MEBIBYTE, async (store) => {
    // All of the class of 72 KiB; hardly two of a load have the same size.
    const classBytes = 72 * 1024;
    const refs: ObjectRef[] = [];
    const leased: number[] = [];
    for (let index = 0; index < 7; index++) {
      refs.push(store.putSync(new Uint8Array(66_000 + 500 * index)));
      leased.push((await leasedBytes(store)) / classBytes);
    }
    // The first, third and sixth find none: twice as many come with each answer.
    assert.equal(leased, [1, 0, 2, 1, 0, 4, 3]);
    for (const ref of refs) ref.release();
  }));

test('who finds no memory gets a block of its size out of the stock of another, which keeps the smaller ones', () =>
  withStore(16 * MEBIBYTE, async (store) => {
    const other = await Store.connect(store.handle);
    // Released by who made them: they go to its stock.
    const small = Array.from({ length: 20 }, () => store.putSync(new Uint8Array(1024)));
    const large = store.putSync(new Uint8Array(MEBIBYTE / 2));
    for (const ref of [...small, large]) ref.release();
    const smallBytes = (await leasedBytes(store)) - MEBIBYTE / 2;
    assert.ok(smallBytes >= 20 * 1024, `${smallBytes} bytes of small blocks`);
    // All that is free and in nobody's stock.
    const filling: ObjectRef[] = [];
    for (;;) {
      const { capacityBytes, allocatedBytes, leasedBytes } = (await store.stats()).primary;
      if (capacityBytes - allocatedBytes - leasedBytes < MEBIBYTE / 2) break;
      filling.push(other.putSync(new Uint8Array(MEBIBYTE / 2)));
    }
    const before = await leasedBytes(store);
    filling.push(other.putSync(new Uint8Array(MEBIBYTE / 2)));
    assert.is(await leasedBytes(store), before - MEBIBYTE / 2);
    assert.is((await store.stats()).requestedCollections, 0);
    for (const ref of filling) ref.release();
    await other.close();
  }));

test.run();
