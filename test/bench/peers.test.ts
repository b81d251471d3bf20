/** What the peers of the benchmarks are made of, where it is our own. */
import { MessageChannel } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LeasedBlocks } from '../../bench/peers/leased-block.ts';
import { answerRpc, RpcCaller } from '../../bench/peers/rpc.ts';

test('blocks without a store: what is put is got, and a released block is used again', () => {
  const blocks = new LeasedBlocks(new ArrayBuffer(2 * 64), 64);
  const one = blocks.put(Float64Array.of(1, 2));
  const other = blocks.put(Float64Array.of(3));
  assert.equal([...blocks.get(one, 2)], [1, 2]);
  assert.equal([...blocks.get(other, 1)], [3]);
  assert.is(blocks.freeCount, 0);
  assert.throws(() => blocks.put(Float64Array.of(4)), /No block is free/);
  blocks.release(one);
  assert.is(blocks.freeCount, 1);
  assert.is(blocks.put(Float64Array.of(5)), one);
});

test('blocks without a store: a block with two readers is free when both have gone', () => {
  const blocks = new LeasedBlocks(new ArrayBuffer(64), 64);
  const block = blocks.put(Float64Array.of(1));
  blocks.get(block, 1);
  blocks.get(block, 1);
  blocks.release(block);
  assert.is(blocks.freeCount, 0);
  blocks.release(block);
  assert.is(blocks.freeCount, 1);
});

test('calls written by hand: each gets its own answer, and numbers are used again', async () => {
  const { port1, port2 } = new MessageChannel();
  try {
    answerRpc(port2, {
      twice: (value: number) => 2 * value,
      sum: (values: Float64Array) => values.reduce((total, value) => total + value, 0),
    });
    const caller = new RpcCaller(port1);
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all([1, 2, 3].map((value) => caller.call('twice', value)));
      assert.equal(answers, [2, 4, 6]);
    }
    const values = Float64Array.of(1, 2, 3);
    assert.is(await caller.callWith([values.buffer], 'sum', values), 6);
    assert.is(values.length, 0);
  } finally {
    port1.close();
  }
});

test.run();
