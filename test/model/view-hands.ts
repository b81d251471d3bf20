/** The views that one thread has, and the bytes that they must show for as long as they are there. */
import * as assert from 'uvu/assert';
import { pattern, type Seen } from './action.ts';

interface Watched {
  readonly view: Uint8Array;
  readonly bytes: Uint8Array;
}

export class ViewHands {
  readonly #views = new Map<number, Watched>();

  /** From now on it must show its object. */
  watch({ view: key, object, size }: Seen, value: unknown): void {
    assert.instance(value, Uint8Array);
    if (value instanceof Uint8Array) this.#views.set(key, { view: value, bytes: pattern(object, size) });
  }

  watchAll(seen: readonly Seen[], values: readonly unknown[]): void {
    assert.is(values.length, seen.length);
    for (const [index, one] of seen.entries()) this.watch(one, values[index]);
  }

  /** The view, which is not looked at any more. */
  take(key: number): Uint8Array | undefined {
    const view = this.#views.get(key)?.view;
    this.#views.delete(key);
    return view;
  }

  wrong(): string[] {
    return [...this.#views].flatMap(([key, { view, bytes }]) => {
      if (Buffer.compare(view, bytes) === 0) return [];
      const first = bytes.findIndex((byte, index) => byte !== view[index]);
      return [`view ${key}: ${view.length} of ${bytes.length} bytes, wrong from ${first}`];
    });
  }

  /** All of them, which are not looked at any more. */
  takeAll(): [number, Uint8Array][] {
    const all = [...this.#views].map(([key, { view }]): [number, Uint8Array] => [key, view]);
    this.#views.clear();
    return all;
  }
}
