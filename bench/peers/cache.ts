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

/** Values in a cache: a stock takes so many blocks of 1 MiB back. */
export const KEYS = 8;

/** An open cache: all keys are there. */
export interface Cache {
  readonly loop: Loop;
  readonly end: () => void | Promise<void>;
}

export type OpenCache = (bytes: number) => Cache | Unavailable | Promise<Cache | Unavailable>;

const keyOf = (index: number): number => index % KEYS;

async function openStore(): Promise<Store> {
  return Store.create({ memory: '256MiB', populateAhead: 0 });
}

type Source = Float64Array<ArrayBuffer>;

/** Objects that live by their refs. */
function byRef(prepare: (store: Store, refs: ObjectRef<Source>[], source: Source) => Loop): OpenCache {
  return async (bytes) => {
    const store = await openStore();
    const source = makeSource(bytes);
    const refs = Array.from({ length: KEYS }, () => store.putSync(source));
    return { loop: prepare(store, refs, source), end: () => store.close() };
  };
}

/** Objects that stay until their memory is needed, and are found by their ids. */
function byId(prepare: (store: Store, ids: readonly ObjectId[], source: Source) => Loop): OpenCache {
  return async (bytes) => {
    const store = await openStore();
    const source = makeSource(bytes);
    const ids = Array.from({ length: KEYS }, () => ObjectId.fromRandom());
    for (const id of ids) store.putSync(source, { id, evictable: true }).release();
    return { loop: prepare(store, ids, source), end: () => store.close() };
  };
}

/** gets by Plasmoid; `forgotten` views are the collector's, whose work is in the figures. */
export const getByPlasmoid = {
  released: byRef((store, refs) => (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync(refs[keyOf(index)]!);
      touch(view);
      store.release(view);
    }
  }),
  forgotten: byRef((store, refs) => (count) => {
    for (let index = 0; index < count; index++) touch(store.getSync(refs[keyOf(index)]!));
  }),
  byId: byId((store, ids) => (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync<Source>(ids[keyOf(index)]!);
      touch(view);
      store.release(view);
    }
  }),
};

/** A put replaces what was under its key. */
export const putByPlasmoid = {
  byRef: byRef((store, refs, source) => (count) => {
    for (let index = 0; index < count; index++) {
      refs[keyOf(index)]!.release();
      refs[keyOf(index)] = store.putSync(source);
    }
  }),
  byId: byId((store, ids, source) => (count) => {
    for (let index = 0; index < count; index++) {
      const id = ids[keyOf(index)]!;
      store.delete(id);
      store.putSync(source, { id, evictable: true }).release();
    }
  }),
};

function bytesOf(bytes: number): Buffer {
  return Buffer.from(makeSource(bytes).buffer);
}

type Lmdb = Exclude<Awaited<ReturnType<typeof openLmdb>>, Unavailable>;

function ofLmdb(prepare: (database: Lmdb, source: Buffer) => Loop): OpenCache {
  return async (bytes) => {
    const database = await openLmdb();
    if (database instanceof Unavailable) return database;
    const source = bytesOf(bytes);
    for (let key = 0; key < KEYS; key++) database.putSync(key, source);
    return { loop: prepare(database, source), end: () => database.close() };
  };
}

export const getByLmdb = {
  fast: ofLmdb((database) => (count) => {
    for (let index = 0; index < count; index++) touch(database.getBinaryFast(keyOf(index))!);
  }),
  kept: ofLmdb((database) => (count) => {
    for (let index = 0; index < count; index++) touch(database.getBinary(keyOf(index))!);
  }),
};

export const putByLmdb = {
  oneByOne: ofLmdb((database, source) => (count) => {
    for (let index = 0; index < count; index++) database.putSync(keyOf(index), source);
  }),
  together: ofLmdb((database, source) => (count) => {
    database.transactionSync(() => {
      for (let index = 0; index < count; index++) database.putSync(keyOf(index), source);
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
  return async (bytes) => {
    const server = await openRedis(pipelined);
    if (server instanceof Unavailable) return server;
    const source = bytesOf(bytes);
    for (let key = 0; key < KEYS; key++) await server.client.set(String(key), source);
    const act = prepare(server.client, source);
    const width = pipelined ? PIPELINED : 1;
    const loop: Loop = async (count) => {
      for (let index = 0; index < count; index += width) {
        const commands = Math.min(width, count - index);
        await Promise.all(Array.from({ length: commands }, (_, offset) => act(keyOf(index + offset))));
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
function ofMap(prepare: (map: Map<number, Float64Array>, source: Float64Array) => Loop): OpenCache {
  return (bytes) => {
    const source = makeSource(bytes);
    const map = new Map<number, Float64Array>();
    for (let key = 0; key < KEYS; key++) map.set(key, structuredClone(source));
    return { loop: prepare(map, source), end: () => map.clear() };
  };
}

export const getByMap = ofMap((map) => (count) => {
  for (let index = 0; index < count; index++) touch(structuredClone(map.get(keyOf(index))!));
});

export const putByMap = ofMap((map, source) => (count) => {
  for (let index = 0; index < count; index++) map.set(keyOf(index), structuredClone(source));
});

/** Shared memory that is there already: nothing is counted, looked up or kept safe. */
export const getByShared: OpenCache = (bytes) => {
  const buffers = Array.from({ length: KEYS }, () => new SharedArrayBuffer(bytes));
  return {
    loop: (count) => {
      for (let index = 0; index < count; index++) touch(new Float64Array(buffers[keyOf(index)]!));
    },
    end: () => {},
  };
};

export const putByShared: OpenCache = (bytes) => {
  const source = makeSource(bytes);
  const buffers = Array.from({ length: KEYS }, () => new Float64Array(new SharedArrayBuffer(bytes)));
  return {
    loop: (count) => {
      for (let index = 0; index < count; index++) buffers[keyOf(index)]!.set(source);
    },
    end: () => {},
  };
};
