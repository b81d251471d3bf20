/** Softmax regression on bags of words: each word votes for each kind of thing, with a weight that is learned. */
import { KINDS } from './wordnet.ts';

const WIDTH = KINDS.length;

/** The votes of the words of one definition, as probabilities. They are put into `votes`: millions of arrays cost more than sums. */
export function vote(
  weights: Float32Array,
  words: Int32Array,
  votes: Float64Array = new Float64Array(WIDTH),
): Float64Array {
  votes.fill(0);
  for (let at = 0; at < words.length; at++) {
    const row = words[at]! * WIDTH;
    for (let kind = 0; kind < WIDTH; kind++) votes[kind]! += weights[row + kind]!;
  }
  let most = Number.NEGATIVE_INFINITY;
  for (let kind = 0; kind < WIDTH; kind++) most = Math.max(most, votes[kind]!);
  let sum = 0;
  for (let kind = 0; kind < WIDTH; kind++) {
    votes[kind] = Math.exp(votes[kind]! - most);
    sum += votes[kind]!;
  }
  for (let kind = 0; kind < WIDTH; kind++) votes[kind]! /= sum;
  return votes;
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
  const error = new Float64Array(WIDTH);
  for (let definition = first; definition < last; definition++) {
    const bag = words.subarray(starts[definition], starts[definition + 1]);
    vote(weights, bag, error);
    error[kinds[definition]!]! -= 1;
    for (let at = 0; at < bag.length; at++) {
      const row = bag[at]! * WIDTH;
      for (let kind = 0; kind < WIDTH; kind++) slope[row + kind]! += error[kind]! / (last - first);
    }
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
  const votes = new Float64Array(WIDTH);
  for (let at = first; at < last; at++) {
    vote(weights, words.subarray(starts[at], starts[at + 1]), votes);
    if (votes.indexOf(Math.max(...votes)) === kinds[at]) right++;
  }
  return right / (last - first);
}
