/** Where figures were measured. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import process from 'node:process';

/** A machine and a Node, as far as figures depend on them. */
export interface Environment {
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly v8: string;
}

export function thisEnvironment(): Environment {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}, ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}
