/**
 * Manager, store, policy and statistics together against a naive model, under random calls. After each one every object,
 * every counter and every book must agree, and sums over sources, over places and the allocator's must be the same.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/state/errors.ts';
import { EvictionPolicy } from '../../../src/state/objects/eviction-policy.ts';
import { ObjectLifecycleManager } from '../../../src/state/objects/object-lifecycle-manager.ts';
import { ObjectStore } from '../../../src/state/objects/object-store.ts';
import { PLASMA_ERROR, type PlasmaError } from '../../../src/state/objects/plasma-error.ts';
import { recountStats } from '../../support/object-stats.ts';
import { FirstFitAllocator, infoOf } from '../../support/objects.ts';
import { readSeed } from '../../support/random.ts';
import { Fatal, LifecycleModel, SOURCES, type Wish } from './lifecycle-model.ts';

const KEYS = 7;
const RUNS = process.env.PLASMOID_TEST_LONG === '1' ? 20_000 : 1_500;

/** What has to happen at least once in all runs together, else this test tests less than it says. */
const EXPECTED = [
  'create: OK',
  'create: ObjectExists',
  'create: OutOfMemory',
  'create evicts',
  'create in a later round',
  'create: eleven rounds',
  'create on disk',
  'createReferenced: OK',
  'createReferenced: ObjectExists',
  'createReferenced: OutOfMemory',
  'seal: true',
  'seal: false',
  'abort: OK',
  'abort: ObjectNonexistent',
  'abort: ObjectSealed',
  'abort in use',
  'delete: OK',
  'delete: ObjectNonexistent',
  'delete: ObjectNotSealed',
  'delete: ObjectInUse',
  'addReference: true',
  'addReference: false',
  'removeReference: true',
  'removeReference: false',
  'removeReference deletes',
  'requireSpace: some',
  'fatal: last reference of an unsealed object',
  'fatal: an unsealed object is to be evicted',
];
const happened = new Set<string>();

function nameOf(error: PlasmaError): string | undefined {
  return Object.entries(PLASMA_ERROR).find(([, number]) => number === error)?.[0];
}

/** The units and the model, driven together. */
class Pair {
  readonly #clock = { nowMs: 0 };
  readonly #allocator: FirstFitAllocator;
  readonly #store: ObjectStore<number>;
  readonly #policy: EvictionPolicy<number>;
  readonly #manager: ObjectLifecycleManager<number>;
  readonly #notified: number[] = [];
  readonly #model: LifecycleModel;
  #headers = 0;

