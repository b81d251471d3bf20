/** Bounds: what nothing can beat, beside Plasmoid. Copies have theirs in `copy.ts`, rings in `channel.ts`. */
import type { Store } from '../../src/index.ts';
import type { Row, Run, Subject } from '../harness.ts';
import { type Loop, makeSource, SYNC_LOOPS, timeBatches, touch } from '../store-loops.ts';
import { openStore } from '../store-runs.ts';
import { single, subject } from './calls.ts';
import { openHandOff } from './hand-off.ts';
import { LeasedBlocks } from './leased-block.ts';
import { plasmoid, plasmoidActor } from './plasmoid.ts';
import { tasks } from './plasmoid-tasks.ts';

const TRIPS = { spin: 1000, sleep: 50 };
const SAMPLES = { full: 40, quick: 10 };

function handOff(name: string, mode: 'spin' | 'sleep'): Subject {
  return {
    name,
    setUp: (scale) => openHandOff(mode, TRIPS[mode], scale.quick ? SAMPLES.quick : SAMPLES.full),
  };
}

const handOffRow: Row = {
  name: 'peers: one hand-over to another thread and back',
  unit: 'µs',
  subjects: [
    subject('Plasmoid actor call, awaited', plasmoidActor, single),
    subject(
      'Plasmoid task, getSync',
      plasmoid(1, (runtime) => () => Promise.resolve(runtime.submit(tasks.nothing, []).getSync())),
      single,
    ),
    handOff('bound: a word in C++, both spin', 'spin'),
    handOff('bound: a word in C++, both sleep', 'sleep'),
  ],
};

interface BlockSize {
  readonly name: string;
  readonly bytes: number;
  readonly count: number;
  /** How near Plasmoid comes to the bound. */
  readonly times: number;
}

const BLOCK_SIZES: readonly BlockSize[] = [
  { name: '1 KiB', bytes: 1024, count: 1024, times: 0.5 },
  { name: '1 MiB', bytes: 2 ** 20, count: 16, times: 0.77 },
];

/** Blocks in a stock, of which one is in use at a time. */
const BLOCKS = 8;

interface Opened {
  readonly loop: Loop;
  readonly end?: () => Promise<void>;
}

/** The memory of both is a pool of Plasmoid's, so that their pages are alike. */
async function openBlocks(bytes: number): Promise<Opened> {
  const store = await openStore();
  const slot = await store.create(BLOCKS * bytes);
  const { buffer, byteOffset, byteLength } = slot.bytes;
  if (byteOffset !== 0 || byteLength !== buffer.byteLength) throw new Error('The slot is not a whole window');
  const blocks = new LeasedBlocks(buffer, bytes);
  const source = makeSource(bytes);
  const { length } = source;
  const loop = (count: number): void => {
    for (let index = 0; index < count; index++) {
      const block = blocks.put(source);
      touch(blocks.get(block, length));
      blocks.release(block);
    }
  };
  return {
    loop,
    end: async () => {
      slot.abort();
      await store.close();
    },
  };
}

function openPlasmoid(loop: 'cycle' | 'cycleCopied'): (bytes: number) => Promise<Opened> {
  return async (bytes) => {
    const store: Store = await openStore();
    return { loop: SYNC_LOOPS[loop](store, bytes), end: () => store.close() };
  };
}

/** Memory of this thread's own, not even copied into. */
function openFresh(bytes: number): Opened {
  return {
    loop: (count) => {
      for (let index = 0; index < count; index++) touch(new Float64Array(bytes / 8));
    },
  };
}

function blockSubject(
  name: string,
  size: BlockSize,
  open: (bytes: number) => Opened | Promise<Opened>,
): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const { loop, end } = await open(size.bytes);
      const batches = { samples: scale.quick ? SAMPLES.quick : SAMPLES.full, count: size.count };
      await timeBatches(loop, batches);
      return { round: () => timeBatches(loop, batches), ...(end === undefined ? {} : { tearDown: end }) };
    },
  };
}

const PROTOTYPE = 'bound: blocks without a store';

function blockRow(size: BlockSize): Row {
  return {
    name: `peers: put + get + release on one thread, ${size.name}`,
    unit: 'µs',
    subjects: [
      blockSubject('Plasmoid, sync', size, openPlasmoid('cycle')),
      blockSubject('Plasmoid, sync, read by getInto', size, openPlasmoid('cycleCopied')),
      blockSubject(PROTOTYPE, size, openBlocks),
      blockSubject('new Float64Array(n)', size, openFresh),
    ],
    claims: [
      {
        subject: 'Plasmoid, sync',
        orElse: ['Plasmoid, sync, read by getInto'],
        against: [PROTOTYPE],
        times: size.times,
      },
    ],
  };
}

export const boundRows: readonly Row[] = [handOffRow, ...BLOCK_SIZES.map(blockRow)];
