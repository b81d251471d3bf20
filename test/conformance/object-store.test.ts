/** Ray's object_store_test, and what its prose says beyond it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import {
  type Allocation,
  MUTABLE_HEADER_BYTES,
  objectSizeBytes,
  sameObjectInfo,
} from '../../src/state/objects/object-info.ts';
import { type ObjectAllocator, ObjectStore } from '../../src/state/objects/object-store.ts';
import {
  OBJECT_SOURCE,
  OBJECT_STATE,
  PLASMA_ERROR,
  plasmaErrorStatus,
} from '../../src/state/objects/plasma-error.ts';
import { allocationOf, infoOf } from '../support/objects.ts';
import { randomFrom, readSeed } from '../support/random.ts';

const { CreatedByWorker, RestoredFromStorage } = OBJECT_SOURCE;
const isInvariant = (error: unknown) => error instanceof InvariantError;
const random = randomFrom(readSeed());

/** Answers with what it was given, and remembers what it was asked. */
class MockAllocator implements ObjectAllocator {
  readonly calls: (readonly [call: string, argument: number | Allocation])[] = [];
  primary: Allocation | undefined;
  fallback: Allocation | undefined;

  allocate(sizeBytes: number): Allocation | undefined {
    this.calls.push(['allocate', sizeBytes]);
    return this.primary;
  }

  fallbackAllocate(sizeBytes: number): Allocation | undefined {
    this.calls.push(['fallbackAllocate', sizeBytes]);
    return this.fallback;
  }

  free(allocation: Allocation): void {
    this.calls.push(['free', allocation]);
  }

  /** What it was asked since the last time. */
  takeCalls() {
    return this.calls.splice(0);
  }
}

function fixture() {
  const allocator = new MockAllocator();
  const clock = { nowMs: 0 };
  const headers: Allocation[] = [];
  const store = new ObjectStore<string>({
    allocator,
    nowMs: () => clock.nowMs,
    initialiseHeader: (allocation) => headers.push(allocation),
  });
  return { allocator, clock, headers, store };
}

test('PassThroughTest, a primary allocation', () => {
  const { allocator, store } = fixture();
  const dataBytes = Math.floor(random() * 11);
  const info = infoOf('id1', dataBytes, { metadataBytes: 10 - dataBytes });
  const allocation = allocationOf(10, { address: 77 });
  allocator.primary = allocation;

  const object = store.createObject(info, CreatedByWorker, false);
  assert.equal(allocator.takeCalls(), [['allocate', 10]]);
  assert.is(object?.refCount, 0);
  assert.is(object?.state, OBJECT_STATE.PLASMA_CREATED);
  assert.is(object?.allocation, allocation);
  assert.ok(object && sameObjectInfo(object.objectInfo, info));
  assert.is(object?.source, CreatedByWorker);
  assert.not(object?.allocation.fallbackAllocated);

  assert.is(store.getObject('id1'), object);
  assert.is(store.getObject('id2'), undefined);
  assert.is(store.sealObject('id1'), object);
  assert.is(object?.state, OBJECT_STATE.PLASMA_SEALED);
  assert.is(store.sealObject('id2'), undefined);

  assert.equal(allocator.takeCalls(), []);
  assert.ok(store.deleteObject('id1'));
  assert.equal(allocator.takeCalls(), [['free', allocation]]);
  assert.is(store.getObject('id1'), undefined);
  assert.not(store.deleteObject('id1'));
  assert.not(store.deleteObject('id2'));
  assert.equal(allocator.takeCalls(), []);
});

test('PassThroughTest, a fallback allocation', () => {
  const { allocator, store } = fixture();
  const info = infoOf('id1', 12);
  assert.is(store.createObject(info, CreatedByWorker, false), undefined);
  assert.equal(allocator.takeCalls(), [['allocate', 12]]);
  assert.is(store.getObject('id1'), undefined);

  const allocation = allocationOf(12, { fallbackAllocated: true });
  allocator.fallback = allocation;
  const object = store.createObject(info, CreatedByWorker, true);
  assert.equal(allocator.takeCalls(), [['fallbackAllocate', 12]]);
  assert.is(object?.refCount, 0);
  assert.is(object?.state, OBJECT_STATE.PLASMA_CREATED);
  assert.is(object?.allocation, allocation);
  assert.ok(object?.allocation.fallbackAllocated);
  assert.ok(store.deleteObject('id1'));
  assert.equal(allocator.takeCalls(), [['free', allocation]]);
});

test('creating what exists is fatal, asks for no memory and changes nothing', () => {
  const { allocator, store } = fixture();
  allocator.primary = allocationOf(10);
  const object = store.createObject(infoOf('id1', 10), CreatedByWorker, false);
  allocator.takeCalls();
  for (const fallback of [true, false]) {
    assert.throws(() => store.createObject(infoOf('id1', 5), RestoredFromStorage, fallback), isInvariant);
  }
  assert.equal(allocator.takeCalls(), []);
  assert.is(store.getObject('id1'), object);
});

