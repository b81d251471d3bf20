/** A worker of the allocator's test: takes blocks and gives them back beside other threads, and marks whose each unit is. */
import { parentPort, workerData } from 'node:worker_threads';
import { Allocator, type AllocatorHandle } from '../../../src/pools/allocator/allocator.ts';
import { randomFrom } from '../../support/random.ts';

/** What such a worker is told. */
export interface SharedOrder {
  readonly allocator: AllocatorHandle;
  /** One word a unit: who has it, or 0. */
  readonly owners: Int32Array<SharedArrayBuffer>;
  readonly me: number;
  readonly seed: number;
  readonly steps: number;
  /** Counted up by each worker; all begin when it is this high. */
  readonly ready: Int32Array<SharedArrayBuffer>;
  readonly workers: number;
}

/** What it has seen. */
export interface SharedReport {
  readonly taken: number;
  readonly refused: number;
  /** Units that somebody else had as well. */
  readonly conflicts: number;
  readonly left: number[];
}

const KEPT_MAX = 60;

function run({ allocator: handle, owners, me, seed, steps, ready, workers }: SharedOrder): SharedReport {
  const allocator = new Allocator(handle);
  const random = randomFrom(seed + me);
  const kept: number[] = [];
  let [taken, refused, conflicts] = [0, 0, 0];
  const mark = (block: number, from: number, to: number): void => {
    const start = allocator.offsetOf(block);
    const end = start + allocator.unitsOf(block);
    for (let unit = start; unit < end; unit++) {
      if (Atomics.compareExchange(owners, unit, from, to) !== from) conflicts++;
    }
  };
  Atomics.add(ready, 0, 1);
  while (Atomics.load(ready, 0) < workers);
  for (let step = 0; step < steps; step++) {
    if (kept.length < KEPT_MAX && random() < 0.6) {
      const block = allocator.allocate(Math.ceil(2 ** (random() * 8)));
      if (block === -1) {
        refused++;
      } else {
        taken++;
        mark(block, 0, me);
        kept.push(block);
      }
    } else if (kept.length > 0) {
      const [block = 0] = kept.splice(Math.floor(random() * kept.length), 1);
      mark(block, me, 0);
      allocator.free(block);
    }
    if (random() < 0.001) allocator.flushCache();
  }
  return { taken, refused, conflicts, left: kept };
}

if (workerData?.allocator !== undefined) parentPort?.postMessage(run(workerData));
