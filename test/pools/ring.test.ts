import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { resetRing, verifyRing } from '../../src/pools/ring/ring.ts';
import { InvalidArgumentError, InvariantError } from '../../src/state/errors.ts';
import {
  CAPACITY_WORD,
  CONSUMER_POSITION_WORD,
  FALSE_SHARING_BYTES,
  maximumPayloadWords,
  PRODUCER_POSITION_WORD,
  PRODUCER_ROLE_WORD,
  RECORD_TYPE_MAX,
  RECORD_TYPE_PADDING,
  RECORDS_WORD,
  RING_ALIGNMENT_BYTES,
  RING_CAPACITY_WORDS_MAX,
  RING_CAPACITY_WORDS_MIN,
  recordHeader,
  recordPayloadWords,
  recordType,
  ringTotalBytes,
  SLEEPING_WORD,
  WORD_BYTES,
} from '../../src/state/ring-layout.ts';
import { CAPACITY, newBuffer, newRing, OFFSET, take, thrown } from '../support/ring-fixture.ts';

test('layout keeps words of different threads two cache lines apart', () => {
  const words = [0, PRODUCER_POSITION_WORD, CONSUMER_POSITION_WORD, SLEEPING_WORD, RECORDS_WORD];
  for (let index = 1; index < words.length; index++) {
    assert.ok((words[index]! - words[index - 1]!) * WORD_BYTES >= FALSE_SHARING_BYTES);
  }
});

test('layout gives the bytes of a ring and refuses capacities that are not powers of two within the limits', () => {
  assert.is(ringTotalBytes(1024), RECORDS_WORD * WORD_BYTES + 4096);
  for (let capacity = RING_CAPACITY_WORDS_MIN; capacity <= RING_CAPACITY_WORDS_MAX; capacity *= 2) {
    assert.is(ringTotalBytes(capacity) % RING_ALIGNMENT_BYTES, 0);
  }
  for (const capacity of [0, -32, 8, 33, 48, 16.5, Number.NaN, RING_CAPACITY_WORDS_MAX * 2, 2 ** 32]) {
    assert.is(thrown(() => ringTotalBytes(capacity), InvalidArgumentError).values.name, 'capacityWords');
  }
});

test('header word holds type and length at their extremes', () => {
  for (const type of [1, 127, 128, RECORD_TYPE_MAX, RECORD_TYPE_PADDING]) {
    for (const length of [0, 1, RING_CAPACITY_WORDS_MAX / 2 - 1]) {
      const [header] = Int32Array.of(recordHeader(type, length));
      assert.is(recordType(header!), type);
      assert.is(recordPayloadWords(header!), length);
    }
  }
});

test('what is written comes out, in order, with type and length', () => {
  const { producer, consumer } = newRing();
  assert.ok(producer.tryWrite(1, [11, -12, 2 ** 31 - 1]));
  assert.ok(producer.tryWrite(RECORD_TYPE_MAX, Int32Array.of(-(2 ** 31))));
  assert.ok(producer.tryWrite(3, []));
  assert.ok(producer.tryWrite(4, [1, 2, 3], 2));
  assert.equal(producer.verify(), { records: 4, words: 4 + 2 + 1 + 3 });
  assert.equal(take(consumer), [[1, 11, -12, 2 ** 31 - 1], [RECORD_TYPE_MAX, -(2 ** 31)], [3], [4, 1, 2]]);
  assert.equal(take(consumer), []);
  assert.equal(consumer.verify(), { records: 0, words: 0 });
});

test('a ring writes nothing outside its bytes', () => {
  const { buffer, producer, consumer } = newRing();
  for (let turn = 0; turn < 100; turn++) {
    producer.tryWrite(1, new Int32Array(turn % 12).fill(-1));
    take(consumer);
  }
  const bytes = new Uint8Array(buffer);
  assert.ok(bytes.subarray(0, OFFSET).every((byte) => byte === 0));
  assert.ok(bytes.subarray(OFFSET + ringTotalBytes(CAPACITY)).every((byte) => byte === 0));
});

test('claims are invisible until published, then appear together', () => {
  const { producer, consumer } = newRing();
  for (let value = 0; value < 3; value++) {
    producer.words[producer.claim(5, 1)] = value;
    assert.ok(consumer.isEmpty());
    assert.equal(take(consumer), []);
    assert.equal(consumer.verify(), { records: 0, words: 0 });
  }
  producer.publish();
  assert.not.ok(consumer.isEmpty());
  assert.equal(take(consumer), [
    [5, 0],
    [5, 1],
    [5, 2],
  ]);
});

