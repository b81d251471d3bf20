/** Actors for tests of their lives. */
import { appendFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { type ActorHandle, currentTask, defineActors, defineTasks, Runtime } from '../../../src/index.ts';
import { SampleError } from './sample-tasks.ts';

/** Notes what it is asked for, in its order. */
export class Journal {
  readonly #lines: string[] = [];
  #running = 0;
  #most = 0;
  readonly #gates = new Map<string, () => void>();

  note(line: string): number {
    return this.#lines.push(line);
  }

  /** A large answer to a small call. */
  page(length: number): string {
    return 'x'.repeat(length);
  }

  lines(): string[] {
    return this.#lines;
  }

  *numbered(from: number): Generator<string, void, void> {
    for (const [index, line] of this.#lines.entries()) yield `${from + index} ${line}`;
  }

  /** Gives what was noted, and what will be, as long as the caller wants it. */
  async *follow(): AsyncGenerator<string, void, void> {
    const { signal } = currentTask()!;
    for (let index = 0; !signal.aborted; )
      if (index < this.#lines.length) yield this.#lines[index++]!;
      else await turn();
  }

  /** Goes on when the gate is opened. */
  async wait(gate: string): Promise<string> {
    this.#running++;
    this.#most = Math.max(this.#most, this.#running);
    await new Promise<void>((resolve) => this.#gates.set(gate, resolve));
    this.#running--;
    return gate;
  }

  waiting(): number {
    return this.#gates.size;
  }

  open(gate: string): boolean {
    const open = this.#gates.get(gate);
    this.#gates.delete(gate);
    open?.();
    return open !== undefined;
  }

  most(): number {
    return this.#most;
  }

  exit(): void {
    process.exit(3);
  }

  never(): Promise<never> {
    return new Promise(() => {});
  }

  fail(): never {
    throw new RangeError('a method failed');
  }
}

/** Tells a file of its end. */
export class Mortal implements Disposable {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  note(line: string): void {
    appendFileSync(this.#file, `${line}\n`);
  }

  [Symbol.dispose](): void {
    appendFileSync(this.#file, 'disposed\n');
  }
}

export class Stillborn {
  constructor(reason: string) {
    throw new SampleError(1, { cause: new RangeError(reason) });
  }

  method(): void {}
}
defineActors(import.meta.url, { Journal, Mortal, Stillborn });

export const callers = defineTasks(import.meta.url, {
  async noteThrough(holder: { readonly journal: ActorHandle<Journal> }, line: string): Promise<number> {
    return await holder.journal.note(line);
  },
  async noteMany(name: string, caller: string, count: number): Promise<void> {
    const journal = await Runtime.current().actor<Journal>(name);
    const calls = Array.from({ length: count }, (_, index) => journal.note(`${caller}.${index}`));
    await Promise.all(calls);
  },
  fail(): never {
    throw new RangeError('an argument failed');
  },
});
