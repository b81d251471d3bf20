/**
 * Caches: so many values under keys, got and replaced one after another on one thread. Each get reads the first and
 * the last element, as bytes where a view would cost the peer more.
 */

import type { Redis } from 'ioredis';
import { ObjectId, type ObjectRef, Store } from '../../src/index.ts';
import { Unavailable } from '../harness.ts';
import { type Loop, makeSource, touch } from '../store-loops.ts';
import { openLmdb } from './lmdb.ts';
import { openRedis } from './redis.ts';

/** What is in a cache. */
export interface CacheSize {
  readonly name: string;
  readonly bytes: number;
  readonly keys: number;
}

/** An open cache: all keys are there. */
export interface Cache {
  readonly loop: Loop;
  readonly end: () => void | Promise<void>;
}

export type OpenCache = (size: CacheSize) => Cache | Unavailable | Promise<Cache | Unavailable>;

async function openStore(): Promise<Store> {
  return Store.create({ memory: '256MiB', populateAhead: 0 });
}

type Source = Float64Array<ArrayBuffer>;

/** Objects that live by their refs. */
function byRef(
  prepare: (store: Store, refs: ObjectRef<Source>[], source: Source, keys: number) => Loop,
): OpenCache {
  return async ({ bytes, keys }) => {
    const store = await openStore();
    const source = makeSource(bytes);
    const refs = Array.from({ length: keys }, () => store.putSync(source));
    return { loop: prepare(store, refs, source, keys), end: () => store.close() };
  };
}

/** Objects that stay until their memory is needed, and are found by their ids. */
function byId(
  prepare: (store: Store, ids: readonly ObjectId[], source: Source, keys: number) => Loop,
): OpenCache {
  return async ({ bytes, keys }) => {
    const store = await openStore();
    const source = makeSource(bytes);
    const ids = Array.from({ length: keys }, () => ObjectId.fromRandom());
    for (const id of ids) store.putSync(source, { id, evictable: true }).release();
    return { loop: prepare(store, ids, source, keys), end: () => store.close() };
  };
}

/** gets by Plasmoid; `forgotten` views are the collector's, whose work is in the figures. */
export const getByPlasmoid = {
  released: byRef((store, refs, _source, keys) => (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync(refs[index % keys]!);
      touch(view);
      store.release(view);
    }
  }),
  into: byRef((store, refs, source, keys) => {
    const target = new Float64Array(source.length);
    return (count) => {
      for (let index = 0; index < count; index++) {
        store.getIntoSync(refs[index % keys]!, target);
        touch(target);
      }
    };
  }),
  forgotten: byRef((store, refs, _source, keys) => (count) => {
    for (let index = 0; index < count; index++) touch(store.getSync(refs[index % keys]!));
  }),
  byId: byId((store, ids, _source, keys) => (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync<Source>(ids[index % keys]!);
      touch(view);
      store.release(view);
    }
  }),
  byIdInto: byId((store, ids, source, keys) => {
    const target = new Float64Array(source.length);
    return (count) => {
      for (let index = 0; index < count; index++) {
        store.getIntoSync<Source>(ids[index % keys]!, target);
        touch(target);
      }
    };
  }),
};

/** A put replaces what was under its key. */
export const putByPlasmoid = {
  byRef: byRef((store, refs, source, keys) => (count) => {
    for (let index = 0; index < count; index++) {
      refs[index % keys]!.release();
      refs[index % keys] = store.putSync(source);
    }
  }),
  byId: byId((store, ids, source, keys) => (count) => {
    for (let index = 0; index < count; index++) {
      const id = ids[index % keys]!;
      store.delete(id);
      store.putSync(source, { id, evictable: true }).release();
    }
  }),
};

function bytesOf(bytes: number): Buffer {
  return Buffer.from(makeSource(bytes).buffer);
}

type Lmdb = Exclude<Awaited<ReturnType<typeof openLmdb>>, Unavailable>;

