import { inspect } from 'node:util';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../../src/state/errors.ts';
import { ObjectId } from '../../../src/state/ids/object-id.ts';

const MAX_U32 = 0xffff_ffff;
const u32 = fc.integer({ min: 0, max: MAX_U32 });
const bytesOfLength = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Ray's task id of the driver of job 199: 8 × FF, then the nil actor of that job. */
const driverTask = new Uint8Array(24).fill(0xff);
driverTask.set([199, 0, 0, 0], 20);

function names(name: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof InvalidArgumentError && error.message.includes(name) && error.values.name === name;
}

test('Ray TestObjectID: task id and index of the first, second and last object round-trip', () => {
  for (const index of [1, 2, MAX_U32]) {
    const id = ObjectId.fromIndex(driverTask, index);
    assert.equal(id.taskIdBytes, driverTask);
    assert.is(id.index, index);
    assert.ok(ObjectId.fromBinary(id.toBinary()).equals(id));
    assert.not(id.isNil);
  }
});

test('Ray TestObjectID: a random id has a task id that is not nil, and index 0', () => {
  const id = ObjectId.fromRandom();
  assert.not.equal(id.taskIdBytes, new Uint8Array(24).fill(0xff));
  assert.is(id.index, 0);
  assert.not(id.equals(ObjectId.fromRandom()));
});

test('Ray TestIsNil: nil is 28 bytes of FF, and zeros are not nil', () => {
  assert.ok(ObjectId.nil.isNil);
  assert.equal(ObjectId.nil.toBinary(), new Uint8Array(28).fill(0xff));
  assert.ok(ObjectId.fromBinary(new Uint8Array(0)).isNil);
  assert.ok(ObjectId.fromBinary(new Uint8Array(28).fill(0xff)).isNil);
  assert.not(ObjectId.fromBinary(new Uint8Array(28)).isNil);
  assert.not(ObjectId.fromRandom().isNil);
});

test('Ray TestNilHash: the hash of nil differs from those of random ids, and those differ', () => {
  const [one, two] = [ObjectId.fromRandom(), ObjectId.fromRandom()];
  assert.is.not(one.hash, ObjectId.nil.hash);
  assert.is.not(two.hash, ObjectId.nil.hash);
  assert.is.not(one.hash, two.hash);
});

test('Ray TestIdHash: an id is usable as a key of a set, a second insert finds it there', () => {
  const id = ObjectId.fromRandom();
  for (const key of ['hash', 'hex'] as const) {
    const seen = new Set([id[key]]);
    assert.ok(seen.has(ObjectId.fromBinary(id.toBinary())[key]));
    assert.not(seen.has(ObjectId.fromRandom()[key]));
  }
});

test('the hash is MurmurHash64A with seed 0, as its reference implementation in C computes it', () => {
  const firstPut = `${'ff'.repeat(20)}0100000001000000`;
  const counting = ObjectId.fromBinary(Uint8Array.from({ length: 28 }, (_, position) => position));
  assert.is(ObjectId.nil.hash, 0xc180_1be9_1ea2_a588n);
  assert.is(ObjectId.fromBinary(new Uint8Array(28)).hash, 0x04e1_fb84_9eb1_3e64n);
  assert.is(counting.hash, 0x87ed_83c7_0950_5786n);
  assert.is(ObjectId.fromHex(firstPut).hash, 0x318d_137a_a1d1_bb93n);
  assert.is(counting.hash32, 0x0950_5786);
});

test('hexadecimal: lower case out, either case in, nil for anything wrong', () => {
  const firstPut = `${'ff'.repeat(20)}0100000001000000`;
  const taskId = new Uint8Array(24).fill(0xff);
  taskId.set([1, 0, 0, 0], 20);
  const id = ObjectId.fromIndex(taskId, 1);
  assert.is(id.hex, firstPut);
  assert.is(String(id), firstPut);
  assert.is(JSON.stringify({ id }), `{"id":"${firstPut}"}`);
  assert.is(inspect(id), `ObjectId(${firstPut})`);
  assert.is(inspect(ObjectId.nil), 'ObjectId(nil)');
  assert.ok(ObjectId.fromHex(firstPut.toUpperCase()).equals(id));
  for (const wrong of ['', 'ff', `${firstPut}00`, `${firstPut.slice(1)}g`, ` ${firstPut}`, `${firstPut}\n`]) {
    assert.ok(ObjectId.fromHex(wrong).isNil, JSON.stringify(wrong));
  }
});

