/** Ray's object_lifecycle_manager_test: the manager over a store and a policy that answer as they are told. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { ObjectLifecycleManager } from '../../src/state/objects/object-lifecycle-manager.ts';
import { OBJECT_SOURCE, OBJECT_STATE, PLASMA_ERROR } from '../../src/state/objects/plasma-error.ts';
import { MockPolicy, MockStore } from '../support/object-mocks.ts';
import { infoOf, objectOf } from '../support/objects.ts';

const { CreatedByWorker, ErrorStoredByRaylet } = OBJECT_SOURCE;
const { PLASMA_SEALED } = OBJECT_STATE;
const { OK, ObjectExists, ObjectNonexistent, OutOfMemory, ObjectNotSealed, ObjectInUse, ObjectSealed } =
  PLASMA_ERROR;
const isInvariant = (error: unknown) => error instanceof InvariantError;

/** A manager, four objects to put into its store, and what happened in order. */
function fixture() {
  const log: string[] = [];
  const store = new MockStore(log);
  const policy = new MockPolicy(log);
  const notified: string[] = [];
  const manager = new ObjectLifecycleManager<string>({
    store,
    policy,
    deleteObject: (objectId) => {
      log.push(`notify ${objectId}`);
      notified.push(objectId);
    },
  });
  const sealed = (refCount: number) => objectOf('id1', 10, { state: PLASMA_SEALED, refCount });
  const objects = { sealed: sealed(0), unsealed: objectOf('id1', 10), one: sealed(1), two: sealed(2) };
  return { ...objects, log, store, policy, notified, manager };
}

const create = 'store.create id1 0';
const evictionOfId1 = ['policy.remove id1', 'store.delete id1', 'notify id1'];

test('CreateObjectExists', () => {
  const { manager, store, log, sealed } = fixture();
  store.objects.set('id1', sealed);
  assert.equal(manager.createObject(infoOf('id1', 10), CreatedByWorker, true), {
    object: undefined,
    error: ObjectExists,
  });
  assert.equal(log, []);
  assert.is(store.lookUps, 1);
});

test('CreateObjectSuccess', () => {
  const { manager, store, log, unsealed } = fixture();
  store.primaryAnswers = [unsealed];
  const { object, error } = manager.createObject(infoOf('id1', 10), CreatedByWorker, false);
  assert.is(object, unsealed);
  assert.is(error, OK);
  assert.equal(log, [create, 'policy.created id1']);
  assert.is(store.lookUps, 1);
});

test('CreateObjectTriggerGC', () => {
  const { manager, store, policy, log, notified, sealed } = fixture();
  const created = objectOf('id2', 10);
  store.objects.set('id1', sealed);
  store.primaryAnswers = [undefined, created];
  policy.spaceAnswers = [[['id1'], 0]];
  const { object, error } = manager.createObject(infoOf('id2', 10), CreatedByWorker, false);
  assert.is(object, created);
  assert.is(error, OK);
  assert.equal(notified, ['id1']);
  const first = ['store.create id2 0', 'policy.require 10'];
  assert.equal(log, [...first, ...evictionOfId1, 'store.create id2 0', 'policy.created id2']);
  assert.is(store.lookUps, 3, 'once to create, twice to evict');
});

test('CreateObjectWithoutFallback', () => {
  const { manager, store, policy, log, unsealed } = fixture();
  store.primaryAnswers = [undefined];
  store.fallbackAnswer = unsealed;
  policy.spaceAnswers = [[[], 1]];
  const result = manager.createObject(infoOf('id1', 10), CreatedByWorker, false);
  assert.equal(result, { object: undefined, error: OutOfMemory });
  assert.equal(log, [create, 'policy.require 10']);
});

test('CreateObjectWithFallback', () => {
  const { manager, store, policy, log, unsealed } = fixture();
  store.primaryAnswers = [undefined];
  store.fallbackAnswer = unsealed;
  policy.spaceAnswers = [[[], 1]];
  const { object, error } = manager.createObject(infoOf('id1', 10), CreatedByWorker, true);
  assert.is(object, unsealed);
  assert.is(error, OK);
  assert.equal(log, [create, 'policy.require 10', `${create} fallback`, 'policy.created id1']);
});

