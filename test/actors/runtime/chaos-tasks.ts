/** Tasks that do their work, and tasks that end their worker in one way or another. */
import { appendFileSync, existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { defineTasks, Runtime } from '../../../src/index.ts';

/** Never settled: the worker ends first. */
const never = (): Promise<never> => new Promise(() => {});

export const chaos = defineTasks(import.meta.url, {
  add(one: number, other: number): number {
    return one + other;
  },
  async addLater(one: number, other: number): Promise<number> {
    await turn();
    return one + other;
  },
  /** Big arrays both ways. */
  double(values: Float64Array): Float64Array {
    return values.map((value) => value * 2);
  },
  async addNested(one: number, other: number): Promise<number> {
    const runtime = Runtime.current();
    const doubled = runtime.submit(chaos.double, [new Float64Array(4_000).fill(one)]);
    const [first, rest] = await Promise.all([doubled, runtime.submit(chaos.add, [0, other])]);
    return (first[3_999] ?? Number.NaN) / 2 + rest;
  },
  addBlocking(one: number, other: number): number {
    return Runtime.current().submit(chaos.add, [one, other]).getSync();
  },
  /** Leaves a line in a file for each time that it begins. */
  counted(file: string, line: number): number {
    appendFileSync(file, `${line}\n`);
    return line;
  },
  /** With a pause, so that each worker gets one of many. */
  async collect(): Promise<void> {
    globalThis.gc?.();
    await turn();
  },
  never,
  async *endless(): AsyncGenerator<number, void, void> {
    await never();
    yield 1;
  },
  /** Blocks its thread until a file is there. */
  block(begun: string, gate: string): void {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    appendFileSync(begun, 'begun');
    while (!existsSync(gate)) Atomics.wait(sleeper, 0, 0, 1);
  },
  exit(): void {
    process.exit(3);
  },
  exitCounted(file: string, line: number): void {
    appendFileSync(file, `${line}\n`);
    process.exit(3);
  },
  /** Calls others, and is gone while they run. */
  callThenExit(count: number): Promise<never> {
    const runtime = Runtime.current();
    for (let call = 0; call < count; call++) runtime.submit(chaos.double, [new Float64Array(100_000)]);
    // Its calls are sent first.
    setTimeout(() => process.exit(3), 2);
    return never();
  },
  throwInTimer(): Promise<never> {
    setTimeout(() => {
      throw new Error('thrown in a timer');
    });
    return never();
  },
  exhaust(): void {
    const hoard: unknown[] = [];
    for (;;) hoard.push(Array.from({ length: 1_000 }, (_, index) => ({ index })));
  },
  /** Big results, and then the end of their worker. */
  *itemsThenExit(count: number): Generator<number, void, void> {
    for (let item = 0; item < count; item++) yield item;
    process.exit(3);
  },
  bigThenExit(length: number): Float64Array {
    setImmediate(() => process.exit(3));
    return new Float64Array(length).fill(1);
  },
});

/** For streams: their items are on the way when the generator has ended and its worker has collected its garbage. */
export const fleeting = defineTasks(import.meta.url, {
  *items(count: number, length: number, file: string): Generator<Float64Array, void, void> {
    for (let item = 0; item < count; item++) yield new Float64Array(length).fill(item);
    const collectAndTell = (turns: number): void => {
      globalThis.gc?.();
      if (turns > 0) setImmediate(collectAndTell, turns - 1);
      else appendFileSync(file, 'collected');
    };
    setImmediate(collectAndTell, 5);
  },
});
