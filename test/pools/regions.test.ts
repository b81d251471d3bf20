import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bridge } from '../../src/pools/bridge.ts';
import { toSystemError } from '../../src/pools/memory-pool.ts';
import type { SystemError } from '../../src/state/errors.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const MEBIBYTE = 2 ** 20;

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

test('a region of memory is shared with workers, which can wait on it', async () => {
  const kinds = [bridge.mapAnonymous(MEBIBYTE, true), bridge.mapAnonymous(MEBIBYTE, false)];
  if (process.platform === 'linux') kinds.push(bridge.mapMemfd(MEBIBYTE));
  for (const region of kinds) {
    const words = new Int32Array(bridge.regionBuffer(region));
    assert.is(words.byteLength, MEBIBYTE);
    assert.is(words[1000], 0);
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       Atomics.store(workerData, 1, 7);
       Atomics.wait(workerData, 0, 0);
       Atomics.store(workerData, 1, 8);`,
      { eval: true, execArgv: [], workerData: words },
    );
    const exited = once(worker, 'exit');
    while (Atomics.load(words, 1) !== 7) await delay(1);
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    await exited;
    assert.is(words[1], 8);
    bridge.releaseRegion(region);
  }
});

test('population keeps what is written meanwhile, and may be abandoned', async () => {
  const region = bridge.mapAnonymous(256 * MEBIBYTE, true);
  const bytes = new Uint8Array(bridge.regionBuffer(region));
  bridge.populateRange(region, 0, bytes.length);
  for (let offset = 0; offset < bytes.length; offset += 4096) bytes[offset] = 1 + (offset % 251);
  await populated(region);
  for (let offset = 0; offset < bytes.length; offset += 4096) {
    if (bytes[offset] !== 1 + (offset % 251)) assert.unreachable(`byte ${offset} was lost`);
  }
  const abandoned = bridge.mapAnonymous(1024 * MEBIBYTE, true);
  bridge.populateRange(abandoned, 0, 1024 * MEBIBYTE);
  bridge.releaseRegion(abandoned);
  bridge.releaseRegion(region);
});

test('a mapping that is too large is an error with the size', () => {
  const error = refused(() => bridge.mapAnonymous(2 ** 50, false));
  assert.is(error.values.systemCode, 'ENOMEM');
  assert.is(error.values.systemCall, 'mmap');
  assert.is(error.values.bytes, 2 ** 50);
});

test('a file region has no name; a missing folder is an error', () => {
  const before = readdirSync(tmpdir()).length;
  const region = bridge.mapFile(tmpdir(), 64 * MEBIBYTE);
  assert.is(readdirSync(tmpdir()).length, before);
  bridge.reserveRange(region, 0, MEBIBYTE);
  new Uint8Array(bridge.regionBuffer(region)).fill(1, 0, MEBIBYTE);
  bridge.releaseRegion(region);
  const error = refused(() => bridge.mapFile('/nowhere/at/all', MEBIBYTE));
  assert.is(error.values.systemCode, 'ENOENT');
  assert.is(error.values.systemCall, 'mkstemp');
});

test('blocks of a file are reserved, and return when they are punched out', () => {
  using disk = mountSmallDisk(8);
  if (disk === undefined) return;
  const region = bridge.mapFile(disk.directory, 64 * MEBIBYTE);
  const free = disk.freeBytes;
  bridge.reserveRange(region, 16 * MEBIBYTE, 5 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 5 * MEBIBYTE);
  const error = refused(() => bridge.reserveRange(region, 32 * MEBIBYTE, 5 * MEBIBYTE));
  assert.is(error.values.systemCode, 'ENOSPC');
  assert.is(error.values.systemCall, 'fallocate');
  assert.is(error.values.bytes, 5 * MEBIBYTE);
  assert.is(error.values.offset, 32 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 5 * MEBIBYTE, 'a reservation that failed leaves no blocks');
  bridge.punchRange(region, 17 * MEBIBYTE, 2 * MEBIBYTE);
  assert.is(free - disk.freeBytes, 3 * MEBIBYTE);
  bridge.punchRange(region, 16 * MEBIBYTE, 5 * MEBIBYTE);
  assert.is(disk.freeBytes, free);
  bridge.releaseRegion(region);
});

test('an unknown region is refused', () => {
  assert.throws(() => bridge.populateRange(4_000_000, 0, 1));
  bridge.releaseRegion(4_000_000);
});

test.run();
