/**
 * The allocator alone, on one thread and without memory behind it: what a block costs, and how full an arena stays
 * usable. The traces and their sizes are those of `allocator-trace.ts`.
 */

import {
  type AllocatorTrace,
  allocatorTraces,
  measurePairCost,
  measureSustainedFraction,
  type PairCost,
  type SustainedFraction,
  seededRandom,
} from './allocator-trace.ts';
import type { Row, Scale, Subject } from './harness.ts';

const PAIRS = { full: 300_000, quick: 100_000 };
/** Allocations made at each fraction that is tried, after the arena was filled. */
const ALLOCATIONS = { full: 50_000, quick: 20_000 };
/** What a sustained fraction is measured with costs seconds and varies little, so few seeds are enough. */
const SEEDS = { full: 5, quick: 1 };

/** Figures of one measurement, each a subject of one row: the work is done once per round. */
function subjectsOf<Measured>(
  measure: (seed: number, scale: Scale) => Measured,
  figures: readonly (readonly [name: string, read: (measured: Measured) => number])[],
): Subject[] {
  const done = new Map<number, Measured>();
  return figures.map(([name, read]) => ({
    name,
    setUp: (scale) => {
      let seed = 0;
      return {
        round: () => {
          seed++;
          const measured = done.get(seed) ?? measure(seed, scale);
          done.set(seed, measured);
          return read(measured);
        },
      };
    },
  }));
}

/** Nanoseconds for one block given back and one taken. The random numbers are drawn before. */
function pairRow(trace: AllocatorTrace): Row {
  return {
    name: `allocator: malloc + free, ${trace.name}`,
    unit: 'ns/pair',
    subjects: subjectsOf<PairCost>(
      (seed, scale) => measurePairCost(trace, seededRandom(seed), scale.quick ? PAIRS.quick : PAIRS.full),
      [
        ['a random block dies, a new size is born', ({ randomPair }) => randomPair],
        ['a block is born and dies at once', ({ sameSizePair }) => sameSizePair],
      ],
    ),
  };
}

/**
 * The part of an arena that could be alive all the time without one failed allocation, while blocks picked at random die
 * and new ones are born: the largest target, in steps of a hundredth, that a whole run sustains. Counted as handed out
 * (rounding included) and as asked for; their ratio is the loss by rounding.
 */
function fractionRow(trace: AllocatorTrace): Row {
  return {
    name: `allocator: sustained live fraction, ${trace.name}`,
    unit: 'fraction',
    subjects: subjectsOf<SustainedFraction>(
      (round, scale) => {
        const seeds = scale.quick ? SEEDS.quick : SEEDS.full;
        const allocations = scale.quick ? ALLOCATIONS.quick : ALLOCATIONS.full;
        return sustained(trace, 1 + (round % seeds), allocations);
      },
      [
        ['live, as handed out', ({ allocated }) => allocated],
        ['live, as asked for', ({ requested }) => requested],
      ],
    ),
  };
}

const sustainedBySeed = new Map<string, SustainedFraction>();

/** A seed always gives the same fraction, so it is worked out once. */
function sustained(trace: AllocatorTrace, seed: number, allocations: number): SustainedFraction {
  const key = `${trace.name}/${seed}/${allocations}`;
  const known = sustainedBySeed.get(key) ?? measureSustainedFraction(trace, seed, allocations);
  sustainedBySeed.set(key, known);
  return known;
}

export const rows: readonly Row[] = [...allocatorTraces.map(pairRow), ...allocatorTraces.map(fractionRow)];
