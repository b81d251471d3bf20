/**
 * Values from the main thread to a worker, which reads the first and the last element and answers; the main thread still
 * has its own value afterwards. One at a time, both sides awake.
 */
import { Store } from '../../src/index.ts';
import type { Row, Run, Subject } from '../harness.ts';
import { makeSource, timeBatches } from '../store-loops.ts';
import { Answerer, POOL_BYTES, SIZES, type Size } from '../store-runs.ts';
import type { Delivery } from '../store-worker.ts';
import type { Peer } from './calls.ts';
import { openComlink } from './comlink.ts';
import { PISCINA_SINGLE, piscinaPeer } from './piscina.ts';
import { openRuntime } from './plasmoid.ts';
import { tasks } from './plasmoid-tasks.ts';
import { openRpc } from './rpc-peer.ts';

type Source = Float64Array<ArrayBuffer>;

/** One source for all subjects of a size; each process measures one. */
const sources = new Map<number, Source>();

function sourceOf(bytes: number): Source {
  const source = sources.get(bytes) ?? makeSource(bytes);
  sources.set(bytes, source);
  return source;
}

/** How a value gets to a worker. */
const WAYS: Readonly<Record<string, (source: Source) => Peer | Promise<Peer>>> = {
  'Plasmoid task, by ref': async (source) => {
    const runtime = await openRuntime(1);
    const ref = await runtime.store.put(source);
    return { call: () => runtime.submit(tasks.ends, [ref]), end: () => runtime.close() };
  },
  'Plasmoid task, the value as argument': async (source) => {
    const runtime = await openRuntime(1);
    return { call: () => runtime.submit(tasks.ends, [source]), end: () => runtime.close() };
  },
  'Plasmoid task, put and by ref': async (source) => {
    const runtime = await openRuntime(1);
    return {
      call: async () => {
        const ref = await runtime.store.put(source);
        await runtime.submit(tasks.ends, [ref]);
        ref.release();
      },
      end: () => runtime.close(),
    };
  },
  'Plasmoid store without runtime, token posted': async (source) => {
    const store = await Store.create({ memory: POOL_BYTES, populateAhead: 0 });
    const worker = new Answerer({ task: 'receive', handle: store.handle });
    return {
      call: async () => {
        const ref = await store.put(source);
        await worker.ask({ token: ref.token } satisfies Delivery);
        ref.release();
      },
      end: async () => {
        await worker.end();
        await store.close();
      },
    };
  },
  'structured clone posted': (source) => {
    const { caller, end } = openRpc();
    return { call: () => caller.call('ends', source), end };
  },
  'copy transferred': (source) => {
    const { caller, end } = openRpc();
    return {
      call: () => {
        const copy = source.slice();
        return caller.callWith([copy.buffer], 'ends', copy);
      },
      end,
    };
  },
  piscina: async (source) => {
    const pool = await piscinaPeer(PISCINA_SINGLE).open(1);
    return { call: () => pool.run('ends', source), end: () => pool.end() };
  },
  comlink: async (source) => {
    const { counter, end } = await openComlink();
    return { call: () => counter.ends(source), end };
  },
  'without a store: a SharedArrayBuffer posted': (source) => {
    const { caller, end } = openRpc();
    const shared = new Float64Array(new SharedArrayBuffer(source.byteLength));
    shared.set(source);
    return { call: () => caller.call('ends', shared), end };
  },
};

/** Those that hand over a copy of a value that the sender keeps. */
const COPIES = ['structured clone posted', 'copy transferred', 'piscina', 'comlink'];

/** Other ways to hand over a value that is another one for each call. */
const ANEW = ['Plasmoid task, put and by ref', 'Plasmoid store without runtime, token posted'];

/** Calls before the first round: as many for each subject, few where each takes long. */
function warmUpCalls(size: Size): number {
  return size.counts.delivery * 20;
}

function valueSubject(name: string, size: Size, open: (source: Source) => Peer | Promise<Peer>): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const { call, end } = await open(sourceOf(size.bytes));
      const loop = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index++) await call();
      };
      if (size.counts.delivery > 1) await loop(warmUpCalls(size));
      const isLong = size.counts.delivery === 1;
      const samples = scale.quick ? (isLong ? 1 : 5) : size.samples.full;
      return {
        round: () => timeBatches(loop, { samples, count: size.counts.delivery }),
        tearDown: end,
      };
    },
  };
}

export const valueRows: readonly Row[] = SIZES.map((size) => ({
  name: `peers: a value to a worker and back, ${size.name}`,
  unit: 'µs',
  subjects: Object.entries(WAYS).map(([name, open]) => valueSubject(name, size, open)),
  claims: [
    { subject: 'Plasmoid task, by ref', against: COPIES, times: 1 },
    { subject: 'Plasmoid task, the value as argument', orElse: ANEW, against: COPIES, times: 1 },
  ],
}));
