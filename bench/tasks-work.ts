/** What the benchmarks of the runtime run: on Plasmoid's workers, on piscina's, and behind comlink. */
import { defineActors, defineTasks } from '../src/index.ts';

/** Bytes between two that are read: each page once. */
const PAGE_BYTES = 4096;

export function nothing(): void {}

/** Reads a bit of each page. */
export function touch(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += PAGE_BYTES / 8) sum += values[index] ?? 0;
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

export class Counter {
  #value = 0;

  add(amount: number): number {
    this.#value += amount;
    return this.#value;
  }
}
defineActors(import.meta.url, { Counter });
