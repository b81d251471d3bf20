/**
 * Ray's stats_collector_test: a real manager over an allocator without limit, and after every operation every counter
 * must be what the objects come to.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { EvictionPolicy } from '../../src/state/objects/eviction-policy.ts';
import { ObjectLifecycleManager } from '../../src/state/objects/object-lifecycle-manager.ts';
import { ObjectStatsCollector } from '../../src/state/objects/object-stats-collector.ts';
import { ObjectStore } from '../../src/state/objects/object-store.ts';
import { OBJECT_SOURCE, OBJECT_STATE, PLASMA_ERROR } from '../../src/state/objects/plasma-error.ts';
import { recountStats } from '../support/object-stats.ts';
import { allocationOf, FirstFitAllocator, infoOf, objectOf } from '../support/objects.ts';
import { randomFrom, readSeed } from '../support/random.ts';

const { CreatedByWorker } = OBJECT_SOURCE;
const { PLASMA_SEALED } = OBJECT_STATE;
const SOURCES = Object.values(OBJECT_SOURCE);
const random = randomFrom(readSeed());
const randomFromTo = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));

function fixture() {
  const allocator = new FirstFitAllocator(Number.MAX_SAFE_INTEGER);
  const store = new ObjectStore<number>({ allocator, nowMs: () => 0 });
  const policy = new EvictionPolicy(store, allocator);
  const manager = new ObjectLifecycleManager({ store, policy, deleteObject: () => {} });
  let created = { objects: 0, bytes: 0 };
  const check = (): void => {
    manager.stats.verifyAgainst(store.objects());
    assert.equal(manager.stats.stats, recountStats([...store.objects()], created));
  };
  const create = (id: number, sizeBytes: number): void => {
    const { error } = manager.createObject(infoOf(id, sizeBytes), SOURCES[id % 4] ?? CreatedByWorker, false);
    assert.is(error, PLASMA_ERROR.OK);
    created = { objects: created.objects + 1, bytes: created.bytes + sizeBytes };
    check();
  };
  return { manager, store, check, create };
}

test('CreateAndAbort', () => {
  const { manager, check, create } = fixture();
  for (const id of SOURCES) create(id, randomFromTo(1, 99));
  for (const id of SOURCES) {
    assert.is(manager.abortObject(id), PLASMA_ERROR.OK);
    check();
  }
  assert.is(manager.stats.bytesCreatedCurrent, 0);
  assert.is(manager.stats.stats.createdTotal.objects, 4);
});

test('CreateAndDelete', () => {
  for (let round = 0; round < 20; round++) {
    const { manager, check, create } = fixture();
    for (const id of SOURCES) create(id, randomFromTo(1, 99));
    for (const id of SOURCES) {
      for (let references = randomFromTo(1, 9); references > 0; references--) {
        assert.ok(manager.addReference(id));
        check();
      }
      if (random() < 0.5) {
        manager.sealObject(id);
        check();
      }
      assert.is.not(manager.deleteObject(id), PLASMA_ERROR.OK);
      check();
      assert.is.not(manager.getObject(id), undefined);
    }
  }
});

test('Eviction', () => {
  const { manager, store, check, create } = fixture();
  for (const id of SOURCES) create(id, 100 + id);
  for (const id of SOURCES) {
    manager.sealObject(id);
    check();
  }
  for (const id of SOURCES) {
    assert.is(manager.requireSpace(100), 100 + id);
    check();
  }
  assert.equal([...store.objects()], []);
});

test('RefCountPassThrough', () => {
  const { manager, store, check, create } = fixture();
  create(CreatedByWorker, 100);
  create(OBJECT_SOURCE.RestoredFromStorage, 200);
  const [id1, id2] = [CreatedByWorker, OBJECT_SOURCE.RestoredFromStorage] as const;
  const steps: readonly (() => unknown)[] = [
    () => manager.addReference(id1),
    () => manager.sealObject(id1),
    () => manager.addReference(id1),
    () => manager.addReference(id2),
    () => manager.sealObject(id2),
    () => manager.addReference(id2),
    () => manager.removeReference(id2),
    () => manager.removeReference(id2),
    () => manager.removeReference(id1),
    () => manager.removeReference(id1),
    () => manager.deleteObject(id1) === PLASMA_ERROR.OK,
    () => manager.deleteObject(id2) === PLASMA_ERROR.OK,
  ];
  for (const step of steps) {
    assert.ok(step());
    check();
  }
  assert.equal([...store.objects()], []);
});

test('references up and down, before and after sealing, for every source', () => {
  const { manager, check, create } = fixture();
  for (const id of SOURCES) {
    create(id, 10 + id);
    for (const step of ['+', '+', '-', 'seal', '+', '+', '-', '-', '-', '+', '-'] as const) {
      if (step === 'seal') manager.sealObject(id);
      else if (step === '+') assert.ok(manager.addReference(id));
      else assert.ok(manager.removeReference(id));
      check();
    }
  }
});

test('what is sealed and in use is not available; what is evictable or unsealed is; and never less than nothing', () => {
  const { manager, create } = fixture();
  const available = (limit: number) => manager.stats.availableBytes(limit);
  assert.is(available(100), 100);
  for (const [id, bytes] of [10, 20, 40].entries()) {
    create(id, bytes);
    manager.addReference(id);
  }
  assert.is(available(100), 100, 'all unsealed');
  for (const id of [0, 1]) manager.sealObject(id);
  assert.is(available(100), 70);
  manager.removeReference(0);
  assert.is(available(100), 80, 'evictable');
  assert.is(available(15), 0);
});

test('what fails counts nothing', () => {
  const { manager, check, create } = fixture();
  create(0, 10);
  const before = manager.stats.stats;
  assert.is(manager.createObject(infoOf(0, 20), CreatedByWorker, true).error, PLASMA_ERROR.ObjectExists);
  assert.is(manager.sealObject(1), undefined);
  assert.is(manager.abortObject(1), PLASMA_ERROR.ObjectNonexistent);
  assert.is(manager.deleteObject(0), PLASMA_ERROR.ObjectNotSealed);
  assert.not(manager.addReference(1));
  assert.not(manager.removeReference(0));
  assert.equal(manager.stats.stats, before);
  manager.sealObject(0);
  check();
  const sealed = manager.stats.stats;
  assert.is(manager.sealObject(0), undefined);
  assert.is(manager.abortObject(0), PLASMA_ERROR.ObjectSealed);
  assert.equal(manager.stats.stats, sealed);
});

test('spillable is what a worker created, sealed and with exactly one reference', () => {
  const { manager, create } = fixture();
  const spillable = () => manager.stats.stats.spillable;
  for (const id of SOURCES) {
    create(id, 10);
    manager.addReference(id);
    assert.is(spillable().objects, id === CreatedByWorker ? 0 : 1, 'unsealed');
    manager.sealObject(id);
    assert.equal(spillable(), { objects: 1, bytes: 10 });
  }
  manager.addReference(CreatedByWorker);
  assert.equal(spillable(), { objects: 0, bytes: 0 });
  manager.removeReference(CreatedByWorker);
  assert.equal(spillable(), { objects: 1, bytes: 10 });
  manager.removeReference(CreatedByWorker);
  assert.equal(spillable(), { objects: 0, bytes: 0 });
  assert.equal(manager.stats.stats.evictable, { objects: 1, bytes: 10 });
});

test('bytes by place and seal add up to those by source; the unsealed half is what is unsealed', () => {
  const collector = new ObjectStatsCollector();
  const inPrimary = objectOf(1, 3);
  const onDisk = objectOf(2, 5, { allocation: allocationOf(5, { fallbackAllocated: true }) });
  for (const object of [inPrimary, onDisk]) collector.onObjectCreated(object);
  const bytes = () => {
    const { primaryUnsealed, primarySealed, fallbackUnsealed, fallbackSealed } = collector.stats;
    return [primaryUnsealed.bytes, primarySealed.bytes, fallbackUnsealed.bytes, fallbackSealed.bytes];
  };
  assert.equal(bytes(), [3, 0, 5, 0]);
  assert.is(collector.stats.unsealed.bytes, 8);
  onDisk.state = PLASMA_SEALED;
  collector.onObjectSealed(onDisk);
  assert.equal(bytes(), [3, 0, 0, 5]);
  assert.is(collector.stats.unsealed.bytes, 3);
  inPrimary.state = PLASMA_SEALED;
  collector.onObjectSealed(inPrimary);
  assert.equal(bytes(), [0, 3, 0, 5]);
  assert.is(collector.bytesCreatedCurrent, 8);
  collector.onObjectDeleting(onDisk);
  assert.equal(bytes(), [0, 3, 0, 0]);
  assert.is(collector.bytesCreatedCurrent, 3);
});

test('whatever an object is when it goes, nothing of it stays but the total', () => {
  for (const source of SOURCES) {
    for (const refCount of [0, 1, 2, 3]) {
      for (const sealed of [true, false]) {
        for (const fallbackAllocated of [true, false]) {
          const collector = new ObjectStatsCollector();
          const object = objectOf(1, 7, { source, allocation: allocationOf(7, { fallbackAllocated }) });
          collector.onObjectCreated(object);
          while (object.refCount < refCount) {
            object.refCount++;
            collector.onObjectRefIncreased(object);
          }
          if (sealed) {
            object.state = PLASMA_SEALED;
            collector.onObjectSealed(object);
          }
          collector.verifyAgainst([object]);
          collector.onObjectDeleting(object);
          assert.equal(collector.stats, recountStats([], { objects: 1, bytes: 7 }));
        }
      }
    }
  }
});

test('what is counted as created must be unsealed, and as sealed, sealed', () => {
  const collector = new ObjectStatsCollector();
  const isInvariant = (error: unknown) => error instanceof InvariantError;
  assert.throws(() => collector.onObjectCreated(objectOf(1, 3, { state: PLASMA_SEALED })), isInvariant);
  assert.throws(() => collector.onObjectSealed(objectOf(1, 3)), isInvariant);
  assert.equal(collector.stats, recountStats([], { objects: 0, bytes: 0 }));
});

test('statistics that were read do not change any more', () => {
  const collector = new ObjectStatsCollector();
  const { stats } = collector;
  collector.onObjectCreated(objectOf(1, 3));
  assert.is(stats.createdTotal.objects, 0);
  assert.is(collector.stats.createdTotal.objects, 1);
});

test('verifying names the counter that differs', () => {
  const { manager, store, create } = fixture();
  create(0, 10);
  create(1, 20);
  manager.sealObject(0);
  manager.addReference(0);
  const fails = (objects: Parameters<ObjectStatsCollector['verifyAgainst']>[0], counter: string): void =>
    assert.throws(
      () => manager.stats.verifyAgainst(objects),
      (error: unknown) =>
        error instanceof InvariantError &&
        error.values.counter === counter &&
        error.message.includes(counter),
    );
  const [zero, one] = [...store.objects()];
  if (zero === undefined || one === undefined) throw new Error('two objects were created');
  manager.stats.verifyAgainst([one, zero]);
  fails([one], 'createdByWorker');
  fails([zero], 'restoredFromStorage');
  fails([zero, { ...one, source: OBJECT_SOURCE.ErrorStoredByRaylet }], 'restoredFromStorage');
  fails([zero, { ...one, state: PLASMA_SEALED }], 'unsealed');
  fails([zero, { ...one, refCount: 1 }], 'inUse');
  fails([{ ...zero, refCount: 2 }, one], 'spillable');
  fails([zero, { ...one, allocation: allocationOf(20, { fallbackAllocated: true }) }], 'primaryUnsealed');
  fails([zero, { ...one, objectInfo: infoOf(1, 21) }], 'restoredFromStorage');
  manager.stats.verifyAgainst(store.objects());
});

test.run();
