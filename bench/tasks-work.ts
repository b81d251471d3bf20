/** What the benchmarks of tasks run, on Plasmoid's workers and on piscina's. */
import { defineTasks } from '../src/index.ts';

/** Bytes between two that are read: what is measured is the way of the array, and not its use. */
const STEP_BYTES = 64 * 1024;

export function nothing(): void {}

/** Reads a bit here and there. */
export function touch(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += STEP_BYTES / 8) sum += values[index] ?? 0;
  return sum;
}

/** Computes for so many microseconds. */
export function compute(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

export const tasks = defineTasks(import.meta.url, {
  nothing: () => nothing(),
  touch: (values: Float64Array) => touch(values),
  compute: (microseconds: number) => compute(microseconds),
});