test('CreateObjectWithFallbackFailed', () => {
  const { manager, store, policy, log } = fixture();
  store.primaryAnswers = [undefined];
  policy.spaceAnswers = [[[], 1]];
  const result = manager.createObject(infoOf('id1', 10), CreatedByWorker, true);
  assert.equal(result, { object: undefined, error: OutOfMemory });
  assert.equal(log, [create, 'policy.require 10', `${create} fallback`]);
});

test('GetObject', () => {
  const { manager, store, unsealed } = fixture();
  assert.is(manager.getObject('id1'), undefined);
  store.objects.set('id1', unsealed);
  assert.is(manager.getObject('id1'), unsealed);
});

test('an object is there for readers once it is sealed', () => {
  const { manager, store, unsealed, one } = fixture();
  assert.not(manager.isObjectSealed('id1'));
  store.objects.set('id1', unsealed);
  assert.not(manager.isObjectSealed('id1'));
  store.objects.set('id1', one);
  assert.ok(manager.isObjectSealed('id1'));
});

test('SealObject', () => {
  const { manager, store, log, sealed } = fixture();
  store.sealAnswer = sealed;
  assert.is(manager.sealObject('id1'), sealed);
  store.sealAnswer = undefined;
  assert.is(manager.sealObject('id1'), undefined);
  assert.equal(log, ['store.seal id1', 'store.seal id1']);
  assert.is(manager.stats.stats.evictable.objects, 1, 'counted only when it was sealed');
});

test('AbortFailure', () => {
  const { manager, store, log, sealed } = fixture();
  assert.is(manager.abortObject('id1'), ObjectNonexistent);
  store.objects.set('id1', sealed);
  assert.is(manager.abortObject('id1'), ObjectSealed);
  assert.equal(log, []);
});

test('AbortSuccess', () => {
  const { manager, store, log, notified, unsealed } = fixture();
  store.objects.set('id1', unsealed);
  assert.is(manager.abortObject('id1'), OK);
  assert.equal(log, ['policy.remove id1', 'store.delete id1']);
  assert.equal(notified, []);
  assert.is(store.lookUps, 2);
});

test('DeleteFailure', () => {
  const { manager, store, log, unsealed, one } = fixture();
  assert.is(manager.deleteObject('id1'), ObjectNonexistent);
  assert.equal([...manager.eagerDeletionObjects], []);
  store.objects.set('id1', unsealed);
  assert.is(manager.deleteObject('id1'), ObjectNotSealed);
  assert.equal([...manager.eagerDeletionObjects], ['id1']);
  const other = fixture();
  other.store.objects.set('id1', one);
  assert.is(other.manager.deleteObject('id1'), ObjectInUse);
  assert.equal([...other.manager.eagerDeletionObjects], ['id1']);
  assert.equal([...log, ...other.log], []);
});

test('DeleteSuccess', () => {
  const { manager, store, log, notified, sealed } = fixture();
  store.objects.set('id1', sealed);
  assert.is(manager.deleteObject('id1'), OK);
  assert.equal(notified, ['id1']);
  assert.equal(log, evictionOfId1);
  assert.is(store.lookUps, 2);
});

test('AddReference', () => {
  const { manager, store, log, sealed } = fixture();
  assert.not(manager.addReference('id1'));
  store.objects.set('id1', sealed);
  assert.ok(manager.addReference('id1'));
  assert.is(sealed.refCount, 1);
  assert.equal(log, ['policy.begin id1']);
  assert.ok(manager.addReference('id1'));
  assert.is(sealed.refCount, 2);
  assert.equal(log, ['policy.begin id1']);
});

test('RemoveReferenceFailure', () => {
  const { manager, store, log, sealed } = fixture();
  assert.not(manager.removeReference('id1'));
  store.objects.set('id1', sealed);
  assert.not(manager.removeReference('id1'));
  assert.is(sealed.refCount, 0);
  assert.equal(log, []);
});

test('RemoveReferenceTwoRef', () => {
  const { manager, store, log, two } = fixture();
  store.objects.set('id1', two);
  assert.ok(manager.removeReference('id1'));
  assert.is(two.refCount, 1);
  assert.equal(log, []);
  assert.is(store.lookUps, 1);
});

test('RemoveReferenceOneRefSealed', () => {
  const { manager, store, log, one } = fixture();
  store.objects.set('id1', one);
  assert.ok(manager.removeReference('id1'));
  assert.is(one.refCount, 0);
  assert.equal(log, ['policy.end id1']);
});

