/**
 * The twin of `ray microbenchmark`: a row for each of its rows, of the same name and the same work, for Plasmoid and for
 * Ray itself, which take turns in the same run.
 *
 * Left out are the rows `client: …`: they measure Ray Client, a proxy over gRPC for programs outside of the cluster,
 * which has no counterpart here. Both sides have as many workers as the process may use processors, and half as many
 * actors where Ray has an n. Counts are Ray's own, but for the calls of each caller in the rows of several clients and in
 * 1:n and n:n: there Ray makes 5,000 or 10,000, which takes it many seconds on a small machine, and both sides make 1,000.
 */

import { availableParallelism } from 'node:os';
import { Runtime, type RuntimeOptions } from '../../src/index.ts';
import { bridge } from '../../src/pools/bridge.ts';
import type { Claim } from '../claims.ts';
import type { Row, Scale, Subject } from '../harness.ts';
import * as bodies from './bodies.ts';
import { endRay, RAY_HERE, type RowRequest, raySubject } from './driver.ts';
import { PacedWork, roundSeconds, warmUpSeconds } from './paced.ts';

const PLASMOID = 'Plasmoid';
const BOUND = 'bound: memcpy of the bridge, warm';
const PROCESSORS = availableParallelism();
const SERVERS = Math.max(1, Math.floor(PROCESSORS / 2));
/** Rounds of Ray are not short where it has much to do in each. */
const ROUNDS = 7;

/** The same for both sides. */
const countsOf = ({ quick }: Scale) => ({ calls: quick ? 250 : 1_000, puts: quick ? 2 : 10 });

/** What differs from row to row. */
interface Twin {
  readonly body: bodies.Body;
  readonly unit?: string;
  /** How many times as good as Ray; 10 when nothing is said. */
  readonly times?: number;
  readonly options?: RuntimeOptions;
  /** The same result by a way that Ray does not have. */
  readonly inPlace?: bodies.Body;
  readonly bound?: { readonly source: () => BigInt64Array; readonly gigabytes: number };
  /** At least so much of the bound. */
  readonly ofBound?: number;
}

const BATCHES = 'batches/s';
const GIGABYTES = 'GB/s, of 1,000 MiB';

/** By Ray's names, in Ray's order. */
export const TWINS: Readonly<Record<string, Twin>> = {
  'single client get calls (Plasma Store)': { body: bodies.getCalls, times: 100 },
  'single client put calls (Plasma Store)': { body: bodies.putCalls, times: 100 },
  'multi client put calls (Plasma Store)': { body: bodies.multiPutCalls },
  'single client put gigabytes': {
    body: bodies.putGigabytes,
    unit: GIGABYTES,
    times: 2,
    options: { memory: '2GiB' },
    bound: { source: bodies.largeArray, gigabytes: bodies.GIGABYTES_LARGE },
    ofBound: 0.9,
  },
  'single client tasks and get batch': { body: bodies.tasksAndGetBatch, unit: BATCHES },
  'multi client put gigabytes': {
    body: bodies.multiPutGigabytes,
    inPlace: bodies.multiWriteGigabytes,
    unit: GIGABYTES,
    times: 2,
    options: { memory: '1GiB' },
    bound: { source: bodies.mediumArray, gigabytes: bodies.GIGABYTES_MEDIUM },
  },
  'single client get object containing 10k refs': { body: bodies.getObjectWithRefs },
  'single client wait 1k refs': { body: bodies.waitRefs, unit: BATCHES },
  'single client tasks sync': { body: bodies.tasksSync },
  'single client tasks async': { body: bodies.tasksAsync },
  'multi client tasks async': { body: bodies.multiTasksAsync },
  '1:1 actor calls sync': { body: bodies.callsSync(bodies.plain) },
  '1:1 actor calls async': { body: bodies.callsAsync(bodies.plain) },
  '1:1 actor calls concurrent': { body: bodies.callsAsync(bodies.concurrent) },
  '1:n actor calls async': { body: bodies.oneToMany(bodies.plain) },
  'n:n actor calls async': { body: bodies.manyToMany(bodies.plain) },
  'n:n actor calls with arg async': { body: bodies.manyToManyWithArg },
  '1:1 async-actor calls sync': { body: bodies.callsSync(bodies.asynchronous) },
  '1:1 async-actor calls async': { body: bodies.callsAsync(bodies.asynchronous) },
  '1:1 async-actor calls with args async': { body: bodies.callsWithArgs },
  '1:n async-actor calls async': { body: bodies.oneToMany(bodies.asynchronous) },
  'n:n async-actor calls async': { body: bodies.manyToMany(bodies.asynchronous) },
  'placement group create/removal': {
    body: bodies.placementGroups,
    options: { resources: { custom: 100 } },
  },
};

function plasmoid(name: string, body: bodies.Body, options: RuntimeOptions | undefined): Subject {
  return {
    name,
    setUp: async (scale) => {
      const runtime = await Runtime.start({ workers: PROCESSORS, memory: '256MiB', ...options });
      const work = new PacedWork(await body(runtime, { servers: SERVERS, ...countsOf(scale) }));
      await work.round(warmUpSeconds(scale));
      return { round: () => work.round(roundSeconds(scale)), tearDown: () => runtime.close() };
    },
  };
}

/** One thread copies the same bytes into memory that was written before, as a store's warm memory was. */
function memcpy({ source, gigabytes }: NonNullable<Twin['bound']>): Subject {
  return {
    name: BOUND,
    setUp: (scale) => {
      const bytes = new Uint8Array(source().buffer);
      const region = bridge.mapAnonymous(bytes.byteLength, true);
      const target = new Uint8Array(bridge.regionBuffer(region));
      const work = new PacedWork({
        once: () => bridge.copyBytes(target, bytes, false),
        multiplier: gigabytes,
      });
      return { round: () => work.round(roundSeconds(scale)), tearDown: () => bridge.releaseRegion(region) };
    },
  };
}

function rowOf(rayName: string, twin: Twin): Row {
  const { times = 10, unit = 'operations/s', body, options, inPlace, bound, ofBound } = twin;
  const request = (scale: Scale): RowRequest => ({
    open: rayName,
    processors: PROCESSORS,
    ...countsOf(scale),
  });
  const subjects = [plasmoid(PLASMOID, body, options), raySubject(rayName, request)];
  if (inPlace !== undefined) subjects.push(plasmoid('Plasmoid, written in place', inPlace, options));
  if (bound !== undefined) subjects.push(memcpy(bound));
  const claims: Claim[] = [{ subject: PLASMOID, against: [RAY_HERE], times }];
  if (ofBound !== undefined) claims.push({ subject: PLASMOID, against: [BOUND], times: ofBound });
  return {
    name: `ray: ${rayName}`,
    unit,
    higherIsBetter: true,
    rounds: ROUNDS,
    subjects,
    claims,
  };
}

export const end = endRay;

export const rows: readonly Row[] = Object.entries(TWINS).map(([rayName, twin]) => rowOf(rayName, twin));
