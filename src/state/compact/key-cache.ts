/** The encoded keys of objects that were written lately: most values of a program look alike. */

interface KnownKeys {
  readonly keys: readonly string[];
  readonly bytes: Uint8Array;
}

/** A power of two. */
const PLACES = 64;

export class KeyCache {
  readonly #known: (KnownKeys | undefined)[] = new Array(PLACES).fill(undefined);

  find(keys: readonly string[]): Uint8Array | undefined {
    const known = this.#known[placeOf(keys)];
    return known !== undefined && areSame(known.keys, keys) ? known.bytes : undefined;
  }

  keep(keys: readonly string[], bytes: Uint8Array): void {
    this.#known[placeOf(keys)] = { keys, bytes: new Uint8Array(bytes) };
  }
}

export function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
}

function placeOf(keys: readonly string[]): number {
  const first = keys[0] ?? '';
  const last = keys[keys.length - 1] ?? '';
  const mixed = first.length * 7 + last.length * 13 + first.charCodeAt(0) * 31 + last.charCodeAt(0) * 5;
  return (mixed + keys.length) & (PLACES - 1);
}