test('RemoveReferenceOneRefEagerlyDeletion', () => {
  const { manager, store, log, notified, one } = fixture();
  store.objects.set('id1', one);
  assert.is(manager.deleteObject('id1'), ObjectInUse);
  assert.ok(manager.removeReference('id1'));
  assert.equal(log, ['policy.end id1', ...evictionOfId1]);
  assert.equal(notified, ['id1']);
  assert.equal([...manager.eagerDeletionObjects], []);
});

test('RemoveReferenceOneRefNotSealed', () => {
  const { manager, store, unsealed } = fixture();
  unsealed.refCount = 1;
  store.objects.set('id1', unsealed);
  assert.throws(() => manager.removeReference('id1'), isInvariant);
  assert.is(unsealed.refCount, 1, 'an error changes nothing');
  unsealed.refCount = 2;
  assert.ok(manager.removeReference('id1'));
});

test('CreateObjectTriggerGCExhaused: the primary region is tried eleven times, then the disk once', () => {
  for (const allowFallback of [false, true]) {
    const { manager, store, log, unsealed } = fixture();
    store.primaryAnswers = [undefined];
    store.fallbackAnswer = unsealed;
    const { error } = manager.createObject(infoOf('id1', 10), ErrorStoredByRaylet, allowFallback);
    assert.is(error, allowFallback ? OK : OutOfMemory);
    const rounds = Array.from({ length: 11 }, () => ['store.create id1 3', 'policy.require 10']).flat();
    const rest = allowFallback ? ['store.create id1 3 fallback', 'policy.created id1'] : [];
    assert.equal(log, [...rounds, ...rest]);
    assert.is(store.lookUps, 1);
  }
});

test('whatever is missing in a round, what it chose is evicted; less than nothing missing goes on', () => {
  const { manager, store, policy, log, sealed } = fixture();
  store.objects.set('id1', sealed);
  store.primaryAnswers = [undefined];
  policy.spaceAnswers = [
    [[], -5],
    [[], 0],
    [['id1'], 1],
  ];
  assert.is(manager.createObject(infoOf('id2', 7), CreatedByWorker, false).error, OutOfMemory);
  const round = ['store.create id2 0', 'policy.require 7'];
  assert.equal(log, [...round, ...round, ...round, ...evictionOfId1]);
});

test('evicting what is missing, unsealed or in use is fatal', () => {
  const { sealed, unsealed, one, two } = fixture();
  for (const victim of [undefined, unsealed, one, two, sealed]) {
    const { manager, store, policy, notified } = fixture();
    if (victim !== undefined) store.objects.set('id1', victim);
    policy.choice = { keys: ['id1'], bytes: 10 };
    if (victim === sealed) assert.is(manager.requireSpace(1), 10);
    else assert.throws(() => manager.requireSpace(1), isInvariant);
    assert.equal(notified, victim === sealed ? ['id1'] : []);
  }
});

test('statistics and the remembered deletion go before the policy is told', () => {
  const { manager, store, policy, unsealed } = fixture();
  store.primaryAnswers = [unsealed];
  manager.createObject(infoOf('id1', 10), CreatedByWorker, false);
  store.objects.set('id1', unsealed);
  assert.is(manager.deleteObject('id1'), ObjectNotSealed);
  const seen: number[] = [];
  policy.removeObject = () => seen.push(manager.stats.bytesCreatedCurrent, manager.eagerDeletionObjects.size);
  manager.abortObject('id1');
  assert.equal(seen, [0, 0]);
});

test('creating with a reference tells the policy of both, in one step', () => {
  const { manager, store, log, unsealed } = fixture();
  store.primaryAnswers = [unsealed];
  const createObject = store.createObject.bind(store);
  store.createObject = (...parameters) => {
    const object = createObject(...parameters);
    if (object !== undefined) store.objects.set('id1', object);
    return object;
  };
  const { object, error } = manager.createReferencedObject(infoOf('id1', 10), CreatedByWorker, false);
  assert.is(object?.refCount, 1);
  assert.is(error, OK);
  assert.equal(log, [create, 'policy.created id1', 'policy.begin id1']);
  const again = manager.createReferencedObject(infoOf('id1', 10), CreatedByWorker, false);
  assert.equal(again, { object: undefined, error: ObjectExists });
  assert.is(unsealed.refCount, 1);
});

test.run();
