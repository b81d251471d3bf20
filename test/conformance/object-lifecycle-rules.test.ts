/** What Ray's prose and traps say of an object's life beyond the tests: a real store and a real policy. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { CREATE_ROUNDS, ObjectLifecycleManager } from '../../src/state/objects/object-lifecycle-manager.ts';
import { OBJECT_SOURCE, PLASMA_ERROR } from '../../src/state/objects/plasma-error.ts';
import { FirstFitAllocator, infoOf } from '../support/objects.ts';

const { CreatedByWorker } = OBJECT_SOURCE;
const { OK, ObjectNonexistent, OutOfMemory, ObjectNotSealed, ObjectInUse, ObjectSealed } = PLASMA_ERROR;
const isInvariant = (error: unknown) => error instanceof InvariantError;

function fixture(memoryBytes: number, diskBytes = 0) {
  const allocator = new FirstFitAllocator(memoryBytes, diskBytes);
  const notified: string[] = [];
  const manager = ObjectLifecycleManager.over<string>({ allocator, nowMs: () => 0 }, (objectId) =>
    notified.push(objectId),
  );
  const create = (objectId: string, bytes: number, allowFallback = false) =>
    manager.createReferencedObject(infoOf(objectId, bytes), CreatedByWorker, allowFallback).error;
  /** Created, sealed, and nobody's. */
  const put = (objectId: string, bytes: number, allowFallback = false) => {
    assert.is(create(objectId, bytes, allowFallback), OK);
    manager.sealObject(objectId);
    assert.ok(manager.removeReference(objectId));
  };
  return { allocator, notified, manager, create, put };
}

test('a full store evicts what was used least recently, a fifth of its memory at least', () => {
  const { notified, manager, put, allocator } = fixture(100);
  for (const id of [...'abcdefghij']) put(id, 10);
  manager.addReference('a');
  manager.removeReference('a');
  put('k', 5);
  assert.equal(notified, ['b', 'c']);
  assert.is(allocator.allocatedBytes, 85);
  put('l', 40);
  assert.equal(notified, ['b', 'c', 'd', 'e', 'f']);
  manager.stats.verifyAgainst([...'aghijkl'].flatMap((id) => manager.getObject(id) ?? []));
});

test('trap 4: a new object without a reference is a candidate, and evicting it is fatal', () => {
  const { manager, create } = fixture(100);
  assert.is(manager.createObject(infoOf('new', 80), CreatedByWorker, false).error, OK);
  assert.throws(() => create('other', 30), isInvariant);
});

test('trap 4 is avoided by creating with a reference', () => {
  const { manager, create } = fixture(100);
  assert.is(create('new', 80), OK);
  assert.is(create('other', 30), OutOfMemory);
  assert.is(manager.getObject('new')?.refCount, 1);
  assert.is(manager.requireSpace(1000), 0);
});

test('without a new object there is no reference either', () => {
  const { manager, create } = fixture(100);
  assert.is(create('big', 101), OutOfMemory);
  assert.is(manager.getObject('big'), undefined);
  assert.is(manager.stats.stats.createdTotal.objects, 0);
});

test('enough bytes in pieces are tried for eleven times, each time evicting, and then refused', () => {
  const { allocator, manager, notified, create, put } = fixture(100);
  for (const id of ['a', 'held', 'b']) put(id, 10);
  for (const id of ['c', 'd', 'e', 'f', 'g', 'h', 'i']) put(id, 10);
  for (const id of ['held', 'd', 'f', 'h']) manager.addReference(id);
  assert.is(allocator.allocatedBytes, 100);
  allocator.attempts = 0;
  // 60 bytes are free in the end, but none of the gaps is longer than 20.
  assert.is(create('new', 30), OutOfMemory);
  assert.is(allocator.attempts, CREATE_ROUNDS);
  assert.equal(notified, ['a', 'b', 'c', 'e', 'g', 'i']);
  assert.is(create('new', 10), OK);
});

test('what does not fit goes to disk only when that is allowed, and after all eviction', () => {
  const { allocator, manager, notified, create, put } = fixture(100, 60);
  put('old', 50);
  assert.is(create('held', 50), OK);
  assert.is(create('new', 60), OutOfMemory);
  assert.equal(notified, ['old']);
  assert.is(create('new', 60, true), OK);
  assert.is(manager.getObject('new')?.allocation.fallbackAllocated, true);
  assert.is(manager.stats.stats.fallbackUnsealed.bytes, 60);
  assert.is(allocator.fallbackAllocatedBytes, 60);
  assert.is(create('more', 60, true), OutOfMemory, 'the disk is full, too');
  assert.is(create('small', 10, true), OK);
  assert.is(manager.getObject('small')?.allocation.fallbackAllocated, false);
});

