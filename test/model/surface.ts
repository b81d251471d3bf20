/** Which public methods were called: those that the model does not know would otherwise be left out for good. */
import {
  Channel,
  type ChannelReader,
  type ChannelWriter,
  ObjectRef,
  Store,
  WritableSlot,
} from '../../src/index.ts';

/** Not public, though the prototypes have them: marked `@internal` in the sources. */
const INTERNAL: Readonly<Record<string, readonly string[]>> = {
  Store: ['idOf', 'chosenId'],
  ObjectRef: ['assertHeld'],
  WritableSlot: ['open'],
};

type Key = string | symbol;

/** Counts the calls of all public methods and accessors of the package's classes on this thread, from now on. */
export class Surface {
  readonly #counts = new Map<string, number>();
  readonly #restores: (() => void)[] = [];

  constructor(reader: ChannelReader, writer: ChannelWriter) {
    const ends: readonly [string, object][] = [
      ['ChannelReader', Object.getPrototypeOf(reader)],
      ['ChannelWriter', Object.getPrototypeOf(writer)],
    ];
    const classes: readonly [string, object][] = [
      ['Store', Store.prototype],
      ['Store', Store],
      ['ObjectRef', ObjectRef.prototype],
      ['WritableSlot', WritableSlot.prototype],
      ['Channel', Channel.prototype],
      ['Channel', Channel],
      ...ends,
    ];
    for (const [name, target] of classes) this.#watch(name, target);
  }

  /** What nobody has called. */
  get unused(): string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([name]) => name);
  }

  restore(): void {
    for (const restore of this.#restores) restore();
  }

  #watch(className: string, target: object): void {
    for (const key of Reflect.ownKeys(target)) {
      const before = Object.getOwnPropertyDescriptor(target, key);
      const isOwn =
        key === 'constructor' || key === 'prototype' || INTERNAL[className]?.includes(String(key));
      if (isOwn || before === undefined) continue;
      const watched = this.#watched(before, `${className}.${nameOf(key)}`);
      if (watched === undefined) continue;
      Object.defineProperty(target, key, watched);
      this.#restores.push(() => Object.defineProperty(target, key, before));
    }
  }

  /** The same member, counted; undefined for what cannot be called. */
  #watched(before: PropertyDescriptor, name: string): PropertyDescriptor | undefined {
    const { value, get } = before;
    const original: unknown = value ?? get;
    if (typeof original !== 'function') return undefined;
    const counts = this.#counts;
    counts.set(name, 0);
    const counted = function (this: unknown, ...given: readonly unknown[]): unknown {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return Reflect.apply(original, this, given);
    };
    return get === undefined ? { ...before, value: counted } : { ...before, get: counted as () => unknown };
  }
}

function nameOf(key: Key): string {
  return typeof key === 'string' ? key : `[${key.description ?? ''}]`;
}