  constructor(memoryBytes: number, diskBytes: number) {
    this.#allocator = new FirstFitAllocator(memoryBytes, diskBytes);
    this.#model = new LifecycleModel(new FirstFitAllocator(memoryBytes, diskBytes));
    this.#store = new ObjectStore({
      allocator: this.#allocator,
      nowMs: () => this.#clock.nowMs,
      initialiseHeader: () => {
        this.#headers++;
      },
    });
    this.#policy = new EvictionPolicy(this.#store, this.#allocator);
    this.#manager = new ObjectLifecycleManager({
      store: this.#store,
      policy: this.#policy,
      deleteObject: (objectId) => this.#notified.push(objectId),
    });
  }

  pass(milliseconds: number): void {
    this.#clock.nowMs += milliseconds;
    this.#model.nowMs += milliseconds;
  }

  /** False when something fatal happened that leaves the store in pieces. */
  create(wish: Wish, isReferenced: boolean): boolean {
    const { key, dataBytes, metadataBytes, isMutable, source, allowFallback } = wish;
    const info = infoOf(key, dataBytes, { metadataBytes, isMutable });
    const name = isReferenced ? 'createReferenced' : 'create';
    const goneBefore = this.#notified.length;
    const attemptsBefore = this.#allocator.attempts;
    const headersBefore = this.#headers;
    const answer = this.#both(
      () => this.#model.create(wish, isReferenced ? 1 : 0),
      () => {
        const result = isReferenced
          ? this.#manager.createReferencedObject(info, source, allowFallback)
          : this.#manager.createObject(info, source, allowFallback);
        assert.is(result.object !== undefined, result.error === PLASMA_ERROR.OK);
        if (result.object) assert.is(result.object, this.#store.getObject(key));
        return result.error;
      },
    );
    if (answer === undefined) return false;
    happened.add(`${name}: ${nameOf(answer)}`);
    const attempts = this.#allocator.attempts - attemptsBefore;
    assert.is(this.#headers - headersBefore, isMutable && answer === PLASMA_ERROR.OK ? 1 : 0);
    if (this.#notified.length > goneBefore) happened.add('create evicts');
    if (attempts > 2 && answer === PLASMA_ERROR.OK) happened.add('create in a later round');
    if (attempts === 11) happened.add('create: eleven rounds');
    if (answer === PLASMA_ERROR.OK && this.#store.getObject(key)?.allocation.fallbackAllocated) {
      happened.add('create on disk');
    }
    return true;
  }

  call(kind: 'seal' | 'abort' | 'delete' | 'addReference' | 'removeReference', key: number): void {
    const [model, manager] = [this.#model, this.#manager];
    const users = model.find(key)?.refCount ?? 0;
    const run = {
      seal: () => [model.seal(key), manager.sealObject(key)?.objectInfo.objectId === key] as const,
      abort: () => [model.abort(key), manager.abortObject(key)] as const,
      delete: () => [model.delete(key), manager.deleteObject(key)] as const,
      addReference: () => [model.addReference(key), manager.addReference(key)] as const,
      removeReference: () => {
        const answer = this.#both(
          () => model.removeReference(key),
          () => manager.removeReference(key),
        );
        return [answer, answer] as const;
      },
    };
    const [expected, actual] = run[kind]();
    assert.is(actual, expected, kind);
    if (expected === undefined) return;
    happened.add(`${kind}: ${typeof expected === 'number' ? nameOf(expected) : expected}`);
    if (kind === 'abort' && expected === PLASMA_ERROR.OK && users > 0) happened.add('abort in use');
    if (kind === 'removeReference' && users > 0 && !model.find(key)) happened.add('removeReference deletes');
  }

  requireSpace(bytes: number): boolean {
    const evictedBytes = this.#both(
      () => this.#model.requireSpace(bytes),
      () => this.#manager.requireSpace(bytes),
    );
    if (evictedBytes !== undefined && evictedBytes > 0) happened.add('requireSpace: some');
    return evictedBytes !== undefined;
  }

  check(): void {
    const model = this.#model;
    const objects = [...this.#store.objects()];
    assert.equal(
      objects.map(({ objectInfo, ...rest }) => ({ key: objectInfo.objectId, ...rest })),
      model.objects.map(
        ({ key, allocation, source, createTimeMs, constructDurationMs, state, refCount }) => ({
          ...{ key, allocation, source, createTimeMs, constructDurationMs, state, refCount },
        }),
      ),
    );
    for (let key = 0; key < KEYS; key++) {
      const object = model.find(key);
      assert.is(this.#manager.getObject(key), this.#store.getObject(key));
      assert.is(
        this.#policy.isObjectExists(key),
        object?.refCount === 0,
        'only who is unused is a candidate',
      );
    }
    assert.equal([...this.#manager.eagerDeletionObjects].sort(), [...model.eager].sort());
    assert.equal(this.#notified, model.notified);
    assert.is(this.#allocator.attempts, model.allocator.attempts);
    this.#checkBooks();
  }

  #checkBooks(): void {
    const { stats } = this.#manager;
    stats.verifyAgainst(this.#store.objects());
    const now = stats.stats;
    assert.equal(now, recountStats(this.#model.objects, this.#model.createdTotal));
    const bytes = (...counters: (keyof typeof now)[]) =>
      counters.reduce((sum, counter) => sum + now[counter].bytes, 0);
    const { allocatedBytes, fallbackAllocatedBytes } = this.#allocator;
    assert.is(
      bytes('createdByWorker', 'restoredFromStorage', 'receivedFromRemoteRaylet', 'errorStoredByRaylet'),
      allocatedBytes,
    );
    assert.is(stats.bytesCreatedCurrent, allocatedBytes);
    assert.is(bytes('primaryUnsealed', 'primarySealed'), allocatedBytes - fallbackAllocatedBytes);
    assert.is(bytes('fallbackUnsealed', 'fallbackSealed'), fallbackAllocatedBytes);
    assert.is(bytes('primaryUnsealed', 'fallbackUnsealed'), now.unsealed.bytes);
    assert.is(this.#policy.pinnedBytes, now.inUse.bytes);
  }

  /** Both answers must be the same; undefined when the model says that it is fatal, and it was. */
  #both<Answer>(model: () => Answer, real: () => Answer): Answer | undefined {
    let expected: Answer;
    try {
      expected = model();
    } catch (error) {
      if (!(error instanceof Fatal)) throw error;
      happened.add(`fatal: ${error.message}`);
      assert.throws(real, (thrown: unknown) => thrown instanceof InvariantError);
      return undefined;
    }
    assert.is(real(), expected);
    return expected;
  }
}

const key = fc.nat(KEYS - 1);
const wish = fc.record({
  key,
  dataBytes: fc.oneof({ weight: 4, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.constant(0) }),
  metadataBytes: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) }),
  isMutable: fc.nat(7).map((number) => number === 0),
  source: fc.constantFrom(...SOURCES),
  allowFallback: fc.boolean(),
});
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('createReferenced'), wish }) },
  // Created, sealed and left at once: what eviction is about.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put'), wish }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create'), wish }) },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('call'),
      call: fc.constantFrom(
        ...(['seal', 'seal', 'seal', 'abort', 'delete', 'addReference'] as const),
        ...(['removeReference', 'removeReference', 'removeReference'] as const),
      ),
      key,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('requireSpace'), bytes: fc.integer({ min: -9, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), bytes: fc.nat(9) }) },
);

test('manager, store, policy and statistics agree with a naive model', () => {
  const memory = fc.record({ memoryBytes: fc.integer({ min: 1, max: 900 }), diskBytes: fc.nat(600) });
  fc.assert(
    fc.property(
      memory,
      fc.array(command, { maxLength: 100, size: 'max' }),
      ({ memoryBytes, diskBytes }, commands) => {
        const pair = new Pair(memoryBytes, diskBytes);
        for (const chosen of commands) {
          let isWhole = true;
          if ('wish' in chosen) isWhole = pair.create(chosen.wish, chosen.kind !== 'create');
          else if ('call' in chosen) pair.call(chosen.call, chosen.key);
          else if (chosen.kind === 'pass') pair.pass(chosen.bytes);
          else isWhole = pair.requireSpace(chosen.bytes);
          if (!isWhole) return;
          pair.check();
        }
      },
    ),
    { numRuns: RUNS, seed: readSeed() },
  );
});

test('everything that can happen did', () => {
  assert.equal(
    EXPECTED.filter((event) => !happened.has(event)),
    [],
  );
});

test.run();
