/** Regions: mapping, reserving, punching and populating memory and files, and giving all of it back. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bridge } from '../../src/pools/bridge.ts';
import { toSystemError } from '../../src/pools/memory-pool.ts';
import type { SystemError } from '../../src/state/errors.ts';
import { collect } from '../support/collection.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const PAGE = 4096;
const MEBIBYTE = 2 ** 20;
const isLinux = process.platform === 'linux';

function refused(call: () => unknown): SystemError {
  try {
    call();
  } catch (error) {
    return toSystemError(error);
  }
  throw new Error('the system did not refuse');
}

async function populated(region: number): Promise<void> {
  while (bridge.isPopulating(region)) await delay(1);
}

/** Waits until it holds, collecting meanwhile. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; !holds(); attempt++) {
    if (attempt === 500) throw new Error(`never came: ${what}`);
    // Before the collection: what a WeakRef has just shown is kept until the end of the turn.
    await delay(5);
    collect();
  }
}

/** Address space of this process in bytes. */
function addressSpace(): number {
  const pages = readFileSync('/proc/self/statm', 'utf8').split(' ')[0];
  return Number(pages) * PAGE;
}

function mappingsOf(directory: string): string[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory));
}

const regionsBefore = bridge.regionCount();

/** Maps one of each kind, runs, and releases it. */
async function forEachKind(run: (region: number, kind: string) => void | Promise<void>): Promise<void> {
  const kinds: [string, () => number][] = [
    ['huge pages', () => bridge.mapAnonymous(MEBIBYTE, true)],
    ['small pages', () => bridge.mapAnonymous(MEBIBYTE, false)],
    ['file', () => bridge.mapFile(tmpdir(), MEBIBYTE)],
  ];
  if (isLinux) kinds.push(['memfd', () => bridge.mapMemfd(MEBIBYTE)]);
  for (const [kind, map] of kinds) {
    const region = map();
    bridge.reserveRange(region, 0, MEBIBYTE);
    try {
      await run(region, kind);
    } finally {
      bridge.releaseRegion(region);
    }
  }
}

test('a region is zeroes, in its full length, until its last byte is written', async () => {
  await forEachKind((region, kind) => {
    const bytes = new Uint8Array(bridge.regionBuffer(region));
    assert.is(bytes.byteLength, MEBIBYTE, kind);
    assert.ok(
      bytes.every((byte) => byte === 0),
      kind,
    );
    bytes.fill(3);
    bridge.punchRange(region, PAGE, 2 * PAGE);
    assert.is(bytes[PAGE - 1], 3, kind);
    assert.ok(
      bytes.subarray(PAGE, 3 * PAGE).every((byte) => byte === 0),
      `${kind}: punched pages are zeroes`,
    );
    assert.is(bytes[3 * PAGE], 3, kind);
    assert.is(bytes[MEBIBYTE - 1], 3, kind);
  });
});

test('a region is shared with workers, and threads wait and wake each other on it', async () => {
  await forEachKind(async (region, kind) => {
    const words = new Int32Array(bridge.regionBuffer(region));
    const last = words.length - 1;
    const worker = new Worker(
      `const { workerData: words } = require('node:worker_threads');
       const last = words.length - 1;
       for (let round = 1; round <= 5; round++) {
         while (Atomics.load(words, last) < round) Atomics.wait(words, last, round - 1);
         Atomics.store(words, 0, round);
         Atomics.notify(words, 0);
       }`,
      { eval: true, execArgv: [], workerData: words },
    );
    const exited = once(worker, 'exit');
    for (let round = 1; round <= 5; round++) {
      // Sleeping for certain: somebody was there to be woken.
      if (round > 1) while (Atomics.notify(words, last) === 0) await delay(1);
      Atomics.store(words, last, round);
      Atomics.notify(words, last);
      while (Atomics.load(words, 0) < round)
        assert.is.not(Atomics.wait(words, 0, round - 1, 10_000), 'timed-out');
    }
    await exited;
    assert.is(words[0], 5, kind);
  });
});

test('two threads add to one word of a region without a loss', async () => {
  const region = bridge.mapAnonymous(MEBIBYTE, false);
  const words = new Int32Array(bridge.regionBuffer(region));
  const workers = [0, 1, 2].map(
    () =>
      new Worker(
        `const { workerData } = require('node:worker_threads');
         for (let round = 0; round < 50_000; round++) Atomics.add(workerData, 9, 1);`,
        { eval: true, execArgv: [], workerData: words },
      ),
  );
  for (let round = 0; round < 50_000; round++) Atomics.add(words, 9, 1);
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  assert.is(Atomics.load(words, 9), 200_000);
  bridge.releaseRegion(region);
});

