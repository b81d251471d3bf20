/** Tasks and actors that tests of the runtime run. */
import { defineActors, defineErrors, defineTasks } from '../../../src/actors/runtime/task-registry.ts';

export class SampleError extends Error {
  override readonly name = 'SampleError';
  readonly detail: number;

  constructor(detail: number, options?: ErrorOptions) {
    super(`sample ${detail}`, options);
    this.detail = detail;
  }
}
defineErrors(import.meta.url, { SampleError });

export const tasks = defineTasks(import.meta.url, {
  nothing(): void {},
  add(one: number, other: number): number {
    return one + other;
  },
  sum(values: Float64Array): number {
    let total = 0;
    for (const value of values) total += value;
    return total;
  },
  async later(value: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return value;
  },
  ones(length: number): Float64Array {
    return new Float64Array(length).fill(1);
  },
  fail(detail: number): never {
    throw new SampleError(detail, { cause: new RangeError('out of it') });
  },
  *count(end: number): Generator<number, void, void> {
    for (let value = 0; value < end; value++) yield value;
  },
});

export class Counter {
  #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  add(amount: number): number {
    this.#value += amount;
    return this.#value;
  }
}
defineActors(import.meta.url, { Counter });
