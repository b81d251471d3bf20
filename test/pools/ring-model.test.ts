/** The ring against a queue made of arrays: every public operation, at random, from positions near the wrap-around. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { resetRing, verifyRing } from '../../src/pools/ring/ring.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import {
  CONSUMER_POSITION_WORD,
  PRODUCER_POSITION_WORD,
  ringTotalBytes,
} from '../../src/state/ring-layout.ts';

const CAPACITY = 64;
const OFFSET = 64;

interface ModelRecord {
  readonly type: number;
  readonly payload: readonly number[];
  /** Where the record ends, in words since the start, padding included. Never wraps. */
  readonly end: number;
}

/** What a ring should do, in the most obvious way: plain arrays, positions that never wrap. */
class Model {
  readonly claimed: ModelRecord[] = [];
  readonly published: ModelRecord[] = [];
  /** Positions in words from `start`, a number that stays exact. */
  claimedEnd: number;
  publishedEnd: number;
  consumedEnd: number;
  asleep = false;

  constructor(start: number) {
    this.claimedEnd = this.publishedEnd = this.consumedEnd = start;
  }

  claim(type: number, payload: readonly number[]): boolean {
    const size = payload.length + 1;
    const beforeEnd = CAPACITY - (((this.claimedEnd % CAPACITY) + CAPACITY) % CAPACITY);
    const padding = beforeEnd < size ? beforeEnd : 0;
    const end = this.claimedEnd + padding + size;
    if (end - this.consumedEnd > CAPACITY) return false;
    this.claimed.push({ type, payload, end });
    this.claimedEnd = end;
    return true;
  }

  publish(): void {
    this.published.push(...this.claimed.splice(0));
    this.publishedEnd = this.claimedEnd;
  }

  abandon(): void {
    this.claimed.length = 0;
    this.claimedEnd = this.publishedEnd;
  }

  consume(): ModelRecord {
    const record = this.published.shift()!;
    this.consumedEnd = record.end;
    return record;
  }
}

/** The ring under test with its model. */
class Pair {
  readonly buffer = new SharedArrayBuffer(OFFSET + ringTotalBytes(CAPACITY));
  readonly model: Model;
  producer: RingProducer;
  consumer: RingConsumer;

  constructor(start: number) {
    resetRing(this.buffer, OFFSET, CAPACITY, start);
    this.model = new Model(start);
    this.producer = RingProducer.acquire(this.buffer, OFFSET, CAPACITY);
    this.consumer = RingConsumer.acquire(this.buffer, OFFSET, CAPACITY);
  }

  /** All that can be seen of the ring agrees with the model. */
  check(): void {
    const { model } = this;
    const expected = { records: model.published.length, words: model.publishedEnd - model.consumedEnd };
    assert.equal(this.producer.verify(), expected);
    assert.equal(this.consumer.verify(), expected);
    assert.equal(verifyRing(this.buffer, OFFSET, CAPACITY), expected);
    const control = new Int32Array(this.buffer, OFFSET);
    assert.is(control[PRODUCER_POSITION_WORD], model.publishedEnd | 0);
    assert.is(control[CONSUMER_POSITION_WORD], model.consumedEnd | 0);
  }

  drain(limit: number, throwAt: number): void {
    const seen: number[][] = [];
    let error: unknown;
    let count = -1;
    try {
      count = this.consumer.drain((type, words, start, length) => {
        seen.push([type, ...words.subarray(start, start + length)]);
        if (seen.length === throwAt) throw new RangeError('handler');
      }, limit);
    } catch (thrown) {
      error = thrown;
    }
    const known = Math.min(limit, this.model.published.length);
    // What it knew of before comes first: a drain looks again only when that is used up.
    assert.ok(known === 0 ? seen.length === 0 : seen.length > 0 && seen.length <= known);
    for (const record of seen) {
      const { type, payload } = this.model.consume();
      assert.equal(record, [type, ...payload]);
    }
    assert.is(error instanceof RangeError, throwAt === seen.length);
    assert.is(count, throwAt === seen.length ? -1 : seen.length);
  }
}

type Step = (pair: Pair) => void;

const anyType = fc.integer({ min: 1, max: 254 });
const anyWord = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyPayload = fc.array(anyWord, { maxLength: CAPACITY / 2 - 1 });
const anyPosition = fc.oneof(
  fc.integer({ min: 2 ** 31 - 3 * CAPACITY, max: 2 ** 31 + CAPACITY }),
  fc.integer({ min: -3 * CAPACITY, max: CAPACITY }),
  anyWord,
);

