/** Small rings for tests, between the words of strangers. */
import * as assert from 'uvu/assert';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { ringTotalBytes } from '../../src/state/ring-layout.ts';

export const CAPACITY = 32;
/** Not at the start of its buffer, with a stranger's words on both sides. */
export const OFFSET = 192;

export function newBuffer(capacityWords = CAPACITY): SharedArrayBuffer {
  return new SharedArrayBuffer(OFFSET + ringTotalBytes(capacityWords) + 64);
}

export function newRing(capacityWords = CAPACITY): {
  buffer: SharedArrayBuffer;
  producer: RingProducer;
  consumer: RingConsumer;
} {
  const buffer = newBuffer(capacityWords);
  return {
    buffer,
    producer: RingProducer.acquire(buffer, OFFSET, capacityWords),
    consumer: RingConsumer.acquire(buffer, OFFSET, capacityWords),
  };
}

/** Drains up to `limit` records as `[type, ...payload]`. */
export function take(consumer: RingConsumer, limit = 1000): number[][] {
  const records: number[][] = [];
  const count = consumer.drain((type, words, start, length) => {
    records.push([type, ...words.subarray(start, start + length)]);
  }, limit);
  assert.is(count, records.length);
  return records;
}

/** Runs `action` and returns the error it throws, which must be of the class given. */
export function thrown<E extends Error>(
  action: () => unknown,
  errorClass: new (...parameters: never[]) => E,
): E {
  try {
    action();
  } catch (error) {
    assert.instance(error, errorClass);
    return error as E;
  }
  throw new Error(`Nothing was thrown, ${errorClass.name} was expected`);
}
