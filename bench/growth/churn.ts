/**
 * A worker's part of a churn: objects of mixed sizes are put and got, die at random and are seen by views that live for a
 * random time; some refs and some views are forgotten, and left to the collector. Where what is free has no piece that is large
 * enough, one of the living dies for it.
 */

import { type ObjectRef, ObjectStoreFullError, type SealedView, type Store } from '../../src/index.ts';
import { seededRandom } from '../allocator-trace.ts';

/** What a worker churns with. */
export interface ChurnPlan {
  readonly seed: number;
  /** Bytes of the objects that it keeps alive. */
  readonly liveBytes: number;
  /** The part of the refs, and of the views, that is forgotten and not released. */
  readonly forgottenPart: number;
}

/** When the parts of a step ended, in milliseconds, and what it was about. */
export interface Step {
  startMs: number;
  putMs: number;
  gotMs: number;
  bytes: number;
}

const LEAST_BYTES = 64;
export const MOST_BYTES = 2 ** 20;
/** A view is held for so many steps in the mean. */
const HELD_VIEWS = 32;

interface Living {
  readonly ref: ObjectRef<Uint8Array<ArrayBuffer>>;
  readonly bytes: number;
}

export class Churn {
  readonly #store: Store;
  readonly #plan: ChurnPlan;
  readonly #random: () => number;
  readonly #source = new Uint8Array(MOST_BYTES).fill(1);
  readonly #living: Living[] = [];
  readonly #views: (SealedView<Uint8Array<ArrayBuffer>> | undefined)[] = new Array(HELD_VIEWS).fill(
    undefined,
  );
  #liveBytes = 0;
  #refusals = 0;
  /** Sums what is read, so that it is read. */
  #sum = 0;

  constructor(store: Store, plan: ChurnPlan) {
    this.#store = store;
    this.#plan = plan;
    this.#random = seededRandom(plan.seed);
  }

  get objectCount(): number {
    return this.#living.length;
  }

  /** Puts for which there was no room, although less lived than the memory has. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Puts until as much lives as shall live. */
  fill(): void {
    const step: Step = { startMs: 0, putMs: 0, gotMs: 0, bytes: 0 };
    while (this.#liveBytes < this.#plan.liveBytes * 0.99) this.step(step);
  }

  /** Puts and gets one object, timed, and lets others go. */
  step(step: Step): void {
    // Every order of magnitude equally often.
    const bytes = Math.round(LEAST_BYTES * (MOST_BYTES / LEAST_BYTES) ** this.#random());
    const value = this.#source.subarray(0, bytes);
    step.bytes = bytes;
    step.startMs = performance.now();
    const ref = this.#put(value);
    step.putMs = performance.now();
    const view = this.#store.getSync(ref);
    this.#sum += view[0]! + view[bytes - 1]!;
    step.gotMs = performance.now();
    this.#living.push({ ref, bytes });
    this.#liveBytes += bytes;
    this.#hold(view);
    while (this.#liveBytes > this.#plan.liveBytes) this.#kill();
  }

  /** Lets go of everything. */
  end(): void {
    for (const { ref } of this.#living) ref.release();
    this.#living.length = 0;
    for (const view of this.#views) if (view !== undefined) this.#store.release(view);
    this.#views.length = 0;
  }

  #put(value: Uint8Array<ArrayBuffer>): Living['ref'] {
    for (;;) {
      try {
        return this.#store.putSync(value);
      } catch (error) {
        if (!(error instanceof ObjectStoreFullError) || this.#living.length === 0) throw error;
        this.#refusals++;
        this.#kill();
      }
    }
  }

  #kill(): void {
    const index = Math.floor(this.#random() * this.#living.length);
    const victim = this.#living[index];
    const last = this.#living.pop();
    if (victim === undefined || last === undefined) return;
    if (victim !== last) this.#living[index] = last;
    this.#liveBytes -= victim.bytes;
    if (!this.#forgets()) victim.ref.release();
  }

  /** In the place of a random view that was held until now. */
  #hold(view: SealedView<Uint8Array<ArrayBuffer>>): void {
    const index = Math.floor(this.#random() * this.#views.length);
    const before = this.#views[index];
    if (before !== undefined && !this.#forgets()) this.#store.release(before);
    this.#views[index] = view;
  }

  #forgets(): boolean {
    return this.#random() < this.#plan.forgottenPart;
  }
}
