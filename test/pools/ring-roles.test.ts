import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { InvalidArgumentError, OutOfResourceError } from '../../src/state/errors.ts';
import { CAPACITY, newBuffer, newRing, OFFSET, take, thrown } from '../support/ring-fixture.ts';

test('a second producer or consumer is refused, and told who holds the role', () => {
  const buffer = newBuffer();
  const producer = RingProducer.acquire(buffer, OFFSET, CAPACITY, 41);
  const consumer = RingConsumer.acquire(buffer, OFFSET, CAPACITY, 42);
  assert.equal(thrown(() => RingProducer.acquire(buffer, OFFSET, CAPACITY, 43), OutOfResourceError).values, {
    role: 'producer',
    holder: 41,
    owner: 43,
  });
  assert.is(
    thrown(() => RingConsumer.acquire(buffer, OFFSET, CAPACITY), OutOfResourceError).values.holder,
    42,
  );
  producer.release();
  consumer[Symbol.dispose]();
  RingProducer.acquire(buffer, OFFSET, CAPACITY);
  RingConsumer.acquire(buffer, OFFSET, CAPACITY);
});

test('the next holder of a role goes on where the last one stopped', () => {
  const { buffer, producer, consumer } = newRing();
  producer.tryWrite(1, [1]);
  producer.tryWrite(1, [2]);
  producer.claim(1, 5);
  producer.release();
  assert.equal(take(consumer, 1), [[1, 1]]);
  consumer.release();
  const nextProducer = RingProducer.acquire(buffer, OFFSET, CAPACITY);
  const nextConsumer = RingConsumer.acquire(buffer, OFFSET, CAPACITY);
  nextProducer.tryWrite(1, [3]);
  // What the consumer found when it came, then what was published since: a drain looks once.
  assert.equal(take(nextConsumer), [[1, 2]]);
  assert.equal(take(nextConsumer), [[1, 3]]);
});

test('a released role does nothing more', () => {
  const { buffer, producer, consumer } = newRing();
  producer.claim(1, 1);
  producer.release();
  consumer.release();
  const next = RingProducer.acquire(buffer, OFFSET, CAPACITY);
  producer.release();
  thrown(() => RingProducer.acquire(buffer, OFFSET, CAPACITY), OutOfResourceError);
  thrown(() => producer.claim(1, 0), InvalidArgumentError);
  thrown(() => producer.publish(), InvalidArgumentError);
  producer.abandon();
  thrown(() => producer.tryWrite(1, []), InvalidArgumentError);
  thrown(() => consumer.drain(() => {}, 1), InvalidArgumentError);
  thrown(() => consumer.announceSleep(), InvalidArgumentError);
  assert.equal(next.verify(), { records: 0, words: 0 });
});

test('reset empties the ring and frees both roles; a release from before it changes nothing', () => {
  const { buffer, producer, consumer } = newRing();
  producer.tryWrite(1, [1]);
  consumer.announceSleep();
  RingProducer.reset(buffer, OFFSET, CAPACITY);
  const nextProducer = RingProducer.acquire(buffer, OFFSET, CAPACITY);
  const nextConsumer = RingConsumer.acquire(buffer, OFFSET, CAPACITY);
  producer.release();
  consumer.release();
  thrown(() => RingProducer.acquire(buffer, OFFSET, CAPACITY), OutOfResourceError);
  thrown(() => RingConsumer.acquire(buffer, OFFSET, CAPACITY), OutOfResourceError);
  assert.equal(take(nextConsumer), []);
  assert.not.ok(nextProducer.wake());
  nextProducer.tryWrite(2, [2]);
  assert.equal(take(nextConsumer), [[2, 2]]);
});

test('both sides must agree on the capacity', () => {
  const buffer = newBuffer(64);
  RingProducer.acquire(buffer, OFFSET, 64);
  assert.is(thrown(() => RingConsumer.acquire(buffer, OFFSET, 32), InvalidArgumentError).values.present, 64);
});

test('a place where no ring can lie is refused', () => {
  const buffer = newBuffer();
  for (const offset of [-64, 4, 63, 0.5, Number.NaN, OFFSET + 128, 2 ** 40]) {
    assert.is(
      thrown(() => RingProducer.acquire(buffer, offset, CAPACITY), InvalidArgumentError).values.name,
      'byteOffset',
    );
  }
  const unshared = new ArrayBuffer(4096) as unknown as SharedArrayBuffer;
  thrown(() => RingConsumer.acquire(unshared, 0, CAPACITY), InvalidArgumentError);
  thrown(() => RingProducer.acquire(buffer, OFFSET, 33), InvalidArgumentError);
  for (const owner of [0, -1, 1.5, 2 ** 31]) {
    thrown(() => RingProducer.acquire(buffer, OFFSET, CAPACITY, owner), InvalidArgumentError);
  }
});

test.run();
