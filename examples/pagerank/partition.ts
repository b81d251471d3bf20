/** PageRank of some of the words, once for each kind of thing: whoever surfs for animals starts anew at an animal. */
import { defineActors } from '../../src/index.ts';
import { KINDS } from '../support/wordnet.ts';

const DAMPING = 0.85;

/**
 * Holds every so many-th word, so that all parts have about as much to do. Its answer is a row for each of its words, with a
 * number per kind: what the word gives to each of the words that it leads to.
 */
export class Partition {
  readonly #graph: {
    readonly starts: Int32Array;
    readonly sources: Int32Array;
    readonly degrees: Int32Array;
  };
  readonly #kinds: Uint8Array;
  readonly #part: number;
  readonly #parts: number;
  readonly #members = new Float64Array(KINDS.length);

  constructor(
    starts: Int32Array,
    sources: Int32Array,
    degrees: Int32Array,
    kinds: Uint8Array,
    part: number,
    parts: number,
  ) {
    this.#graph = { starts, sources, degrees };
    this.#kinds = kinds;
    this.#part = part;
    this.#parts = parts;
    for (const kind of kinds) this.#members[kind]! += 1;
  }

  /** One round: takes what all partitions gave, or nothing at the start. */
  step(...shares: Float32Array[]): Float32Array {
    const { starts, sources, degrees } = this.#graph;
    const [parts, width] = [this.#parts, KINDS.length];
    const given = new Float32Array(Math.ceil((degrees.length - this.#part) / parts) * width);
    const sums = new Float64Array(width);
    for (let word = this.#part, row = 0; word < degrees.length; word += parts, row += width) {
      sums.fill(0);
      for (let edge = starts[word]!; shares.length > 0 && edge < starts[word + 1]!; edge++) {
        const source = sources[edge]!;
        const from = shares[source % parts]!;
        const at = Math.floor(source / parts) * width;
        for (let kind = 0; kind < width; kind++) sums[kind]! += from[at + kind]!;
      }
      const kind = this.#kinds[word]!;
      sums[kind]! += (shares.length > 0 ? 1 / DAMPING - 1 : 1 / DAMPING) / this.#members[kind]!;
      for (let kind = 0; kind < width; kind++) given[row + kind] = (DAMPING * sums[kind]!) / degrees[word]!;
    }
    return given;
  }
}

defineActors(import.meta.url, { Partition });
