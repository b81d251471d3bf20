/** Ray's `FileSystemMonitor`: whether the disks that objects may go to are so full that none should. */

/** What the operating system says about the file system of a path. */
export interface DiskSpace {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

export interface DiskMonitorOptions {
  readonly paths: readonly string[];
  /** The part in use from which on a disk counts as full: 0 means always, 1 never. */
  readonly capacityThreshold: number;
  /** Looks at the file system of a path; undefined when it cannot be read. */
  readonly statDisk: (path: string) => DiskSpace | undefined;
}

/** Ray's default threshold. */
export const DEFAULT_CAPACITY_THRESHOLD = 0.95;

/**
 * Ray looks every 100 ms in the background and answers from memory. Here `statDisk` is asked each time: looking costs
 * microseconds, and only creates that found no memory ask. Whose `statDisk` is slow remembers what it said.
 */
export class DiskMonitor {
  readonly #options: DiskMonitorOptions;

  constructor(options: DiskMonitorOptions) {
    this.#options = options;
  }

  /** Whether any of the disks is too full. One that cannot be read is not: the write to it will tell. */
  overCapacity(): boolean {
    const { paths, capacityThreshold } = this.#options;
    // As in Ray this comes first: where there is no disk, none is full, whatever the threshold.
    if (paths.length === 0) return false;
    if (capacityThreshold <= 0) return true;
    if (capacityThreshold >= 1) return false;
    return paths.some((path) => this.#isOver(path));
  }

  #isOver(path: string): boolean {
    const space = this.#options.statDisk(path);
    if (space === undefined) return false;
    if (space.capacityBytes === 0) return true;
    return 1 - space.availableBytes / space.capacityBytes >= this.#options.capacityThreshold;
  }
}
