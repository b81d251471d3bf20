/** Ray's filesystem_monitor_test, and its rule for full disks: ray-semantics.md §5, "Disk monitor". */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { statDisk } from '../../src/pools/stat-disk.ts';
import {
  DEFAULT_CAPACITY_THRESHOLD,
  DiskMonitor,
  type DiskSpace,
} from '../../src/state/queues/disk-monitor.ts';

const DISKS: Readonly<Record<string, DiskSpace>> = {
  empty: { capacityBytes: 1_000, availableBytes: 1_000 },
  half: { capacityBytes: 1_000, availableBytes: 500 },
  full: { capacityBytes: 1_000, availableBytes: 0 },
  nothing: { capacityBytes: 0, availableBytes: 0 },
};
const isOver = (capacityThreshold: number, ...paths: readonly string[]): boolean =>
  new DiskMonitor({ paths, capacityThreshold, statDisk: (path) => DISKS[path] }).overCapacity();

test('TestFileSystemMonitor', () => {
  const real = (capacityThreshold: number, ...paths: readonly string[]): DiskMonitor =>
    new DiskMonitor({ paths, capacityThreshold, statDisk });
  assert.not.ok(real(1, tmpdir()).overCapacity());
  assert.ok(real(0, tmpdir()).overCapacity());
  const space = statDisk(tmpdir());
  assert.ok(space !== undefined && space.availableBytes > 0);
  assert.ok(space !== undefined && space.capacityBytes >= space.availableBytes);
  assert.not.ok(real(1).overCapacity());
  assert.is(statDisk(join(tmpdir(), 'no such folder')), undefined);
});

test('TestOverCapacity', () => {
  const isOverTenth = (space: DiskSpace | undefined): boolean =>
    new DiskMonitor({ paths: ['/tmp'], capacityThreshold: 0.1, statDisk: () => space }).overCapacity();
  assert.not.ok(isOverTenth(undefined));
  assert.not.ok(isOverTenth({ capacityBytes: 11, availableBytes: 10 }));
  assert.ok(isOverTenth({ capacityBytes: 11, availableBytes: 9 }));
  assert.ok(isOverTenth({ capacityBytes: 0, availableBytes: 0 }));
});

test('a threshold of 0: always over', () => {
  for (const path of [...Object.keys(DISKS), 'unreadable']) assert.ok(isOver(0, path), path);
});

test('a threshold of 1 or more: never over', () => {
  for (const threshold of [1, 1.5]) {
    for (const path of Object.keys(DISKS)) assert.not.ok(isOver(threshold, path), path);
  }
});

test('no paths: never over', () => {
  for (const threshold of [0, 0.01, 1]) assert.not.ok(isOver(threshold), `${threshold}`);
});

test('over when the part in use has reached the threshold', () => {
  assert.not.ok(isOver(0.51, 'half'));
  assert.ok(isOver(0.5, 'half'));
  assert.ok(isOver(0.49, 'half'));
  assert.not.ok(isOver(0.01, 'empty'));
  assert.ok(isOver(0.99, 'full'));
});

test('one full disk among several is enough', () => {
  assert.ok(isOver(0.9, 'empty', 'half', 'full'));
  assert.not.ok(isOver(0.9, 'empty', 'half'));
});

test('a path that cannot be read is not over, and hides no other', () => {
  assert.not.ok(isOver(0.5, 'unreadable'));
  assert.ok(isOver(0.5, 'unreadable', 'full'));
});

test('a disk of no bytes is over', () => {
  assert.ok(isOver(0.99, 'nothing'));
});

test('each question looks anew; the default threshold is 0.95', () => {
  let availableBytes = 51;
  const monitor = new DiskMonitor({
    paths: ['/'],
    capacityThreshold: DEFAULT_CAPACITY_THRESHOLD,
    statDisk: () => ({ capacityBytes: 1_000, availableBytes }),
  });
  assert.not.ok(monitor.overCapacity());
  availableBytes = 50;
  assert.ok(monitor.overCapacity());
  availableBytes = 51;
  assert.not.ok(monitor.overCapacity());
});

test.run();
