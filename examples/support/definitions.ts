/** WordNet's definitions as something to learn from: which kind of thing do these words define? */
import { readSenses, wordsOf } from './wordnet.ts';

/** Definitions in an order without meaning, so that any part of them is like the whole. */
export interface Definitions {
  /** Where the words of each definition begin; one more than there are definitions. */
  readonly starts: Int32Array;
  readonly words: Int32Array;
  /** The right answers. */
  readonly kinds: Uint8Array;
  readonly vocabulary: number;
  readonly texts: readonly string[];
}

/** Rarer words teach nothing. */
const LEAST_USES = 4;
/** A prime: stepping by it visits every definition once. */
const STRIDE = 7919;

export function readDefinitions(most: number): Definitions {
  const all = readSenses();
  const senses = all.map((_, index) => all[(index * STRIDE) % all.length]!).slice(0, most);
  const uses = new Map<string, number>();
  const bags = senses.map(({ definition }) => [...new Set(wordsOf(definition))]);
  for (const word of bags.flat()) uses.set(word, (uses.get(word) ?? 0) + 1);
  const known = [...uses].filter(([, count]) => count >= LEAST_USES);
  const indexes = new Map(known.map(([word], index) => [word, index]));
  const starts = [0];
  const words: number[] = [];
  for (const bag of bags) {
    words.push(...bag.flatMap((word) => indexes.get(word) ?? []));
    starts.push(words.length);
  }
  return {
    starts: Int32Array.from(starts),
    words: Int32Array.from(words),
    kinds: Uint8Array.from(senses, ({ kind }) => kind),
    vocabulary: known.length,
    texts: senses.map((sense) => `${sense.words[0]}: ${sense.definition}`),
  };
}
