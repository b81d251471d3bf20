/** English as a graph: an edge leads from each word to the words of its definitions. */
import { readSenses, wordsOf } from './wordnet.ts';

/** Edges are kept at the word that they lead to. */
export interface WordGraph {
  readonly words: readonly string[];
  /** Where the edges into a word begin; one more than there are words. */
  readonly starts: Int32Array;
  /** The words that they come from. */
  readonly sources: Int32Array;
  /** How many edges leave a word. */
  readonly degrees: Int32Array;
  /** What kind of thing the word is. */
  readonly kinds: Uint8Array;
}

/** Words of more definitions than this, like "of", hold the language together but mean nothing here. */
const FAMILIAR = 2500;

export function readGraph(mostSenses: number): WordGraph {
  const senses = readSenses().filter((_, index, all) => index % Math.ceil(all.length / mostSenses) === 0);
  const indexes = new Map<string, number>();
  const kinds: number[] = [];
  const uses = new Map<string, number>();
  for (const { words, kind, definition } of senses) {
    for (const word of new Set(wordsOf(definition))) uses.set(word, (uses.get(word) ?? 0) + 1);
    for (const word of words) {
      if (!/^[a-z]{2,}$/.test(word) || indexes.has(word)) continue;
      indexes.set(word, indexes.size);
      kinds.push(kind);
    }
  }
  const into: Set<number>[] = Array.from({ length: indexes.size }, () => new Set());
  const degrees = new Int32Array(indexes.size);
  const connect = (from: number, to: number): void => {
    if (!into[to]!.has(from)) degrees[from]! += 1;
    into[to]!.add(from);
  };
  for (const { words, definition } of senses) {
    const used = wordsOf(definition).filter((word) => uses.get(word)! <= FAMILIAR && indexes.has(word));
    for (const word of words) {
      const from = indexes.get(word);
      if (from !== undefined) for (const other of used) connect(from, indexes.get(other)!);
    }
  }
  // Whose definition leads nowhere leads to itself: so no rank is ever lost.
  for (let word = 0; word < degrees.length; word++) if (degrees[word] === 0) connect(word, word);
  const starts = new Int32Array(indexes.size + 1);
  into.forEach((from, word) => {
    starts[word + 1] = starts[word]! + from.size;
  });
  const sources = Int32Array.from(into.flatMap((from) => [...from]));
  return { words: [...indexes.keys()], starts, sources, degrees, kinds: Uint8Array.from(kinds) };
}
