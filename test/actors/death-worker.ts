/**
 * A worker that does everything a client can do, in a random order from its seed, and counts its steps in shared memory,
 * so that it can be killed at any of them. At the step it is told it ends itself in the way it is told.
 */
import { workerData } from 'node:worker_threads';
import { OutOfDiskError, Store } from '../../src/index.ts';
import { randomFrom } from '../support/random.ts';

/** How a worker dies. */
export const ENDINGS = ['terminate', 'exit', 'throw', 'heap'] as const;
export type Ending = (typeof ENDINGS)[number];

const KEPT_MAX = 20;
const SIZE_LOG2_MAX = 21;

if (workerData?.steps !== undefined) await live();

async function live(): Promise<void> {
  const { steps, lastStep, ending, seed, token } = workerData;
  const random = randomFrom(seed);
  const store = Store.connectSync(workerData.store);
  const common = store.ref<Uint8Array>(token);
  const kept: unknown[] = [];
  const step = (): void => {
    const number = Atomics.add(steps, 0, 1) + 1;
    Atomics.notify(steps, 0);
    if (number >= lastStep && ending !== 'terminate') endNow(ending);
  };
  const size = (): number => Math.floor(2 ** (random() * SIZE_LOG2_MAX));

  const actions: (() => void | Promise<void>)[] = [
    () => void kept.push(store.putSync(new Uint8Array(size()))),
    () => void kept.push(store.getSync(common)),
    () => void kept.splice(0, KEPT_MAX / 2),
    async () => void kept.push(await store.put(new Uint8Array(size()))),
    async () => void (await store.stats()),
    () => {
      const slot = store.createSync(size());
      step();
      slot.bytes.fill(1);
      step();
      const choice = random();
      if (choice < 0.4) kept.push(slot.seal());
      else if (choice < 0.7) slot.abort();
      else kept.push(slot);
    },
    () => {
      const ref = store.putSync(new Float64Array(100));
      const view = ref.getSync();
      step();
      store.release(view);
      ref.release();
    },
    async () => {
      const bytes = size();
      const creating = Array.from({ length: 8 }, () => store.create(bytes));
      step();
      kept.push(...(await Promise.all(creating)));
    },
    () => {
      const ref = store.putSync(new Uint8Array(size()));
      kept.push(ref.getSync());
      store.delete(ref);
    },
  ];
  for (;;) {
    step();
    try {
      await actions[Math.floor(random() * actions.length)]?.();
    } catch (error) {
      // Full of what this worker itself keeps, or of what others do.
      if (!(error instanceof OutOfDiskError)) throw error;
      kept.length = 0;
    }
    if (kept.length > KEPT_MAX) kept.splice(0, KEPT_MAX / 2);
  }
}

function endNow(ending: Ending): void {
  if (ending === 'exit') process.exit(7);
  if (ending === 'throw') throw new Error('the end of this worker');
  // In small pieces: one step past the limit that is too large ends the process instead of the thread.
  let hoard: unknown;
  for (;;) hoard = { hoard };
}
