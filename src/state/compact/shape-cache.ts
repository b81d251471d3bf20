/** The keys of objects that were read lately, by the bytes in which they came: most values of a program look alike. */

interface KnownShape {
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
}

/** A power of two. */
const PLACES = 64;

export class ShapeCache {
  readonly #known: (KnownShape | undefined)[] = new Array(PLACES).fill(undefined);

  /** The keys that lie in `length` bytes from `start` on. */
  find(memory: Uint8Array, start: number, length: number): readonly string[] | undefined {
    const known = this.#known[placeOf(memory, start, length)];
    if (known === undefined || known.bytes.length !== length) return undefined;
    const { bytes } = known;
    for (let index = 0; index < length; index++) if (bytes[index] !== memory[start + index]) return undefined;
    return known.keys;
  }

  keep(memory: Uint8Array, start: number, length: number, keys: readonly string[]): void {
    const bytes = new Uint8Array(memory.subarray(start, start + length));
    this.#known[placeOf(memory, start, length)] = { bytes, keys };
  }
}

/** Told apart by a few of the bytes: all are compared anyway. */
function placeOf(memory: Uint8Array, start: number, length: number): number {
  const middle = memory[start + (length >> 1)]!;
  const last = memory[start + length - 1]!;
  return (length * 7 + middle * 31 + last * 5 + memory[start]!) & (PLACES - 1);
}