/**
 * Steps by the operation they exercise. Keys are the names of public methods, and a test compares them with the
 * classes, so that no method can be added without one.
 */
const steps: Record<string, fc.Arbitrary<Step>> = {
  claim: fc.tuple(anyType, anyPayload).map(([type, payload]) => ({ producer, model }: Pair) => {
    const index = producer.claim(type, payload.length);
    assert.is(index >= 0, model.claim(type, payload));
    if (index >= 0) {
      producer.words.set(payload, index);
    }
  }),
  publish: fc.constant(({ producer, model }: Pair) => {
    producer.publish();
    model.publish();
  }),
  abandon: fc.constant(({ producer, model }: Pair) => {
    producer.abandon();
    model.abandon();
  }),
  tryWrite: fc.tuple(anyType, anyPayload).map(([type, payload]) => ({ producer, model }: Pair) => {
    const fits = model.claim(type, payload);
    assert.is(producer.tryWrite(type, payload), fits);
    if (fits) {
      model.publish();
    }
  }),
  tryAppend: fc.tuple(anyType, anyPayload).map(([type, payload]) => ({ producer, model }: Pair) => {
    assert.is(producer.tryAppend(type, Int32Array.from(payload)), model.claim(type, payload));
  }),
  drain: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 })).map(
    ([limit, throwAt]) =>
      (pair: Pair) =>
        pair.drain(limit, throwAt),
  ),
  isEmpty: fc.constant(({ consumer, model }: Pair) => {
    assert.is(consumer.isEmpty(), model.published.length === 0);
  }),
  announceSleep: fc.constant(({ consumer, model }: Pair) => {
    model.asleep = model.published.length === 0;
    assert.is(consumer.announceSleep(), model.asleep);
  }),
  cancelSleep: fc.constant(({ consumer, model }: Pair) => {
    consumer.cancelSleep();
    model.asleep = false;
  }),
  park: fc.constant(({ consumer, model }: Pair) => {
    assert.is(consumer.park(0), model.published.length > 0);
    model.asleep = false;
  }),
  wake: fc.constant(({ producer, model }: Pair) => {
    assert.is(producer.wake(), model.asleep);
    model.asleep = false;
  }),
  verify: fc.constant((pair: Pair) => pair.check()),
  release: fc.boolean().map((isProducer) => (pair: Pair) => {
    if (isProducer) {
      pair.producer.release();
      pair.model.abandon();
      assert.throws(
        () => pair.producer.publish(),
        (error: unknown) => error instanceof InvalidArgumentError,
      );
      pair.producer = RingProducer.acquire(pair.buffer, OFFSET, CAPACITY);
    } else {
      pair.consumer.release();
      pair.consumer = RingConsumer.acquire(pair.buffer, OFFSET, CAPACITY);
    }
  }),
};

test('every public method has a step', () => {
  const names = [RingProducer, RingConsumer].flatMap((role) => Object.getOwnPropertyNames(role.prototype));
  const methods = new Set(names.filter((name) => name !== 'constructor'));
  assert.equal(Object.keys(steps).sort(), [...methods].sort());
});

test('the ring does what the model does, from every position', () => {
  fc.assert(
    fc.property(
      anyPosition,
      fc.array(fc.oneof(...Object.values(steps)), { minLength: 1, maxLength: 120 }),
      (start, sequence) => {
        const pair = new Pair(start);
        for (const step of sequence) {
          step(pair);
          pair.check();
        }
        pair.producer.publish();
        pair.model.publish();
        while (pair.model.published.length > 0) {
          pair.drain(1000, Number.POSITIVE_INFINITY);
        }
        assert.ok(pair.consumer.isEmpty());
        pair.check();
      },
    ),
    { numRuns: 1500 },
  );
});

test('positions pass 2^31 and 2^32 in long runs of records of every length', () => {
  for (const start of [2 ** 31 - 1000, -1000]) {
    const pair = new Pair(start);
    for (let turn = 0; turn < 500; turn++) {
      const payload = Array.from({ length: turn % (CAPACITY / 2) }, (_, index) => turn * 1000 + index);
      assert.ok(pair.producer.tryWrite(1, payload));
      pair.model.claim(1, payload);
      pair.model.publish();
      pair.drain(10, Number.POSITIVE_INFINITY);
      pair.check();
    }
    assert.ok(pair.model.consumedEnd > start + 4000);
  }
});

test.run();