test('abandoned claims never appear, and their words are free again', () => {
  const { producer, consumer } = newRing();
  producer.tryWrite(1, [1]);
  for (let turn = 0; turn < 100; turn++) {
    assert.ok(producer.claim(2, 10) >= 0);
    assert.ok(producer.claim(2, 10) >= 0);
    producer.abandon();
    producer.verify();
  }
  producer.publish();
  assert.ok(producer.tryWrite(3, [3]));
  assert.equal(take(consumer), [
    [1, 1],
    [3, 3],
  ]);
});

test('a record that does not fit before the end starts at the beginning, behind padding', () => {
  const { producer, consumer } = newRing();
  const lengths = [12, 11];
  for (const length of lengths) {
    producer.tryWrite(1, new Int32Array(length).fill(length));
  }
  assert.equal(take(consumer), [
    [1, ...new Array(12).fill(12)],
    [1, ...new Array(11).fill(11)],
  ]);
  // 25 words are used, 7 are left before the end.
  assert.is(producer.claim(2, 10), 1);
  producer.publish();
  assert.equal(producer.verify(), { records: 1, words: 7 + 11 });
  assert.is(take(consumer).length, 1);
});

test('a record may end exactly at the end, and padding may be a lone header', () => {
  const { producer, consumer } = newRing();
  producer.tryWrite(1, new Int32Array(15));
  producer.tryWrite(2, new Int32Array(15));
  assert.is(consumer.verify().words, CAPACITY);
  assert.is(take(consumer).length, 2);
  producer.tryWrite(3, new Int32Array(15));
  producer.tryWrite(4, new Int32Array(14));
  take(consumer);
  assert.is(producer.claim(5, 1), 1);
  producer.publish();
  assert.equal(producer.verify(), { records: 1, words: 1 + 2 });
  assert.is(take(consumer).length, 1);
});

