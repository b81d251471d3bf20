/** The arithmetic of the examples. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Partition } from '../../examples/pagerank/partition.ts';
import { STAGES } from '../../examples/stream/stages.ts';
import { countBrightness, differenceHash, sobel } from '../../examples/support/pixels.ts';
import { accuracy, gradient, vote } from '../../examples/support/softmax.ts';
import { HEIGHT, WIDTH } from '../../examples/support/us-map.ts';
import { KINDS } from '../../examples/support/wordnet.ts';

/** A ring with chords: every word leads somewhere. */
function ring(words: number): {
  starts: Int32Array;
  sources: Int32Array;
  degrees: Int32Array;
  kinds: Uint8Array;
} {
  const into: number[][] = Array.from({ length: words }, () => []);
  const degrees = new Int32Array(words);
  for (let word = 0; word < words; word++) {
    for (const target of new Set([(word + 1) % words, (word * 7 + 3) % words])) {
      into[target]?.push(word);
      degrees[word]! += 1;
    }
  }
  const starts = new Int32Array(words + 1);
  into.forEach((sources, word) => {
    starts[word + 1] = starts[word]! + sources.length;
  });
  const kinds = Uint8Array.from({ length: words }, (_, word) => word % KINDS.length);
  return { starts, sources: Int32Array.from(into.flat()), degrees, kinds };
}

function rankInParts(words: number, parts: number, rounds: number): number[] {
  const { starts, sources, degrees, kinds } = ring(words);
  const partitions = Array.from(
    { length: parts },
    (_, part) => new Partition(starts, sources, degrees, kinds, part, parts),
  );
  let shares = partitions.map((partition) => partition.step());
  for (let round = 0; round < rounds; round++) shares = partitions.map((one) => one.step(...shares));
  return Array.from({ length: words * KINDS.length }, (_, at) => {
    const word = Math.floor(at / KINDS.length);
    const row = Math.floor(word / parts) * KINDS.length;
    return shares[word % parts]![row + (at % KINDS.length)]! * degrees[word]!;
  });
}

test('ranks of each kind sum to one, and are the same in however many parts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: KINDS.length, max: 200 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 6 }),
      (words, parts, rounds) => {
        const ranks = rankInParts(words, parts, rounds);
        for (let kind = 0; kind < KINDS.length; kind++) {
          let sum = 0;
          for (let word = 0; word < words; word++) sum += ranks[word * KINDS.length + kind]!;
          assert.ok(Math.abs(sum - 1) < 1e-4, `kind ${kind} sums to ${sum}`);
        }
        assert.equal(ranks, rankInParts(words, 1, rounds));
      },
    ),
    { numRuns: 20 },
  );
});

const STARTS = Int32Array.of(0, 2, 3, 5);
const WORDS = Int32Array.of(0, 1, 1, 0, 2);
const ANSWERS = Uint8Array.of(4, 7, 0);
const ALL: readonly [number, number] = [0, 3];

function loss(weights: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < 3; at++)
    sum -= Math.log(vote(weights, WORDS.subarray(STARTS[at], STARTS[at + 1]))[ANSWERS[at]!]!);
  return sum / 3;
}

test('the gradient is how the loss changes, and following it learns', () => {
  const weights = Float32Array.from({ length: 3 * KINDS.length }, (_, index) => Math.sin(index));
  const slope = gradient(weights, STARTS, WORDS, ANSWERS, ALL);
  const small = 2 ** -7;
  slope.forEach((expected, index) => {
    const [more, less] = [weights.slice(), weights.slice()];
    more[index]! += small;
    less[index]! -= small;
    const measured = (loss(more) - loss(less)) / (more[index]! - less[index]!);
    assert.ok(Math.abs(measured - expected) < 1e-4, `${index}: ${measured} for ${expected}`);
  });
  for (let round = 0; round < 200; round++)
    gradient(weights, STARTS, WORDS, ANSWERS, ALL).forEach((value, index) => {
      weights[index]! -= value;
    });
  assert.is(accuracy(weights, STARTS, WORDS, ANSWERS, ALL), 1);
});

test('edges are where the brightness changes', () => {
  const size = { width: 8, height: 5 };
  const half = Uint8Array.from({ length: 3 * 40 }, (_, index) => (Math.floor(index / 3) % 8 < 4 ? 0 : 200));
  const found = sobel(half, size);
  for (let x = 1; x < 7; x++) assert.is(found[3 * (2 * 8 + x)]! > 0, x === 3 || x === 4, `at ${x}`);
});

test('brightness is counted by colour', () => {
  const counts = countBrightness(Uint8Array.of(1, 2, 3, 1, 2, 4));
  assert.equal([counts[0]?.[1], counts[1]?.[2], counts[2]?.[3], counts[2]?.[4]], [2, 2, 1, 1]);
});

test('the fingerprint tells rising from falling brightness', () => {
  const rising = Uint8Array.from({ length: 72 }, (_, index) => index % 9);
  assert.is(differenceHash(rising), 2n ** 64n - 1n);
  assert.is(differenceHash(rising.map((value) => 9 - value)), 0n);
});

test('flights are cut into hours, and late ones show on the map', () => {
  const maps: Float32Array[] = [];
  const hours: Float32Array[] = [];
  const toMaps = STAGES.maps?.((map) => maps.push(map));
  const toHours = STAGES.hours?.((hour) => {
    hours.push(hour);
    toMaps?.(hour);
  });
  // Minute, airport, delay; the airport of the second is unknown.
  toHours?.(Float32Array.of(5, 0, 90, 59, -1, 10, 61, 0, 90, 130, 0, 90));
  assert.equal(
    hours.map((hour) => [...hour]),
    [
      [0, 0, 90],
      [1, 0, 90],
    ],
  );
  assert.is(maps[1]?.length, 1 + WIDTH * HEIGHT);
  const most = (map: Float32Array | undefined): number =>
    Math.max(...[...(map ?? []).slice(1)].filter((value) => !Number.isNaN(value)));
  assert.ok(most(maps[0]) > 20 && most(maps[1]) > most(maps[0]));
});

test.run();
