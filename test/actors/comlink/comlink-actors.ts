/** Actors that tests call by comlink. */
import { defineActors } from '../../../src/actors/runtime/task-registry.ts';
import type { ObjectRef } from '../../../src/index.ts';
import type { Sealed } from '../../../src/state/value-format.ts';

export class Ledger {
  readonly total = 0;
  #sum = 0;

  add(amount: number): number {
    this.#sum += amount;
    return this.#sum;
  }

  sum(values: Float64Array): number {
    return values.reduce((total, value) => total + value, 0);
  }

  ones(length: number): Float64Array {
    return new Float64Array(length).fill(1);
  }

  async nested({ ref }: { readonly ref: ObjectRef<Float64Array> }): Promise<number> {
    const values: Sealed<Float64Array> = await ref.get();
    ref.release();
    return values.length;
  }

  fail(): number {
    throw new RangeError('out of it', { cause: new TypeError('the reason') });
  }

  async later(milliseconds: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return 'late';
  }

  /** Views of arguments and results keep their objects until they are collected. */
  collect(): void {
    globalThis.gc?.();
  }

  exit(): void {
    process.exit();
  }

  call(callback: (value: number) => void): void {
    callback(1);
  }
}
defineActors(import.meta.url, { Ledger });