test('every 28 bytes survive binary and hexadecimal form; equality, key and hash agree', () => {
  fc.assert(
    fc.property(bytesOfLength(28), bytesOfLength(28), (bytes, others) => {
      const id = ObjectId.fromBinary(bytes);
      const other = ObjectId.fromBinary(others);
      assert.equal(id.toBinary(), new Uint8Array(bytes));
      assert.ok(ObjectId.fromHex(id.hex).equals(id));
      assert.is(id.equals(other), id.hex === other.hex);
      if (id.equals(other)) assert.is(id.hash, other.hash);
      assert.is(BigInt(id.hash32), id.hash & 0xffff_ffffn);
    }),
  );
});

test('an id shares no memory with what it was made from or what it returned', () => {
  const bytes = new Uint8Array(28).fill(7);
  const [binary, taskId] = [bytes.slice(), bytes.slice(0, 24)];
  const ids = [ObjectId.fromBinary(binary), ObjectId.fromIndex(taskId, 0x0707_0707)];
  binary.fill(0);
  taskId.fill(0);
  for (const id of ids) {
    id.toBinary().fill(1);
    id.taskIdBytes.fill(2);
    assert.equal(id.toBinary(), bytes);
  }
});

test('an id can be read from a view in the middle of a buffer', () => {
  const memory = Uint8Array.from({ length: 64 }, (_, position) => position);
  assert.equal(ObjectId.fromBinary(memory.subarray(10, 38)).toBinary(), memory.slice(10, 38));
  assert.equal(ObjectId.fromBinary(Buffer.from(memory).subarray(10, 38)).toBinary(), memory.slice(10, 38));
});

test('an automatic id names its slot to its own store only', () => {
  fc.assert(
    fc.property(bytesOfLength(12), bytesOfLength(12), u32, u32, (nonce, stranger, slot, generation) => {
      const id = ObjectId.forSlot(nonce, slot, generation);
      assert.equal(id.slotOf(nonce), { slot, generation });
      assert.equal(ObjectId.fromHex(id.hex).slotOf(nonce), { slot, generation });
      if (Buffer.compare(nonce, stranger) !== 0) assert.is(id.slotOf(stranger), undefined);
      assert.is(id.index, 0);
      assert.not(id.isNil);
    }),
  );
});

test('the layout of an automatic id: slot, generation, nonce, job 1, index 0', () => {
  const nonce = Uint8Array.from({ length: 12 }, (_, position) => 0xa0 + position);
  const id = ObjectId.forSlot(nonce, 0x0403_0201, 0x0807_0605);
  assert.is(id.hex, '0102030405060708a0a1a2a3a4a5a6a7a8a9aaab0100000000000000');
});

test('an id with another job or an index is not automatic', () => {
  const nonce = new Uint8Array(12).fill(5);
  const bytes = ObjectId.forSlot(nonce, 1, 2).toBinary();
  for (const position of [20, 21, 23, 24, 27]) {
    const changed = bytes.slice();
    changed[position]! += 1;
    assert.is(ObjectId.fromBinary(changed).slotOf(nonce), undefined);
  }
  assert.is(ObjectId.nil.slotOf(nonce), undefined);
  assert.is(ObjectId.fromIndex(bytes.subarray(0, 24), 1).slotOf(nonce), undefined);
});

test('wrong arguments are errors that name the argument', () => {
  const nonce = new Uint8Array(12);
  const text: unknown = 'x'.repeat(28);
  for (const length of [1, 27, 29, 56]) {
    assert.throws(() => ObjectId.fromBinary(new Uint8Array(length)), names('bytes'));
  }
  assert.throws(() => ObjectId.fromBinary(text as Uint8Array), names('bytes'));
  assert.throws(() => ObjectId.fromIndex(new Uint8Array(28), 1), names('taskId'));
  for (const index of [0, -1, 1.5, MAX_U32 + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => ObjectId.fromIndex(driverTask, index), names('index'));
  }
  assert.throws(() => ObjectId.forSlot(new Uint8Array(11), 0, 0), names('storeNonce'));
  assert.throws(() => ObjectId.nil.slotOf(new Uint8Array(13)), names('storeNonce'));
  assert.throws(() => ObjectId.forSlot(nonce, -1, 0), names('slot'));
  assert.throws(() => ObjectId.forSlot(nonce, 0, MAX_U32 + 1), names('generation'));
});

test.run();
