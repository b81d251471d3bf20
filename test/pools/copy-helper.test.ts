// deadline: 300 s
/** Copies of 32 MiB and more, which two threads may share: every byte arrives, whoever comes, goes or dies meanwhile. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ObjectToken, Store } from '../../src/index.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { collectUntil } from '../support/collection.ts';
import { randomFrom, readSeed } from '../support/random.ts';
import { until } from '../support/until.ts';
import { fillPattern, type PutOrder, patternOf } from './copy-helper-worker.ts';

const MEBIBYTE = 2 ** 20;
const LEAST_BYTES = 32 * MEBIBYTE;
const MODULE = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
/** Elsewhere copies have no helper, or nobody tells of it. */
const TELLS = process.platform === 'linux' && process.arch === 'x64';

function startWorker(order: PutOrder): Worker {
  return new Worker(new URL('./copy-helper-worker.js', import.meta.url), { workerData: order });
}

/** Microseconds that helpers of this process have been on a processor; undefined while there is none. */
function helperMicroseconds(): number | undefined {
  const times = readdirSync('/proc/self/task')
    .filter((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'plasmoid-copy\n')
    .map((id) => Number(readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1000);
  assert.ok(times.length <= 1, 'a process has one helper');
  return times[0];
}

test('large copies copy every byte and no other, at any alignment and wherever their last piece ends', () => {
  const source = new Uint8Array(LEAST_BYTES + 4 * MEBIBYTE);
  fillPattern(new Uint32Array(source.buffer), 1);
  const target = Buffer.alloc(source.length + 300);
  const ends = [0, 1, 63, 64, 65, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 2.5 * MEBIBYTE];
  for (const [index, more] of ends.entries()) {
    for (const [from, to] of [
      [0, 0],
      [1, 100],
      [64 + index, 7 * index],
      [200, 63],
    ] as const) {
      const length = LEAST_BYTES + more;
      target.fill(0xaa);
      const wanted = source.subarray(from, from + length);
      bridge.copyBytes(target.subarray(to, to + length), wanted, true);
      const what = `${length} bytes from ${from} to ${to}`;
      assert.is(Buffer.compare(target.subarray(to, to + length), wanted), 0, what);
      assert.ok(
        target.subarray(0, to).every((byte) => byte === 0xaa),
        what,
      );
      assert.is(Buffer.from(target.subarray(to + length)).filter((byte) => byte !== 0xaa).length, 0, what);
    }
  }
});

(TELLS && availableParallelism() > 1 ? test : test.skip)('a second thread takes part', async () => {
  const source = patternOf(2 * LEAST_BYTES, 5);
  const target = new Uint8Array(source.length);
  const microseconds = (): number => helperMicroseconds() ?? 0;
  const copy = (): void => bridge.copyBytes(target, source, true);
  copy();
  // A machine whose other processors are busy for a while may give it none.
  const before = microseconds();
  await until('the helper copies', () => {
    copy();
    return microseconds() > before + 1_000;
  });
  assert.is(Buffer.compare(target, source), 0);
});

/** Exit code and output of a program that uses the store; with the processors given, where it can be told. */
function runProgram(program: string, command: readonly string[] = []) {
  const [first = '', ...rest] = [...command, process.execPath, '--input-type=module', '-e', program];
  const { status, signal, stdout } = spawnSync(first, rest, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { status: status ?? signal, stdout };
}

const hasTaskset = TELLS && spawnSync('taskset', ['--version']).status === 0;

(hasTaskset ? test : test.skip)('a process with one processor starts no second thread', () => {
  const [, processor = '0'] =
    /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    const { Store } = await import(${MODULE});
    const store = await Store.create({ memory: ${2 * LEAST_BYTES}, populateAhead: 0, spillLimit: 0 });
    const view = store.getSync(store.putSync(new Uint8Array(${LEAST_BYTES + 1}).fill(3)));
    if (view.some((byte) => byte !== 3)) throw new Error('other bytes');
    const names = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8'));
    console.log(names.filter((name) => name.startsWith('plasmoid-copy')).length);
    await store.close();`;
  assert.equal(runProgram(program, ['taskset', '-c', processor]), { status: 0, stdout: '0\n' });
});

(TELLS && availableParallelism() > 1 ? test : test.skip)(
  'a thread of less priority has no helper, and leaves none to others',
  () => {
    // In a process of its own: the helper comes with the first large copy, and priority once given up does not come back.
    const worker = `
    const { setPriority } = await import('node:os');
    const { workerData } = await import('node:worker_threads');
    const { Store } = await import(${MODULE});
    setPriority(0, 10);
    const store = Store.connectSync(workerData);
    store.putSync(new Uint8Array(${2 * LEAST_BYTES})).release();
    await store.close();`;
    const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const { Store } = await import(${MODULE});
    const store = await Store.create({ memory: ${8 * LEAST_BYTES}, populateAhead: 0, spillLimit: 0 });
    // Nice values of helpers.
    const helpers = () => readdirSync('/proc/self/task')
      .map((id) => readFileSync('/proc/self/task/' + id + '/stat', 'utf8'))
      .filter((stat) => stat.includes('(plasmoid-copy)'))
      .map((stat) => Number(stat.split(') ')[1].split(' ')[16]));
    const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)}));
    const [code] = await once(new Worker(url, { workerData: store.handle }), 'exit');
    const before = helpers();
    store.putSync(new Uint8Array(${2 * LEAST_BYTES})).release();
    console.log(JSON.stringify({ code, before, after: helpers() }));
    await store.close();`;
    const { status, stdout } = runProgram(program);
    assert.is(status, 0);
    assert.equal(JSON.parse(stdout), { code: 0, before: [], after: [0] });
  },
);

test('several threads put large arrays at once, and each finds its own bytes', async () => {
  const seed = readSeed();
  const random = randomFrom(seed);
  const store = await Store.create({ memory: 512 * MEBIBYTE, spillLimit: 0 });
  for (let round = 0; round < 3; round++) {
    const orders = [1, 2, 3].map((number) => ({
      store: store.handle,
      seed: seed + 1_000 * number,
      lengths: [0, 1, 2].map(() => LEAST_BYTES - 1_000 + Math.floor(random() * 4 * MEBIBYTE)),
    }));
    const workers = orders.map(startWorker);
    await Promise.all(
      workers.map(async (worker, index) => {
        const [tokens]: ObjectToken<Uint8Array>[][] = await once(worker, 'message');
        const order = orders[index]!;
        for (const [which, token] of (tokens ?? []).entries()) {
          using ref = store.ref(token);
          const view = await ref.get();
          const wanted = patternOf(order.lengths[which]!, order.seed + which);
          assert.is(Buffer.compare(view, wanted), 0, `${order.lengths[which]} bytes of thread ${index}`);
          store.release(view);
        }
        worker.postMessage('go');
        await once(worker, 'exit');
      }),
    );
  }
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('a worker that is terminated while it puts leaves a whole store, and a helper for others', async () => {
  const random = randomFrom(readSeed());
  const store = await Store.create({ memory: 256 * MEBIBYTE, spillLimit: 0 });
  const source = patternOf(LEAST_BYTES + 12_345, 7);
  for (let round = 0; round < 12; round++) {
    const count = new Int32Array(new SharedArrayBuffer(4));
    const worker = startWorker({ store: store.handle, seed: round, lengths: [LEAST_BYTES + round], count });
    await until('it puts', () => Atomics.load(count, 0) > round % 3);
    // Somewhere in a copy, which takes some milliseconds.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, random() * 5);
    const terminated = worker.terminate();
    const ref = await store.put(source);
    const view = await ref.get();
    await terminated;
    assert.is(Buffer.compare(view, source), 0, `round ${round}`);
    store.release(view);
    ref.release();
    await store.verify();
  }
  const { clientCount } = await collectUntil(store, ({ objectCount }) => objectCount === 0);
  assert.is(clientCount, 1);
  await store.close();
});

test('a process ends in the middle of copies, in whatever way', async () => {
  const worker = `
    const { workerData } = require('node:worker_threads');
    import(${MODULE}).then(({ Store }) => {
      const store = Store.connectSync(workerData.store);
      const source = new Uint8Array(${LEAST_BYTES}).fill(1);
      for (;;) {
        store.putSync(source).release();
        Atomics.add(workerData.count, 0, 1);
        Atomics.notify(workerData.count, 0);
      }
    });`;
  const endings = [
    'process.exit(0);',
    'setTimeout(() => process.exit(0), 3);',
    'await store.close(); process.exit(0);',
  ];
  for (const ending of endings) {
    const program = `
      import { Worker } from 'node:worker_threads';
      const { Store } = await import(${MODULE});
      const store = await Store.create({ memory: ${4 * LEAST_BYTES}, populateAhead: 0, spillLimit: 0 });
      const count = new Int32Array(new SharedArrayBuffer(4));
      for (let threads = 0; threads < 2; threads++) {
        new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], workerData: { store: store.handle, count } })
          .on('error', () => {});
      }
      while (Atomics.load(count, 0) < 5) await new Promise((resolve) => setTimeout(resolve, 1));
      ${ending}`;
    assert.is(runProgram(program).status, 0, ending);
  }
  // Its own end, when nothing is left to do, with the helper asleep.
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { Store } = await import(${MODULE});
       const store = await Store.create({ memory: ${2 * LEAST_BYTES}, populateAhead: 0, spillLimit: 0 });
       store.putSync(new Uint8Array(${LEAST_BYTES}));
       await store.close();`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  assert.equal(await once(child, 'close'), [0, null]);
});

test.run();
