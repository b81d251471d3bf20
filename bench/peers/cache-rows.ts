/** A store as a cache on one thread, beside databases and what a program has by itself. All on the main thread. */
import { type Row, type Run, type Subject, Unavailable } from '../harness.ts';
import { timeBatches } from '../store-loops.ts';
import {
  getByLmdb,
  getByMap,
  getByPlasmoid,
  getByRedis,
  getByShared,
  type OpenCache,
  putByLmdb,
  putByMap,
  putByPlasmoid,
  putByRedis,
  putByShared,
} from './cache.ts';

const GETS: Readonly<Record<string, OpenCache>> = {
  'Plasmoid, by ref, view released': getByPlasmoid.released,
  'Plasmoid, by ref, view forgotten': getByPlasmoid.forgotten,
  'Plasmoid, by a chosen id, view released': getByPlasmoid.byId,
  'lmdb getBinaryFast': getByLmdb.fast,
  'lmdb getBinary': getByLmdb.kept,
  'redis, one at a time': getByRedis(false),
  'redis, pipelined': getByRedis(true),
  'structuredClone of a value in a Map': getByMap,
  'bound: new Float64Array(sharedArrayBuffer)': getByShared,
};

const PUTS: Readonly<Record<string, OpenCache>> = {
  Plasmoid: putByPlasmoid.byRef,
  'Plasmoid, by a chosen id': putByPlasmoid.byId,
  'lmdb putSync': putByLmdb.oneByOne,
  'lmdb putSync, all in one transaction': putByLmdb.together,
  'redis, one at a time': putByRedis(false),
  'redis, pipelined': putByRedis(true),
  'structuredClone into a Map': putByMap,
  'bound: set into a SharedArrayBuffer': putByShared,
};

const PUT_PEERS = Object.keys(PUTS).filter((name) => !/^(?:Plasmoid|bound)/.test(name));

interface CacheSize {
  readonly name: string;
  readonly bytes: number;
  /** Operations per sample; a tenth for redis, which needs a thread of its own for each. */
  readonly gets: number;
  readonly puts: number;
}

const CACHE_SIZES: readonly CacheSize[] = [
  { name: '1 KiB', bytes: 1024, gets: 1024, puts: 1024 },
  { name: '1 MiB', bytes: 2 ** 20, gets: 64, puts: 32 },
];

/** Rounds before those that are timed. */
const WARM_UP_SAMPLES = { full: 20, quick: 5 };
const SAMPLES = { full: 20, quick: 5 };

function cacheSubject(name: string, open: OpenCache, bytes: number, count: number): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run | Unavailable> => {
      const cache = await open(bytes);
      if (cache instanceof Unavailable) return cache;
      const samples = scale.quick ? SAMPLES.quick : SAMPLES.full;
      await timeBatches(cache.loop, {
        samples: scale.quick ? WARM_UP_SAMPLES.quick : WARM_UP_SAMPLES.full,
        count,
        pause: 0,
      });
      return { round: () => timeBatches(cache.loop, { samples, count, pause: 0 }), tearDown: cache.end };
    },
  };
}

function subjectsOf(ways: Readonly<Record<string, OpenCache>>, bytes: number, count: number): Subject[] {
  return Object.entries(ways).map(([name, open]) =>
    cacheSubject(name, open, bytes, name.startsWith('redis') ? Math.ceil(count / 10) : count),
  );
}

export const cacheRows: readonly Row[] = CACHE_SIZES.flatMap(({ name, bytes, gets, puts }): Row[] => [
  {
    name: `peers: get from a cache on one thread, ${name}`,
    unit: 'µs',
    subjects: subjectsOf(GETS, bytes, gets),
    claims: ['Plasmoid, by ref, view released', 'Plasmoid, by ref, view forgotten'].map((subject) => ({
      subject,
      against: ['lmdb getBinaryFast'],
      times: 2,
    })),
  },
  {
    name: `peers: put into a cache on one thread, ${name}`,
    unit: 'µs',
    subjects: subjectsOf(PUTS, bytes, puts),
    claims: [{ subject: 'Plasmoid', against: PUT_PEERS, times: 1 }],
  },
]);
