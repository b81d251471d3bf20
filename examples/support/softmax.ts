/** Softmax regression on bags of words: each word votes for each kind of thing, with a weight that is learned. */
import { KINDS } from './wordnet.ts';

const WIDTH = KINDS.length;

/** The votes of the words of one definition, as probabilities. */
export function vote(weights: Float32Array, words: Int32Array): Float64Array {
  const votes = new Float64Array(WIDTH);
  for (const word of words)
    for (let kind = 0; kind < WIDTH; kind++) votes[kind]! += weights[word * WIDTH + kind]!;
  const most = votes.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let kind = 0; kind < WIDTH; kind++) {
    votes[kind] = Math.exp(votes[kind]! - most);
    sum += votes[kind]!;
  }
  return votes.map((value) => value / sum);
}

type Range = readonly [first: number, last: number];

/** How the loss over the definitions from `first` to `last` grows with each weight. */
export function gradient(
  weights: Float32Array,
  starts: Int32Array,
  words: Int32Array,
  kinds: Uint8Array,
  [first, last]: Range,
): Float32Array {
  const slope = new Float32Array(weights.length);
  for (let at = first; at < last; at++) {
    const bag = words.subarray(starts[at], starts[at + 1]);
    const error = vote(weights, bag);
    error[kinds[at]!]! -= 1;
    for (const word of bag)
      for (let kind = 0; kind < WIDTH; kind++) slope[word * WIDTH + kind]! += error[kind]! / (last - first);
  }
  return slope;
}

/** The part of the definitions whose kind gets the most votes. */
export function accuracy(
  weights: Float32Array,
  starts: Int32Array,
  words: Int32Array,
  kinds: Uint8Array,
  [first, last]: Range,
): number {
  let right = 0;
  for (let at = first; at < last; at++) {
    const votes = vote(weights, words.subarray(starts[at], starts[at + 1]));
    if (votes.indexOf(Math.max(...votes)) === kinds[at]) right++;
  }
  return right / (last - first);
}
