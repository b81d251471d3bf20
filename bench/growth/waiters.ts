/** How cost grows with the number of gets that wait for one object: from the step that settles them until all have it. */

import { ObjectId, type SealedView, Store } from '../../src/index.ts';
import type { Row } from '../harness.ts';
import { makeSource } from '../store-loops.ts';
import { counted, curveRow } from './curve.ts';

type View = SealedView<Float64Array<ArrayBuffer>>;

const POINTS = [1, 10, 100, 1_000];
const BYTES = 1024;
const SAMPLES = { full: 20, quick: 5 };

/** Gets by this id, known to the actor. */
async function waitTogether(store: Store, id: ObjectId, count: number): Promise<Promise<unknown[]>[]> {
  const gets = Promise.all(Array.from({ length: count }, () => store.get<View>(id)));
  const { waitingGets } = await store.stats();
  if (waitingGets !== count) throw new Error(`${waitingGets} gets wait, not ${count}`);
  // In a list: a promise that is returned from an asynchronous function is waited for.
  return [gets];
}

/** Makes some wait, and settles them; microseconds for each of them, of the settling. */
type Settle = (store: Store, count: number) => Promise<number>;

async function timeSettling(settle: () => { release(): void }, gets: Promise<unknown[]>[], count: number) {
  const startMs = performance.now();
  const ref = settle();
  await Promise.all(gets);
  const elapsedMs = performance.now() - startMs;
  ref.release();
  return (elapsedMs * 1000) / count;
}

/** They wait for an id under which nobody has created anything yet. */
const notCreated: Settle = async (store, count) => {
  const id = ObjectId.fromRandom();
  const source = makeSource(BYTES);
  const gets = await waitTogether(store, id, count);
  return timeSettling(() => store.putSync(source, { id }), gets, count);
};

/** They wait for an object that is being written. */
const notSealed: Settle = async (store, count) => {
  const id = ObjectId.fromRandom();
  const slot = store.createSync(BYTES, { id, as: 'Float64Array' });
  slot.view.fill(1);
  const gets = await waitTogether(store, id, count);
  return timeSettling(() => slot.seal(), gets, count);
};

function waiterRow(what: string, settle: Settle): Row {
  return curveRow({
    name: `growth: gets that wait for ${what}`,
    unit: 'µs/waiter',
    axis: 'gets that wait',
    points: POINTS,
    quickPoints: POINTS,
    nameOf: counted('waiter'),
    flat: { point: 1_000, from: 100, times: 1.5 },
    setUp: async (count, scale) => {
      const store = await Store.create({ memory: '64MiB', populateAhead: 0 });
      const samples = scale.quick ? SAMPLES.quick : SAMPLES.full;
      return {
        round: async () => {
          const measured: number[] = [];
          for (let sample = 0; sample < samples; sample++) measured.push(await settle(store, count));
          return measured;
        },
        tearDown: () => store.close(),
      };
    },
  });
}

export const rows: readonly Row[] = [
  waiterRow('an object not created yet', notCreated),
  waiterRow('an object not sealed yet', notSealed),
];