test('bytes on disk count as allocated, so that much more is evicted for the next object', () => {
  const { manager, notified, create, put } = fixture(100, 100);
  assert.is(create('held', 60), OK);
  assert.is(create('spilt', 50, true), OK);
  put('a', 20);
  put('b', 20);
  // 150 of 100 bytes allocated: required are 60, although 40 in one piece would do.
  assert.is(create('new', 10), OutOfMemory);
  assert.equal(notified, ['a', 'b']);
  assert.is(create('new', 10), OK);
  assert.is(manager.stats.bytesCreatedCurrent, 120);
});

test('deleting looks for absence first, then the seal, then references', () => {
  const { manager, create } = fixture(100);
  assert.is(manager.deleteObject('a'), ObjectNonexistent);
  create('a', 10);
  assert.is(manager.deleteObject('a'), ObjectNotSealed, 'unsealed and in use');
  manager.sealObject('a');
  assert.is(manager.deleteObject('a'), ObjectInUse);
});

test('trap 5: what is deleted in use goes with its last reference', () => {
  const { manager, notified, create } = fixture(100);
  create('a', 10);
  manager.addReference('a');
  manager.sealObject('a');
  assert.is(manager.deleteObject('a'), ObjectInUse);
  manager.removeReference('a');
  assert.is(manager.getObject('a')?.refCount, 1);
  assert.ok(manager.addReference('a'), 'who comes meanwhile still gets it');
  manager.removeReference('a');
  assert.ok(manager.removeReference('a'));
  assert.is(manager.getObject('a'), undefined);
  assert.equal(notified, ['a']);
  assert.is(manager.eagerDeletionObjects.size, 0);
});

test('what is deleted unsealed and unused stays after sealing, until a reference comes and goes', () => {
  const { manager, notified } = fixture(100);
  manager.createObject(infoOf('a', 10), CreatedByWorker, false);
  assert.is(manager.deleteObject('a'), ObjectNotSealed);
  assert.is.not(manager.sealObject('a'), undefined, 'sealing does not look at what is remembered');
  assert.is.not(manager.getObject('a'), undefined);
  manager.addReference('a');
  assert.equal(notified, []);
  manager.removeReference('a');
  assert.equal(notified, ['a']);
});

test('an abort forgets that the object was to be deleted, and tells nobody; so does an eviction, which tells', () => {
  const { manager, notified, create } = fixture(100);
  create('a', 10);
  manager.deleteObject('a');
  assert.is(manager.abortObject('a'), OK);
  assert.equal(notified, []);
  assert.is(manager.eagerDeletionObjects.size, 0);
  manager.createObject(infoOf('a', 10), CreatedByWorker, false);
  manager.deleteObject('a');
  manager.sealObject('a');
  assert.is(manager.requireSpace(1), 10);
  assert.equal(notified, ['a']);
  assert.is(manager.eagerDeletionObjects.size, 0);
  create('a', 10);
  manager.sealObject('a');
  manager.removeReference('a');
  assert.equal(notified, ['a'], 'the new one was never deleted');
  assert.is.not(manager.getObject('a'), undefined);
});

test('an abort takes the object from whoever has references, and its bytes out of all books', () => {
  const { allocator, manager, create } = fixture(100);
  create('a', 10);
  manager.addReference('a');
  assert.is(manager.abortObject('a'), OK);
  assert.is(allocator.allocatedBytes, 0);
  manager.stats.verifyAgainst([]);
  assert.not(manager.removeReference('a'));
  assert.is(create('a', 10), OK, 'and its name is free');
  manager.sealObject('a');
  assert.is(manager.abortObject('a'), ObjectSealed);
});

test('who is told finds the object gone from every book, and may create it anew', () => {
  const allocator = new FirstFitAllocator(100);
  const seen: unknown[] = [];
  const manager = ObjectLifecycleManager.over<number>({ allocator, nowMs: () => 0 }, (objectId) => {
    seen.push(manager.getObject(objectId), allocator.allocatedBytes, manager.eagerDeletionObjects.size);
    manager.stats.verifyAgainst([]);
    seen.push(manager.createReferencedObject(infoOf(objectId, 5), CreatedByWorker, false).error);
  });
  manager.createReferencedObject(infoOf(7, 10), CreatedByWorker, false);
  manager.sealObject(7);
  manager.deleteObject(7);
  manager.removeReference(7);
  assert.equal(seen, [undefined, 0, 0, OK]);
  assert.is(manager.getObject(7)?.refCount, 1);
});

test.run();
