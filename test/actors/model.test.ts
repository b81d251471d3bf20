// deadline: 300 s
/**
 * The store against a naive model of it: random commands on two threads, and after each one every view that is still
 * reachable, in both threads, must show the bytes that the model says.
 */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../../src/index.ts';
import { readSeed } from '../support/random.ts';
import { type Action, Hands, type Outcome } from './model-hands.ts';
import { type Command, Run } from './model-run.ts';

const RUNS = process.env.PLASMOID_TEST_LONG === '1' ? 3_000 : 200;
const IDS = 4;
/** Sizes around units, pages and leases, so that stocks, single blocks and the disk are all met. */
const SIZES = [0, 1, 63, 64, 65, 1_000, 4_096, 10_000, 100_000];
/** Room for one of the largest objects: a second one at the same time has to go to the disk. */
const MEMORY = 2 ** 17;

/** What has to happen at least once in all runs together. */
const EXPECTED = [
  ...[
    'put: ok',
    'put: ObjectExistsError',
    'create: ok',
    'create: ObjectExistsError',
    'seal: ok',
    'abort: ok',
  ],
  ...['get: ok', 'get: ObjectNotFoundError', 'get: TimedOutError', 'releaseView: true', 'releaseRef: ok'],
  ...['delete: true', 'delete: false', 'delete: ObjectNotSealedError', 'contains: true', 'contains: false'],
  ...['deleteId: true', 'deleteId: false', 'deleteId: ObjectNotSealedError', 'containsId: true'],
  ...['byId: ok', 'byId: ObjectNotFoundError', 'byToken: ok', 'byToken: ObjectNotFoundError'],
  ...['containsId: false', 'forgetRef: ok', 'forgetView: ok', 'forgetSlot: ok', 'in primary', 'in fallback'],
];

const WHAT: readonly Action['do'][] = [
  ...(['put', 'put', 'put', 'create', 'create', 'seal', 'seal', 'abort', 'get', 'get', 'get'] as const),
  ...(['releaseView', 'forgetView', 'releaseRef', 'releaseRef', 'forgetRef', 'forgetSlot'] as const),
  ...([
    // Often: it seldom meets an object that is still being written.
    ...(['delete', 'delete', 'delete', 'delete'] as const),
    'deleteId',
    'contains',
    'containsId',
    'byId',
    'byId',
    'byToken',
    'byToken',
    'collect',
  ] as const),
];

const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.record({
    what: fc.constantFrom(...WHAT),
    thread: fc.nat(1),
    pick: fc.nat(1_000),
    size: fc.constantFrom(...SIZES),
    id: fc.option(fc.nat(IDS - 1), { nil: undefined }),
    sync: fc.boolean(),
  }),
  { minLength: 20, maxLength: 80, size: 'max' },
);

test(`the store does what a naive model says, in ${RUNS} random lives on two threads`, async () => {
  const seed = readSeed();
  const store = await Store.create({
    memory: MEMORY,
    spillLimit: 2 ** 23,
    spillDirectory: tmpdir(),
    maxObjects: 512,
  });
  const worker = new Worker(new URL('./model-hands.js', import.meta.url), {
    workerData: { role: 'hands', store: store.handle },
  });
  // A failure must not leave it waiting for orders.
  worker.unref();
  const here = new Hands(store);
  const inWorker = async (action: Action): Promise<Outcome> => {
    const answered = once(worker, 'message');
    worker.postMessage(action);
    const [outcome]: Outcome[] = await answered;
    if (outcome === undefined) throw new Error('the worker answered nothing');
    return outcome;
  };
  const met = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(commands, async (life) => {
      const run = new Run(store, [(action) => here.run(action), inWorker], met);
      try {
        for (const command of life) await run.step(command);
      } finally {
        await run.end();
      }
    }),
    { numRuns: RUNS, seed, includeErrorInReport: true },
  );
  // The model is of use only when everything happens: also what fails, and what lies on disk.
  const missing = EXPECTED.filter((what) => !met.has(what));
  assert.equal(missing, [], JSON.stringify([...met]));
  worker.ref();
  const exited = once(worker, 'exit');
  worker.postMessage('end');
  await exited;
  await store.trim();
  await store.verify();
  const { leasedCount, clientCount } = await store.stats();
  assert.equal({ leasedCount, clientCount }, { leasedCount: 0, clientCount: 1 });
  await store.close();
});

test.run();
