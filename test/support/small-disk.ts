/** A real, small file system. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk extends Disposable {
  readonly directory: string;
  readonly freeBytes: number;
}

/** Mounts a tmpfs of so many MiB, or tells why that is not permitted here. */
export function mountSmallDisk(mebibytes: number): SmallDisk | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
  if (mounted.status !== 0) {
    rmdirSync(directory);
    process.stdout.write(
      `SKIP: no tmpfs can be mounted here: ${String(mounted.stderr ?? mounted.error).trim()}\n`,
    );
    return undefined;
  }
  return {
    directory,
    get freeBytes() {
      const disk = statfsSync(directory);
      return disk.bavail * disk.bsize;
    },
    [Symbol.dispose]() {
      // A test that failed may still have its file there: then the mount goes with the file, but its name goes now.
      if (spawnSync('umount', [directory]).status !== 0) spawnSync('umount', ['-l', directory]);
      rmdirSync(directory);
    },
  };
}
