/** Memory is there, and slots of the object table are not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ObjectId, type ObjectRef, OutOfResourceError, Store, TimedOutError } from '../../src/index.ts';
import { failure } from '../support/rejection.ts';

const MEBIBYTE = 2 ** 20;
const OBJECTS = 100;
const SIZE_BYTES = 5_000;

async function withFullTable(evictable: boolean, run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 64 * MEBIBYTE, maxObjects: OBJECTS });
  const refs: ObjectRef[] = [];
  for (let index = 0; index < OBJECTS; index++) {
    const ref = await store.put(new Uint8Array(SIZE_BYTES), { id: ObjectId.fromRandom(), evictable });
    if (evictable) ref.release();
    else refs.push(ref);
  }
  await run(store);
  for (const ref of refs) ref.release();
  await store.verify();
  await store.close();
}

test('nothing is moved to disk for want of a slot, since what moves keeps its own', () =>
  withFullTable(false, async (store) => {
    await failure(() => store.put(new Uint8Array(SIZE_BYTES)), OutOfResourceError, 'OutOfResource');
    const { spilledObjects, fallback, objectCount } = await store.stats();
    assert.equal([spilledObjects, fallback.objectBytes, objectCount], [0, 0, OBJECTS]);
  }));

test('of a cache a part goes, and not all of it', () =>
  withFullTable(true, async (store) => {
    const ref = await store.put(new Uint8Array(SIZE_BYTES));
    const { objectCount, evictedObjects } = await store.stats();
    assert.is(objectCount, OBJECTS - evictedObjects + 1);
    assert.ok(evictedObjects >= OBJECTS / 5 && evictedObjects < OBJECTS / 4, `${evictedObjects} have gone`);
    ref.release();
  }));

test('an error at the end of the time says what there was none of', () =>
  withFullTable(false, async (store) => {
    for (const timeout of [0, 20]) {
      const put = (): Promise<ObjectRef> => store.put(new Uint8Array(SIZE_BYTES), { timeout });
      const error = await failure(put, TimedOutError, 'TimedOut');
      assert.match(error.message, 'no slot of the object table');
    }
  }));

test.run();
