// deadline: 90 s
/** Copies to disk that fail with an I/O error: nothing is lost, nobody hangs, and moves go on when the disk does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeFailingDisk } from '../support/failing-disk.ts';
import type { FailingDiskReport } from './failing-disk-child.ts';

const MEBIBYTE = 2 ** 20;
const LIMIT_MS = 30_000;

/** The report of a process of its own; undefined where a disk cannot be made to fail. */
async function report(spillLimit: number): Promise<FailingDiskReport | undefined> {
  using disk = makeFailingDisk();
  if (disk === undefined) return undefined;
  const script = fileURLToPath(new URL('./failing-disk-child.js', import.meta.url));
  const child = spawn(process.execPath, [script, String(spillLimit)], {
    env: { ...process.env, ...disk.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code, signal] = await once(child, 'close');
  assert.equal([code, signal], [0, null], text);
  return JSON.parse(text);
}

function assertFailed({
  spilledWhileFailing,
  failedCopies,
  systemCodes,
  spilledAfter,
}: FailingDiskReport): void {
  assert.is(spilledWhileFailing, 0);
  assert.ok(failedCopies > 0);
  assert.equal(systemCodes, ['EIO']);
  assert.ok(spilledAfter > 0, 'moves go on when writes succeed');
}

test('while copies fail, objects stay where they are and new ones are created on disk', async () => {
  const told = await report(64 * MEBIBYTE);
  if (told === undefined) return;
  assert.equal(told.wrong, []);
  assert.equal([told.puts, told.refused, told.objectsLeft], [24, 0, 0]);
  assertFailed(told);
});

test('when the disk has no room for new ones either, their creators are told, and nothing sealed is lost', async () => {
  const told = await report(8 * MEBIBYTE);
  if (told === undefined) return;
  assert.equal(told.wrong, []);
  // The first twelve and the disk's last room; what came then was refused, one by one.
  assert.is(told.puts + told.refused, 24);
  assert.ok(told.puts >= 12 && told.refused > 0, JSON.stringify(told));
  assert.is(told.objectsLeft, 0);
  assertFailed(told);
});

test.run();
