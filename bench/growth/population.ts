/** A store with so many objects in it, all held by refs of this thread. */

import { ObjectId, type ObjectRef, Store } from '../../src/index.ts';
import { seededRandom } from '../allocator-trace.ts';
import { makeSource } from '../store-loops.ts';
import { shuffled } from './shuffled.ts';

/** What an object takes of the pool at least. */
const UNIT_BYTES = 64;
/** What a nearly full pool costs is not what grows here. */
const ROOM = 1.5;
const LEAST_BYTES = 64 * 2 ** 20;
/** For the objects that come and go. */
const SPARE_OBJECTS = 65_536;

export type Value = Float64Array<ArrayBuffer>;

export interface Population {
  readonly store: Store;
  readonly source: Value;
  readonly refs: readonly ObjectRef<Value>[];
  /** The objects' ids, when they have some of our choice. */
  readonly ids: readonly ObjectId[];
  /** The indices of all objects in random order. */
  readonly order: Uint32Array;
}

/** Puts `count` objects of `bytes` bytes into a new store. */
export async function populate(count: number, bytes: number, named: boolean): Promise<Population> {
  const memory = Math.ceil(count * Math.max(bytes, UNIT_BYTES) * ROOM) + LEAST_BYTES;
  const store = await Store.create({ memory, maxObjects: count + SPARE_OBJECTS, populateAhead: 0 });
  const source = makeSource(bytes);
  const ids = named ? Array.from({ length: count }, () => ObjectId.fromRandom()) : [];
  const refs: ObjectRef<Value>[] = [];
  for (let index = 0; index < count; index++) {
    const id = ids[index];
    refs.push(id === undefined ? store.putSync(source) : store.putSync(source, { id }));
  }
  return { store, source, refs, ids, order: shuffled(count, seededRandom(count)) };
}
