/** Ray's rule for full disks: ray-semantics.md §5, "Disk monitor". */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
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

test('a threshold of 0: always over', () => {
  for (const path of [...Object.keys(DISKS), 'unreadable']) assert.ok(isOver(0, path), path);
  assert.ok(isOver(0), 'without a path, too');
});

test('a threshold of 1 or more: never over', () => {
  for (const threshold of [1, 1.5]) {
    for (const path of Object.keys(DISKS)) assert.not.ok(isOver(threshold, path), path);
  }
});

test('no paths: never over', () => {
  assert.not.ok(isOver(0.01));
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