test('an object is sealed once, and then knows how long it took', () => {
  const { allocator, clock, store } = fixture();
  allocator.primary = allocationOf(10);
  clock.nowMs = 1000;
  const object = store.createObject(infoOf('id1', 10), CreatedByWorker, false);
  assert.is(object?.createTimeMs, 1000);
  assert.is(object?.constructDurationMs, -1);
  clock.nowMs = 1007;
  store.sealObject('id1');
  clock.nowMs = 1009;
  assert.is(store.sealObject('id1'), undefined);
  assert.is(object?.constructDurationMs, 7);
  assert.is(object?.createTimeMs, 1000);
});

test('an object is deleted in any state, with any number of references, and can be created anew', () => {
  const { allocator, store } = fixture();
  allocator.primary = allocationOf(10);
  for (const sealed of [true, false]) {
    const object = store.createObject(infoOf('id1', 10), CreatedByWorker, false);
    if (sealed) store.sealObject('id1');
    if (object) object.refCount = 3;
    assert.ok(store.deleteObject('id1'));
    assert.is(store.getObject('id1'), undefined);
  }
  assert.is(store.createObject(infoOf('id1', 10), CreatedByWorker, false)?.refCount, 0);
});

test('the size of an object is data and metadata, and the header of a mutable one', () => {
  assert.is(objectSizeBytes(infoOf('id1', 7, { metadataBytes: 5 })), 12);
  assert.is(objectSizeBytes(infoOf('id1', 0)), 0);
  const mutable = infoOf('id1', 7, { metadataBytes: 5, isMutable: true });
  assert.is(objectSizeBytes(mutable), 12 + MUTABLE_HEADER_BYTES);
  assert.is(MUTABLE_HEADER_BYTES % 64, 0);
});

test('a mutable object has its header made, in its own block, and others have none', () => {
  const { allocator, headers, store } = fixture();
  const allocation = allocationOf(12 + MUTABLE_HEADER_BYTES);
  store.createObject(infoOf('id1', 12, { isMutable: true }), CreatedByWorker, false);
  assert.equal(headers, [], 'no block, no header');
  allocator.primary = allocation;
  store.createObject(infoOf('id1', 12, { isMutable: true }), CreatedByWorker, false);
  store.createObject(infoOf('id2', 12), CreatedByWorker, false);
  assert.is(headers.length, 1);
  assert.is(headers[0], allocation);
  assert.equal(allocator.takeCalls().at(-2), ['allocate', 12 + MUTABLE_HEADER_BYTES]);
  assert.is(store.sizeBytesOf('id1'), 12 + MUTABLE_HEADER_BYTES);
  assert.is(store.sizeBytesOf('id2'), 12);
  assert.is(store.sizeBytesOf('id3'), undefined);
});

test('a mutable object that nobody can make a header for is fatal, and takes no memory', () => {
  const allocator = new MockAllocator();
  const store = new ObjectStore<number>({ allocator, nowMs: () => 0 });
  assert.throws(
    () => store.createObject(infoOf(1, 12, { isMutable: true }), CreatedByWorker, false),
    isInvariant,
  );
  assert.equal(allocator.takeCalls(), []);
});

test('infos are the same when all but their mutability is', () => {
  const info = infoOf('id1', 7, { metadataBytes: 5 });
  assert.ok(sameObjectInfo(info, { ...info }));
  assert.ok(sameObjectInfo(info, { ...info, isMutable: true }));
  const others = [
    { objectId: 'id2' },
    { dataBytes: 8 },
    { metadataBytes: 6 },
    { ownerNodeId: 'other' },
    { ownerIpAddress: '127.0.0.2' },
    { ownerPort: 2 },
    { ownerWorkerId: 'other' },
  ];
  for (const other of others) assert.not(sameObjectInfo(info, { ...info, ...other }), JSON.stringify(other));
});

test('what a client makes of an answer; the others never reach one', () => {
  const { OK, ObjectExists, ObjectNonexistent, OutOfMemory, OutOfDisk, UnexpectedError } = PLASMA_ERROR;
  assert.equal(
    [OK, ObjectExists, ObjectNonexistent, OutOfMemory, OutOfDisk, UnexpectedError].map(
      (error) => plasmaErrorStatus(error).code,
    ),
    ['OK', 'ObjectExists', 'ObjectNotFound', 'ObjectStoreFull', 'OutOfDisk', 'UnknownError'],
  );
  for (const error of [PLASMA_ERROR.ObjectNotSealed, PLASMA_ERROR.ObjectInUse, PLASMA_ERROR.ObjectSealed]) {
    assert.throws(() => plasmaErrorStatus(error), isInvariant);
  }
});

test('names and numbers are those of Ray', () => {
  assert.equal(
    { ...PLASMA_ERROR },
    {
      OK: 0,
      ObjectExists: 1,
      ObjectNonexistent: 2,
      OutOfMemory: 3,
      ObjectNotSealed: 4,
      ObjectInUse: 5,
      UnexpectedError: 6,
      ObjectSealed: 7,
      OutOfDisk: 8,
    },
  );
  assert.equal(
    { ...OBJECT_SOURCE },
    { CreatedByWorker: 0, RestoredFromStorage: 1, ReceivedFromRemoteRaylet: 2, ErrorStoredByRaylet: 3 },
  );
  assert.equal({ ...OBJECT_STATE }, { PLASMA_CREATED: 1, PLASMA_SEALED: 2 });
  for (const words of [PLASMA_ERROR, OBJECT_SOURCE, OBJECT_STATE]) assert.ok(Object.isFrozen(words));
});

test.run();
