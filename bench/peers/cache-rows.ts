/** A store as a cache on one thread, beside databases and what a program has by itself. All on the main thread. */
import { type Row, type Run, type Subject, Unavailable } from '../harness.ts';
import { timeBatches } from '../store-loops.ts';
import {
  type CacheSize,
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

/** Forgotten, because nobody releases what lmdb gives. */
const FORGOTTEN = 'Plasmoid, by ref, view forgotten';
const INTO = 'Plasmoid, by ref, getInto';
const INTO_BY_ID = 'Plasmoid, by a chosen id, getInto';

const GETS: Readonly<Record<string, OpenCache>> = {
  'Plasmoid, by ref, view released': getByPlasmoid.released,
  [FORGOTTEN]: getByPlasmoid.forgotten,
  [INTO]: getByPlasmoid.into,
  'Plasmoid, by a chosen id, view released': getByPlasmoid.byId,
  [INTO_BY_ID]: getByPlasmoid.byIdInto,
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

interface Work extends CacheSize {
  /** How many times as good as lmdb's some ways to read are. */
  readonly claims: Readonly<Record<string, number>>;
  /** Operations per sample; a tenth for redis, which needs another process for each. */
  readonly gets: number;
  readonly puts: number;
}

/** As many values as a cache may well have, and as stay in the processor's own caches at 1 KiB: for each peer alike. */
const WORKS: readonly Work[] = [
  // getInto does what lmdb does: a copy in memory that the next get overwrites.
  {
    name: '1 KiB',
    bytes: 1024,
    keys: 1024,
    gets: 1024,
    puts: 1024,
    claims: { [INTO]: 2, [INTO_BY_ID]: 1, [FORGOTTEN]: 2 },
  },
  { name: '1 MiB', bytes: 2 ** 20, keys: 8, gets: 64, puts: 32, claims: { [FORGOTTEN]: 2 } },
];

/** Batches before the first round. */
const WARM_UP_SAMPLES = { full: 20, quick: 5 };
const SAMPLES = { full: 20, quick: 5 };

function cacheSubject(name: string, open: OpenCache, size: CacheSize, count: number): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run | Unavailable> => {
      const cache = await open(size);
      if (cache instanceof Unavailable) return cache;
      const samples = scale.quick ? SAMPLES.quick : SAMPLES.full;
      await timeBatches(cache.loop, {
        samples: scale.quick ? WARM_UP_SAMPLES.quick : WARM_UP_SAMPLES.full,
        count,
      });
      return { round: () => timeBatches(cache.loop, { samples, count }), tearDown: cache.end };
    },
  };
}

function subjectsOf(ways: Readonly<Record<string, OpenCache>>, size: CacheSize, count: number): Subject[] {
  return Object.entries(ways).map(([name, open]) =>
    cacheSubject(name, open, size, name.startsWith('redis') ? Math.ceil(count / 10) : count),
  );
}

export const cacheRows: readonly Row[] = WORKS.flatMap((work): Row[] => [
  {
    name: `peers: get from a cache on one thread, ${work.keys.toLocaleString('en')} x ${work.name}`,
    unit: 'µs',
    subjects: subjectsOf(GETS, work, work.gets),
    claims: Object.entries(work.claims).map(([subject, times]) => ({
      subject,
      against: ['lmdb getBinaryFast'],
      times,
    })),
  },
  {
    name: `peers: put into a cache on one thread, ${work.keys.toLocaleString('en')} x ${work.name}`,
    unit: 'µs',
    subjects: subjectsOf(PUTS, work, work.puts),
    claims: [{ subject: 'Plasmoid', against: PUT_PEERS, times: 1 }],
  },
]);
