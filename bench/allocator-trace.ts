/**
 * Allocation traces for the allocator: what a malloc and free pair costs, and how full an arena can be kept for long.
 *
 * Pure functions of a trace and a source of random numbers. Nothing is printed; whoever calls them reports.
 */

import { Allocator } from '../src/pools/allocator/allocator.ts';
import { roundToClass } from '../src/pools/allocator/size-class.ts';

/** Numbers from 0 up to but not including 1. */
export type Random = () => number;

const UNIT = 64;
const KIB = 1024 / UNIT;
const MIB = 1024 * KIB;

/** A kind of load: the arena it runs in and the sizes it asks for. */
export interface AllocatorTrace {
  readonly name: string;
  readonly capacityUnits: number;
  /** How many blocks live at once while pairs are timed. */
  readonly liveBlocks: number;
  /** The next size to ask for, in units. */
  readonly nextUnits: (random: Random) => number;
}

/** What a pair cost, in nanoseconds. */
export interface PairCost {
  /** Free a block picked at random, allocate one of a new random size. */
  readonly randomPair: number;
  /** Allocate a block and free it at once, the same size many times over. */
  readonly sameSizePair: number;
}

/** How full an arena was kept without one failure, as parts of its capacity. */
export interface SustainedFraction {
  /** The fraction aimed at: blocks died only when the next one would have gone beyond it. */
  readonly target: number;
  /** Live units as handed out, rounding included; mean over the run. */
  readonly allocated: number;
  /** Live units as asked for, rounding excluded; mean over the run. */
  readonly requested: number;
}

/** A source of random numbers that gives the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sizes from 64 bytes to 4 MiB, every order of magnitude equally often. */
export const logUniformTrace: AllocatorTrace = {
  name: 'log-uniform 64 B to 4 MiB',
  capacityUnits: 1024 * MIB,
  liveBlocks: 1000,
  nextUnits: (random) => Math.ceil(2 ** (random() * 16)),
};

/** One size only, and so many blocks that their records do not stay in the processor's caches. */
export const fixedTrace: AllocatorTrace = {
  name: 'fixed 1 KiB, 200 000 live',
  capacityUnits: 256 * MIB,
  liveBlocks: 200_000,
  nextUnits: () => KIB,
};

/** Small, middle and large objects, as many bytes of each in the long run. */
export const mixTrace: AllocatorTrace = {
  name: '1 KiB + 64 KiB + 1 MiB',
  capacityUnits: 1024 * MIB,
  liveBlocks: 5000,
  nextUnits: (random) => {
    const pick = random();
    if (pick < 1 / 1089) return MIB;
    return pick < 65 / 1089 ? 64 * KIB : KIB;
  },
};

/** Frames of nearly equal size (6.2 MiB, 3 % up or down), each with a few small descriptors. */
export const framesTrace: AllocatorTrace = {
  name: '6.2 MiB frames + 256 B',
  capacityUnits: 1024 * MIB,
  liveBlocks: 400,
  nextUnits: (random) =>
    random() < 0.25 ? Math.round(6.2 * MIB * (0.97 + 0.06 * random())) : Math.ceil(256 / UNIT),
};

/** Every size from 64 bytes to 64 KiB equally often. */
export const uniformTrace: AllocatorTrace = {
  name: 'uniform 64 B to 64 KiB',
  capacityUnits: 1024 * MIB,
  liveBlocks: 20_000,
  nextUnits: (random) => 1 + Math.floor(random() * 64 * KIB),
};

/** All traces. */
export const allocatorTraces: readonly AllocatorTrace[] = [
  logUniformTrace,
  fixedTrace,
  mixTrace,
  framesTrace,
  uniformTrace,
];

/** Times malloc and free pairs. Random numbers are drawn beforehand, so that their cost is not counted. */
export function measurePairCost(trace: AllocatorTrace, random: Random, pairs = 1_000_000): PairCost {
  const allocator = Allocator.open({ capacityUnits: trace.capacityUnits });
  const live = new Int32Array(trace.liveBlocks);
  for (let index = 0; index < live.length; index++)
    live[index] = allocate(allocator, trace.nextUnits(random));
  const sizes = new Uint32Array(pairs);
  const victims = new Uint32Array(pairs);
  for (let pair = 0; pair < pairs; pair++) {
    sizes[pair] = trace.nextUnits(random);
    victims[pair] = Math.floor(random() * live.length);
  }
  replaceAtRandom(allocator, live, sizes.subarray(0, pairs >>> 3), victims);
  const start = performance.now();
  replaceAtRandom(allocator, live, sizes, victims);
  const afterRandom = performance.now();
  for (let pair = 0; pair < pairs; pair++) allocator.free(allocate(allocator, sizes[pair >>> 8]!));
  const afterSame = performance.now();
  return {
    randomPair: ((afterRandom - start) * 1e6) / pairs,
    sameSizePair: ((afterSame - afterRandom) * 1e6) / pairs,
  };
}

function replaceAtRandom(allocator: Allocator, live: Int32Array, sizes: Uint32Array, victims: Uint32Array) {
  for (let pair = 0; pair < sizes.length; pair++) {
    const victim = victims[pair]!;
    allocator.free(live[victim]!);
    live[victim] = allocate(allocator, sizes[pair]!);
  }
}

function allocate(allocator: Allocator, units: number): number {
  const block = allocator.allocate(units);
  if (block === -1) throw new Error(`the trace needs more than ${allocator.capacityUnits} units`);
  return block;
}

/** The largest target, in steps of 1 %, that a whole run sustains without a failed allocation. */
export function measureSustainedFraction(
  trace: AllocatorTrace,
  seed: number,
  allocations = 200_000,
): SustainedFraction {
  let sustained: SustainedFraction = { target: 0, allocated: 0, requested: 0 };
  let low = 0;
  let high = 101;
  while (high - low > 1) {
    const percent = (low + high) >>> 1;
    const result = churn(trace, seededRandom(seed), percent / 100, allocations);
    if (result === undefined) {
      high = percent;
    } else {
      low = percent;
      sustained = result;
    }
  }
  return sustained;
}

/**
 * Fills the arena up to `target` of its capacity, then makes that many more allocations, for which blocks picked at
 * random die. Returns nothing when an allocation failed.
 */
export function churn(
  trace: AllocatorTrace,
  random: Random,
  target: number,
  allocations: number,
): SustainedFraction | undefined {
  const allocator = Allocator.open({ capacityUnits: trace.capacityUnits });
  const limit = target * trace.capacityUnits;
  const live: { block: number; units: number }[] = [];
  let requested = 0;
  let requestedSum = 0;
  let allocatedSum = 0;
  let done = 0;
  for (let full = false; done < allocations; ) {
    const units = trace.nextUnits(random);
    while (live.length > 0 && allocator.allocatedUnits + roundToClass(units) > limit) {
      full = true;
      const victim = Math.floor(random() * live.length);
      const dead = live[victim]!;
      live[victim] = live[live.length - 1]!;
      live.pop();
      allocator.free(dead.block);
      requested -= dead.units;
    }
    const block = allocator.allocate(units);
    if (block === -1) return undefined;
    live.push({ block, units });
    requested += units;
    if (!full) continue;
    requestedSum += requested;
    allocatedSum += allocator.allocatedUnits;
    done++;
  }
  const divisor = allocations * trace.capacityUnits;
  return { target, allocated: allocatedSum / divisor, requested: requestedSum / divisor };
}