function ofLmdb(prepare: (database: Lmdb, source: Buffer, keys: number) => Loop): OpenCache {
  return async ({ bytes, keys }) => {
    const database = await openLmdb();
    if (database instanceof Unavailable) return database;
    const source = bytesOf(bytes);
    for (let key = 0; key < keys; key++) database.putSync(key, source);
    return { loop: prepare(database, source, keys), end: () => database.close() };
  };
}

export const getByLmdb = {
  fast: ofLmdb((database, _source, keys) => (count) => {
    for (let index = 0; index < count; index++) touch(database.getBinaryFast(index % keys)!);
  }),
  kept: ofLmdb((database, _source, keys) => (count) => {
    for (let index = 0; index < count; index++) touch(database.getBinary(index % keys)!);
  }),
};

export const putByLmdb = {
  oneByOne: ofLmdb((database, source, keys) => (count) => {
    for (let index = 0; index < count; index++) database.putSync(index % keys, source);
  }),
  together: ofLmdb((database, source, keys) => (count) => {
    database.transactionSync(() => {
      for (let index = 0; index < count; index++) database.putSync(index % keys, source);
    });
  }),
};

/** Commands on their way at a time, when pipelined. */
const PIPELINED = 64;

/** `act` does one command; several at a time when pipelined. */
function ofRedis(
  pipelined: boolean,
  prepare: (client: Redis, source: Buffer) => (key: number) => Promise<unknown>,
): OpenCache {
  return async ({ bytes, keys }) => {
    const server = await openRedis(pipelined);
    if (server instanceof Unavailable) return server;
    const source = bytesOf(bytes);
    for (let key = 0; key < keys; key++) await server.client.set(String(key), source);
    const act = prepare(server.client, source);
    const width = pipelined ? PIPELINED : 1;
    const loop: Loop = async (count) => {
      for (let index = 0; index < count; index += width) {
        const commands = Math.min(width, count - index);
        await Promise.all(Array.from({ length: commands }, (_, offset) => act((index + offset) % keys)));
      }
    };
    return { loop, end: server.end };
  };
}

export const getByRedis = (pipelined: boolean): OpenCache =>
  ofRedis(pipelined, (client) => async (key) => touch((await client.getBuffer(String(key)))!));

export const putByRedis = (pipelined: boolean): OpenCache =>
  ofRedis(pipelined, (client, source) => (key) => client.set(String(key), source));

/** What a program has without any library: nobody else sees its values, and each get is a copy as others give one. */
function ofMap(
  prepare: (map: Map<number, Float64Array>, source: Float64Array, keys: number) => Loop,
): OpenCache {
  return ({ bytes, keys }) => {
    const source = makeSource(bytes);
    const map = new Map<number, Float64Array>();
    for (let key = 0; key < keys; key++) map.set(key, structuredClone(source));
    return { loop: prepare(map, source, keys), end: () => map.clear() };
  };
}

export const getByMap = ofMap((map, _source, keys) => (count) => {
  for (let index = 0; index < count; index++) touch(structuredClone(map.get(index % keys)!));
});

export const putByMap = ofMap((map, source, keys) => (count) => {
  for (let index = 0; index < count; index++) map.set(index % keys, structuredClone(source));
});

/** Shared memory that is there already: nothing is counted, looked up or kept safe. */
export const getByShared: OpenCache = ({ bytes, keys }) => {
  const buffers = Array.from({ length: keys }, () => new SharedArrayBuffer(bytes));
  return {
    loop: (count) => {
      for (let index = 0; index < count; index++) touch(new Float64Array(buffers[index % keys]!));
    },
    end: () => {},
  };
};

export const putByShared: OpenCache = ({ bytes, keys }) => {
  const source = makeSource(bytes);
  const buffers = Array.from({ length: keys }, () => new Float64Array(new SharedArrayBuffer(bytes)));
  return {
    loop: (count) => {
      for (let index = 0; index < count; index++) buffers[index % keys]!.set(source);
    },
    end: () => {},
  };
};
