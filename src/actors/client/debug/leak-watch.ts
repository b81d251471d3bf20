/**
 * Refs and slots of one thread that nobody gave back: collected by the garbage collector, or still there when the thread
 * leaves the store. Safe, but the memory comes back late: debug mode names the lines that made them.
 */

import type { Leak } from '../../../state/events.ts';

type Entry = { -readonly [Key in keyof Leak]: Leak[Key] };

export class LeakWatch {
  readonly #entries = new Map<string, Entry>();
  readonly #owned = new WeakMap<object, Entry>();
  readonly #registry = new FinalizationRegistry<Entry>((entry) => {
    entry.held--;
    entry.collected++;
  });

  /** A ref or slot has come into the user's hands. */
  made(object: object, what: Leak['what'], callSite: string): void {
    const key = `${what} ${callSite}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { what, callSite, collected: 0, held: 0 };
      this.#entries.set(key, entry);
    }
    entry.held++;
    this.#owned.set(object, entry);
    this.#registry.register(object, entry, object);
  }

  /** It was released, sealed or aborted. */
  givenBack(object: object): void {
    const entry = this.#owned.get(object);
    if (entry === undefined) return;
    this.#owned.delete(object);
    this.#registry.unregister(object);
    entry.held--;
  }

  /** What was not given back so far, the most frequent first. */
  leaks(): Leak[] {
    const leaks = [...this.#entries.values()].filter(({ collected, held }) => collected + held > 0);
    return leaks
      .map((entry) => ({ ...entry }))
      .sort((one, other) => other.collected + other.held - one.collected - one.held);
  }
}

/** One line for each. */
export function describeLeaks(leaks: readonly Leak[]): string {
  const lines = leaks.map(({ what, callSite, collected, held }) => {
    const found = [
      ...(collected > 0 ? [`${collected} left to the garbage collector`] : []),
      ...(held > 0 ? [`${held} still held`] : []),
    ];
    return `  ${what}s made by ${callSite === '' ? 'Plasmoid itself' : callSite}: ${found.join(', ')}`;
  });
  return lines.join('\n');
}
