/** What the system says about the file system of a folder. */
import { statfsSync } from 'node:fs';
import type { DiskSpace } from '../state/queues/disk-monitor.ts';

/** Undefined when it cannot be read. */
export function statDisk(path: string): DiskSpace | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}