test('population keeps what is written meanwhile, at any offset, and ends', async () => {
  for (const offset of [0, 64, PAGE + 128]) {
    const region = bridge.mapAnonymous(64 * MEBIBYTE, true);
    const bytes = new Uint8Array(bridge.regionBuffer(region));
    bridge.populateRange(region, offset, bytes.length - offset);
    for (let at = 0; at < bytes.length; at += PAGE) bytes[at] = 1 + (at % 251);
    await populated(region);
    for (let at = 0; at < bytes.length; at += PAGE) {
      if (bytes[at] !== 1 + (at % 251)) assert.unreachable(`byte ${at} was lost`);
    }
    // More than there is: only what there is.
    bridge.populateRange(region, 63 * MEBIBYTE, 64 * MEBIBYTE);
    await populated(region);
    bridge.releaseRegion(region);
  }
});

test('population may be abandoned, and lets go of the region then', async () => {
  const before = isLinux ? addressSpace() : 0;
  for (let round = 0; round < 5; round++) {
    const abandoned = bridge.mapAnonymous(4096 * MEBIBYTE, round % 2 === 0);
    bridge.populateRange(abandoned, 0, 4096 * MEBIBYTE);
    bridge.populateRange(abandoned, 2048 * MEBIBYTE, 2048 * MEBIBYTE);
    assert.ok(bridge.isPopulating(abandoned));
    bridge.releaseRegion(abandoned);
  }
  if (isLinux) await until('unmapped', () => addressSpace() < before + 4096 * MEBIBYTE);
});

test('a mapping that is too large is an error with its size', () => {
  const anonymous = refused(() => bridge.mapAnonymous(2 ** 50, false));
  assert.is(anonymous.values.systemCode, 'ENOMEM');
  assert.is(anonymous.values.systemCall, 'mmap');
  assert.is(anonymous.values.bytes, 2 ** 50);
  assert.is(anonymous.code, 'IOError');
  assert.match(anonymous.message, String(2 ** 50));
  if (!isLinux) return;
  const memfd = refused(() => bridge.mapMemfd(2 ** 50));
  assert.is(memfd.values.systemCode, 'ENOMEM');
  assert.is(memfd.values.bytes, 2 ** 50);
  using disk = mountSmallDisk(1);
  if (disk === undefined) return;
  const file = refused(() => bridge.mapFile(disk.directory, 2 ** 50));
  assert.is(file.values.systemCode, 'ENOMEM');
  assert.is(file.values.systemCall, 'mmap');
  assert.equal(readdirSync(disk.directory), []);
});

test('a missing folder, and one that is none, are errors', () => {
  for (const [directory, code] of [
    ['/nowhere/at/all', 'ENOENT'],
    [process.execPath, 'ENOTDIR'],
  ] as const) {
    const error = refused(() => bridge.mapFile(directory, MEBIBYTE));
    assert.is(error.values.systemCode, code);
    assert.is(error.values.systemCall, 'mkstemp');
    assert.is(error.values.bytes, MEBIBYTE);
  }
});

