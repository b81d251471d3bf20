/** Who dies when and how: a plan made from a seed alone, before anything runs. */
import { ObjectId } from '../../src/index.ts';

/** What a worker does with its life (`death-worker.ts`). */
export const SCRIPTS = [
  /** Everything a client can do, in a random order. */
  'mixed',
  /** Small puts that leave a stock in hand. */
  'stock',
  /** More requests than the rings hold. */
  'flood',
  /** Connects and leaves, again and again. */
  'connecting',
  /** Waits in a synchronous call for memory. */
  'blocked',
  /** Waits in its event loop for memory, many times over. */
  'waiting',
  /** Copies values that are larger than memory. */
  'big',
  /** Reads what main writes into a channel, and has channels of its own. */
  'channel',
  /** Makes objects that outlive it, and waits with a time limit for the memory that they take. */
  'cache',
] as const;
export type Script = (typeof SCRIPTS)[number];

/** How it ends. */
export const ENDINGS = [
  /** It stops itself between two steps and is terminated there. */
  'gate',
  /** It is terminated when it reaches a step, and runs on meanwhile. */
  'step',
  /** It is terminated at some moment, perhaps before it has connected. */
  'moment',
  /** It is terminated when shared memory shows that it is in the middle of what its script is about. */
  'middle',
  'exit',
  'throw',
  'heap',
] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Life {
  readonly script: Script;
  readonly ending: Ending;
  readonly seed: number;
  readonly lastStep: number;
  readonly momentMs: number;
}

/** Words shared by a worker and whoever terminates it. */
export const WORD = Object.freeze({ STEPS: 0, GATE: 1, CLIENT: 2, IN_CALL: 3, COUNT: 4 });

/** Objects that outlive their makers; each has one of these names. */
export const CACHED = 40;

export function cachedId(number: number): ObjectId {
  return ObjectId.fromHex(String(number).padStart(56, '7'));
}

/** Lives of one after the other, without a pause between. */
export type Lane = readonly Life[];

const STEPS_MAX = 120;
const MOMENT_MAX_MS = 150;
const LANES_MAX = 3;
const LANE_LENGTH_MAX = 3;

/** Parts of all lives. */
const SCRIPT_PARTS: readonly [Script, number][] = [
  ['mixed', 50],
  ['stock', 10],
  ['flood', 8],
  ['connecting', 10],
  ['blocked', 8],
  ['waiting', 8],
  ['big', 6],
  ['channel', 20],
  ['cache', 15],
];
/** Running out of heap takes longest, so it is rare. */
const ENDING_PARTS: readonly [Ending, number][] = [
  ['gate', 28],
  ['step', 32],
  ['moment', 12],
  ['exit', 12],
  ['throw', 12],
  ['heap', 4],
];

function choose<T>(random: () => number, parts: readonly (readonly [T, number])[]): T {
  let left = random() * parts.reduce((sum, [, part]) => sum + part, 0);
  for (const [value, part] of parts) {
    left -= part;
    if (left < 0) return value;
  }
  throw new RangeError('no part is left');
}

function planLife(random: () => number): Life {
  const script = choose(random, SCRIPT_PARTS);
  const ending = choose(random, ENDING_PARTS);
  const forced = script === 'blocked' || script === 'waiting' || script === 'big';
  return {
    script,
    // A step comes before or after what these are about; in the middle is where it hurts.
    ending: forced ? 'middle' : ending,
    seed: Math.floor(random() * 2 ** 31),
    lastStep: 1 + Math.floor(random() * STEPS_MAX),
    momentMs: random() * MOMENT_MAX_MS,
  };
}

/** Groups of lanes that run beside each other; after each group the store must be as before. */
export function planDeaths(random: () => number, deaths: number): readonly (readonly Lane[])[] {
  const groups: Lane[][] = [];
  for (let left = deaths; left > 0; ) {
    // Every other group is one death, looked at alone.
    const alone = random() < 0.5;
    const lanes = alone ? 1 : 1 + Math.floor(random() * LANES_MAX);
    const group: Lane[] = [];
    for (let lane = 0; lane < lanes && left > 0; lane++) {
      const length = Math.min(left, alone ? 1 : 1 + Math.floor(random() * LANE_LENGTH_MAX));
      group.push(Array.from({ length }, () => planLife(random)));
      left -= length;
    }
    groups.push(group);
  }
  return groups;
}
