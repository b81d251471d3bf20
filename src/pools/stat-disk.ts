/** What the system says about the file system of a folder, or of a region's file. */
import { statfsSync } from 'node:fs';
import type { DiskSpace } from '../state/queues/disk-monitor.ts';
import { bridge } from './bridge.ts';

/** Undefined when it cannot be read. */
export function statDisk(path: string): DiskSpace | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

/** The same of the disk that a file region lies on, wherever its folder has gone. */
export function statRegionDisk(region: number): DiskSpace | undefined {
  const space = bridge.diskOf(region);
  return space === undefined ? undefined : { capacityBytes: space[0], availableBytes: space[1] };
}