test('a full ring refuses with false or -1, and takes more once something is consumed', () => {
  const { producer, consumer } = newRing();
  let written = 0;
  while (producer.tryWrite(1, [written, 0, 0])) {
    written++;
  }
  assert.is(written, CAPACITY / 4);
  assert.is(producer.claim(1, 0), -1);
  assert.is(producer.verify().words, CAPACITY);
  assert.equal(take(consumer, 1), [[1, 0, 0, 0]]);
  assert.ok(producer.tryWrite(1, [written, 0, 0]));
  assert.not.ok(producer.tryWrite(1, [0]));
  // A drain looks at the producer's position only when all it knew of is consumed.
  assert.equal(
    [...take(consumer), ...take(consumer)].map(([, value]) => value),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

test('the largest record fits into an empty ring at every position', () => {
  for (let position = 0; position < CAPACITY; position++) {
    const buffer = newBuffer();
    resetRing(buffer, OFFSET, CAPACITY, position);
    const producer = RingProducer.acquire(buffer, OFFSET, CAPACITY);
    assert.ok(producer.tryWrite(1, new Int32Array(maximumPayloadWords(CAPACITY))), `position ${position}`);
    producer.verify();
  }
});

test('a record that can never fit, or makes no sense, is refused at once and changes nothing', () => {
  const { producer, consumer } = newRing();
  const maximum = producer.maximumPayloadWords;
  assert.is(maximum, 15);
  for (const length of [
    maximum + 1,
    CAPACITY,
    2 ** 31,
    2 ** 32,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]) {
    assert.is(thrown(() => producer.claim(1, length), InvalidArgumentError).values.name, 'payloadWords');
  }
  for (const type of [0, RECORD_TYPE_PADDING, 256, -1, 1.5, Number.NaN]) {
    assert.is(thrown(() => producer.claim(type, 1), InvalidArgumentError).values.name, 'type');
  }
  thrown(() => producer.tryWrite(1, new Int32Array(maximum + 1)), InvalidArgumentError);
  thrown(() => producer.tryWrite(1, [1, 2], 3), InvalidArgumentError);
  producer.publish();
  assert.equal(consumer.verify(), { records: 0, words: 0 });
  // Refused also when there would be no room: an error of the caller must not look like a full ring.
  while (producer.tryWrite(1, [])) {}
  thrown(() => producer.claim(1, maximum + 1), InvalidArgumentError);
});

test('drain stops at its limit, and refuses limits that are no positive integers', () => {
  const { producer, consumer } = newRing();
  for (let value = 0; value < 5; value++) {
    producer.tryWrite(1, [value]);
  }
  assert.equal(take(consumer, 2), [
    [1, 0],
    [1, 1],
  ]);
  assert.equal(consumer.verify(), { records: 3, words: 6 });
  assert.is(take(consumer, 1000).length, 3);
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    thrown(() => take(consumer, limit), InvalidArgumentError);
  }
});

test('a throwing handler loses its own record only', () => {
  const { producer, consumer } = newRing();
  for (let value = 0; value < 4; value++) {
    producer.tryWrite(1, [value]);
  }
  const seen: number[] = [];
  const handler = (_type: number, words: Int32Array, start: number): void => {
    seen.push(words[start]!);
    if (words[start] === 1) {
      throw new RangeError('no');
    }
  };
  thrown(() => consumer.drain(handler, 10), RangeError);
  assert.equal(consumer.verify(), { records: 2, words: 4 });
  assert.is(consumer.drain(handler, 10), 2);
  assert.equal(seen, [0, 1, 2, 3]);
});

test('a handler can neither drain nor release the ring that called it', () => {
  const { producer, consumer } = newRing();
  producer.tryWrite(1, []);
  producer.tryWrite(2, []);
  thrown(() => consumer.drain(() => consumer.drain(() => {}, 1), 1), InvalidArgumentError);
  thrown(() => consumer.drain(() => consumer.release(), 1), InvalidArgumentError);
  assert.equal(take(consumer), []);
});

test('a handler may write into the ring it reads, and sees that later', () => {
  const { producer, consumer } = newRing();
  producer.tryWrite(1, []);
  assert.is(
    consumer.drain(() => void producer.tryWrite(2, []), 10),
    1,
  );
  assert.equal(take(consumer), [[2]]);
});

test('sleep is announced only over an empty ring, and wakes are let through once each', () => {
  const { producer, consumer } = newRing();
  assert.not.ok(producer.wake());
  assert.ok(consumer.announceSleep());
  producer.tryWrite(1, []);
  assert.ok(producer.wake());
  assert.not.ok(producer.wake());
  assert.not.ok(consumer.announceSleep());
  assert.not.ok(producer.wake());
  assert.ok(consumer.park(0), 'parks not at all while something is unread');
  take(consumer);
  assert.ok(consumer.announceSleep());
  consumer.cancelSleep();
  assert.not.ok(producer.wake());
  assert.not.ok(consumer.park(1), 'time ran out');
  assert.not.ok(producer.wake());
});

test('verify finds damage', () => {
  const damages: readonly (readonly [name: string, word: number, value: number])[] = [
    ['a position far ahead', PRODUCER_POSITION_WORD, CAPACITY + 9],
    ['positions crossed', CONSUMER_POSITION_WORD, 100],
    ['a record without type', RECORDS_WORD, 3],
    ['a record too long', RECORDS_WORD, recordHeader(1, 20)],
    ['a record across the end', RECORDS_WORD, recordHeader(1, CAPACITY)],
    ["a record across the producer's position", RECORDS_WORD + 4, recordHeader(1, 5)],
    ['padding in the middle', RECORDS_WORD, recordHeader(RECORD_TYPE_PADDING, 3)],
    ['a strange sleeping word', SLEEPING_WORD, 2],
    ['another capacity', CAPACITY_WORD, 64],
    ['an impossible owner', PRODUCER_ROLE_WORD, -5],
  ];
  for (const [name, word, value] of damages) {
    const { buffer, producer, consumer } = newRing();
    producer.tryWrite(1, [1, 2, 3]);
    producer.tryWrite(1, [1, 2, 3]);
    assert.equal(verifyRing(buffer, OFFSET, CAPACITY), { records: 2, words: 8 });
    new Int32Array(buffer, OFFSET)[word] = value;
    for (const verify of [
      () => verifyRing(buffer, OFFSET, CAPACITY),
      () => producer.verify(),
      () => consumer.verify(),
    ]) {
      assert.throws(verify, (error: unknown) => error instanceof InvariantError, name);
    }
  }
});

test('each side finds that another moved its position', () => {
  const { buffer, producer, consumer } = newRing();
  const control = new Int32Array(buffer, OFFSET, RECORDS_WORD);
  producer.tryWrite(1, [1]);
  control[PRODUCER_POSITION_WORD] = 0;
  thrown(() => producer.verify(), InvariantError);
  control[PRODUCER_POSITION_WORD] = 2;
  control[CONSUMER_POSITION_WORD] = 2;
  thrown(() => consumer.verify(), InvariantError);
});

test('drain refuses a damaged record before its handler sees it', () => {
  for (const header of [
    0,
    3,
    recordHeader(1, 4),
    recordHeader(1, CAPACITY),
    recordHeader(RECORD_TYPE_PADDING, 31),
  ]) {
    const { producer, consumer } = newRing();
    producer.tryWrite(1, [1, 2, 3]);
    producer.words[0] = header;
    thrown(() => take(consumer), InvariantError);
    thrown(() => take(consumer), InvariantError);
  }
});

test.run();