test('a file region has no name, and none is left by a process that is killed', async () => {
  using disk = mountSmallDisk(4);
  if (disk === undefined) return;
  const free = disk.freeBytes;
  const program = `
    import { bridge } from ${JSON.stringify(new URL('../../src/pools/bridge.js', import.meta.url).href)};
    const region = bridge.mapFile(${JSON.stringify(disk.directory)}, 2 ** 26);
    bridge.reserveRange(region, 0, 2 ** 20);
    new Uint8Array(bridge.regionBuffer(region)).fill(1, 0, 2 ** 20);
    process.stdout.write('ready');
    setInterval(() => region, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  assert.is(free - disk.freeBytes, MEBIBYTE, 'it holds blocks');
  assert.equal(readdirSync(disk.directory), []);
  child.kill('SIGKILL');
  await exited;
  assert.equal(readdirSync(disk.directory), []);
  await until('its blocks returned', () => disk.freeBytes === free);
});

test('blocks of a file are reserved, and return when they are punched out', () => {
  using disk = mountSmallDisk(8);
  if (disk === undefined) return;
  const region = bridge.mapFile(disk.directory, 64 * MEBIBYTE);
  const free = disk.freeBytes;
  bridge.reserveRange(region, 16 * MEBIBYTE, 5 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 5 * MEBIBYTE);
  bridge.reserveRange(region, 16 * MEBIBYTE, 5 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 5 * MEBIBYTE, 'what is reserved already costs nothing');
  const error = refused(() => bridge.reserveRange(region, 32 * MEBIBYTE, 5 * MEBIBYTE));
  assert.is(error.values.systemCode, 'ENOSPC');
  assert.is(error.values.systemCall, 'fallocate');
  assert.is(error.values.bytes, 5 * MEBIBYTE);
  assert.is(error.values.offset, 32 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 5 * MEBIBYTE, 'a reservation that failed leaves no blocks');
  bridge.punchRange(region, 17 * MEBIBYTE, 2 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 3 * MEBIBYTE);
  bridge.reserveRange(region, 32 * MEBIBYTE, 5 * MEBIBYTE);
  assert.is(disk.freeBytes, free - 8 * MEBIBYTE, 'now it fits');
  bridge.punchRange(region, 0, 64 * MEBIBYTE);
  assert.is(disk.freeBytes, free);
  bridge.releaseRegion(region);
});

test('where a file system cannot punch holes, ranges are reserved and used again all the same', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-ramfs-'));
  const mounted = isLinux && spawnSync('mount', ['-t', 'ramfs', 'ramfs', directory]).status === 0;
  try {
    if (!mounted) {
      process.stdout.write('SKIP: no ramfs can be mounted here\n');
      return;
    }
    const region = bridge.mapFile(directory, 4 * MEBIBYTE);
    const bytes = new Uint8Array(bridge.regionBuffer(region));
    for (const byte of [1, 2]) {
      bridge.reserveRange(region, MEBIBYTE, MEBIBYTE);
      bytes.fill(byte, MEBIBYTE, 2 * MEBIBYTE);
      bridge.punchRange(region, MEBIBYTE, MEBIBYTE);
    }
    bridge.releaseRegion(region);
  } finally {
    // Lazily: the mapping goes with its last buffer.
    if (mounted) spawnSync('umount', ['-l', directory]);
    rmdirSync(directory);
  }
});

/** A thread that keeps the buffer until it is told to end. In a function of its own, so that nothing is kept here. */
function keepInWorker(region: number): { worker: Worker; buffer: WeakRef<SharedArrayBuffer> } {
  const buffer = bridge.regionBuffer(region);
  new Int32Array(buffer)[0] = 7;
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const kept = new Int32Array(workerData);
     parentPort.on('message', () => {
       parentPort.postMessage(kept[0]);
       if (kept[0]++ > 7) process.exit(0);
     });`,
    { eval: true, execArgv: [], workerData: buffer },
  );
  return { worker, buffer: new WeakRef(buffer) };
}

test('a released region stays mapped until the last buffer on it is collected, anywhere', async () => {
  using disk = mountSmallDisk(4);
  if (disk === undefined) return;
  const free = disk.freeBytes;
  const count = bridge.regionCount();
  const region = bridge.mapFile(disk.directory, 2 * MEBIBYTE);
  assert.is(bridge.regionCount(), count + 1);
  bridge.reserveRange(region, 0, MEBIBYTE);
  const { worker, buffer } = keepInWorker(region);
  const exited = once(worker, 'exit');
  bridge.releaseRegion(region);
  assert.is(bridge.regionCount(), count);
  assert.throws(() => bridge.regionBuffer(region), /no such region/);
  for (const expected of [7, 8]) {
    if (expected === 8) await until('this thread has let go', () => buffer.deref() === undefined);
    assert.is(mappingsOf(disk.directory).length, 1);
    worker.postMessage('tell');
    assert.equal(await once(worker, 'message'), [expected]);
  }
  await exited;
  await until('unmapped', () => mappingsOf(disk.directory).length === 0);
  // The mapping goes first, on the thread that drops it, and then the file.
  await until('its blocks are back', () => disk.freeBytes === free);
});

test('memory without a buffer goes when it is released', () => {
  if (!isLinux) return;
  const before = addressSpace();
  const regions = [bridge.mapAnonymous(2 ** 34, false), bridge.mapMemfd(2 ** 34)];
  assert.ok(addressSpace() >= before + 2 ** 35);
  for (const region of regions) bridge.releaseRegion(region);
  assert.ok(addressSpace() < before + 2 ** 34);
});

test('an unknown region is refused, and releasing one does nothing', () => {
  const unknown = 4_000_000;
  for (const call of [
    () => bridge.populateRange(unknown, 0, 1),
    () => bridge.reserveRange(unknown, 0, 1),
    () => bridge.punchRange(unknown, 0, 1),
    () => bridge.isPopulating(unknown),
    () => bridge.regionBuffer(unknown),
  ]) {
    assert.throws(call, /no such region/);
  }
  bridge.releaseRegion(unknown);
  assert.is(bridge.regionCount(), regionsBefore, 'no test has left one');
});

test.run();
