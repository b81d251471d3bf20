/** Tasks and actors that tests of the runtime run. */
import { setImmediate as turn } from 'node:timers/promises';
import {
  currentTask,
  defineActors,
  defineErrors,
  defineTasks,
  type ObjectRef,
  Runtime,
} from '../../../src/index.ts';

export class SampleError extends Error {
  override readonly name = 'SampleError';
  readonly detail: number;

  constructor(detail: number, options?: ErrorOptions) {
    super(`sample ${detail}`, options);
    this.detail = detail;
  }
}
defineErrors(import.meta.url, { SampleError });

/** Of this thread: how often a task was begun. */
let begun = 0;

export const tasks = defineTasks(import.meta.url, {
  nothing(): void {},
  add(one: number, other: number): number {
    return one + other;
  },
  echo(value: unknown): unknown {
    return value;
  },
  sum(values: Float64Array): number {
    let total = 0;
    for (const value of values) total += value;
    return total;
  },
  ones(length: number): Float64Array {
    return new Float64Array(length).fill(1);
  },
  /** Whether the bytes lie in shared memory that refuses to be written by its type only. */
  firstOf(values: { readonly parts: readonly Float64Array[] }): number[] {
    return values.parts.map((part) => part[0] ?? -1);
  },
  async readRef(holder: { readonly ref: ObjectRef<Float64Array> }): Promise<number> {
    return (await holder.ref.get())[0] ?? -1;
  },
  fail(detail: number): never {
    throw new SampleError(detail, { cause: new RangeError('out of it') });
  },
  failPlainly(): never {
    throw 'no error at all';
  },
  unsendable(): unknown {
    return { inner: () => 1 };
  },
  failUntil(times: number): number {
    begun++;
    if (begun < times) throw new SampleError(begun);
    const result = begun;
    begun = 0;
    return result;
  },
  *count(end: number): Generator<number, void, void> {
    for (let value = 0; value < end; value++) yield value;
  },
  async *arrays(count: number, length: number): AsyncGenerator<Float64Array, void, void> {
    for (let value = 0; value < count; value++) yield new Float64Array(length).fill(value);
  },
  *countThenFail(end: number): Generator<number, void, void> {
    for (let value = 0; value < end; value++) yield value;
    throw new SampleError(end);
  },
  /** Gives its item when the caller wants it no more. */
  async *tooLate(): AsyncGenerator<number, void, void> {
    const { signal } = currentTask()!;
    while (!signal.aborted) await turn();
    yield 0;
  },
  /** Ends when the caller wants it no more; says so to a latch. */
  async untilCancelled(latch: string): Promise<void> {
    const { signal } = currentTask()!;
    const told = await Runtime.current().actor<Latch>(latch);
    await told.open('begun');
    while (!signal.aborted) await turn();
    await told.open('cancelled');
  },
  /** As above, without a turn of the event loop. */
  spinUntilCancelled(latch: string): void {
    const context = currentTask()!;
    const runtime = Runtime.current();
    runtime.submit(tasks.openLatch, [latch, 'begun'], { resources: { CPU: 0 } });
    for (;;) context.throwIfCancelled();
  },
  async openLatch(latch: string, what: string): Promise<void> {
    await (await Runtime.current().actor<Latch>(latch)).open(what);
  },
  /** Ends when both have come; says which worker it was. */
  async meet(latch: string, self: string, other: string): Promise<string> {
    const { worker } = currentTask()!;
    const told = await Runtime.current().actor<Latch>(latch);
    await told.open(self);
    await told.opened(other);
    return worker;
  },
  async callLater(latch: string): Promise<number> {
    await Runtime.current().actor<Latch>(latch);
    return Runtime.current().submit(tasks.add, [1, 2]);
  },
  async waitFor(latch: string, what: string): Promise<void> {
    await (await Runtime.current().actor<Latch>(latch)).opened(what);
  },
});

const kept: Float64Array[] = [];

/** Tasks that say which worker runs them. */
export const where = defineTasks(import.meta.url, {
  am(): string {
    return currentTask()?.worker ?? '';
  },
  /** Keeps its worker until there are so many of them. */
  async untilWorkers(count: number): Promise<string> {
    const { worker } = currentTask()!;
    while ((await Runtime.current().stats()).workers < count) await turn();
    return worker;
  },
  reads(array: Float64Array): string {
    // As a cache of its own would.
    kept.push(array);
    return currentTask()?.worker ?? '';
  },
});

/** What has happened, for those who wait for it. */
export class Latch {
  readonly #open = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #order: string[] = [];

  open(what: string): void {
    this.#open.add(what);
    this.#order.push(what);
    for (const tell of this.#waiting.get(what) ?? []) tell();
    this.#waiting.delete(what);
  }

  opened(what: string): Promise<void> {
    if (this.#open.has(what)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(what, [...(this.#waiting.get(what) ?? []), resolve]);
    });
  }

  order(): string[] {
    return this.#order;
  }
}

/** Says where it lives. */
export class Place {
  worker(): string {
    return currentTask()?.worker ?? '';
  }
}

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
defineActors(import.meta.url, { Place, Counter, Latch });
