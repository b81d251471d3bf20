/**
 * Sleeping and waking of a runtime's threads, in shared memory (`src/state/runtime/thread-layout.ts`).
 *
 * `SYNC thread-sleep`: a sleeper says how it sleeps, then looks for work once more; who has published work looks whether
 * it sleeps afterwards. Both are sequentially consistent, so at least one of them sees the other.
 */
import { OutOfResourceError } from '../../state/errors.ts';
import { WORD_BYTES } from '../../state/ring-layout.ts';
import {
  MAX_THREADS,
  THREAD,
  THREAD_BOARD_BYTES,
  THREAD_PARKING,
} from '../../state/runtime/thread-layout.ts';
import { AdaptiveSpin } from '../adaptive-spin.ts';
import { type BridgeBell, bridge } from '../bridge.ts';
import type { SharedWords } from '../ring/ring.ts';

/**
 * Two event loops that answer each other: while both sleep by turns, each sleeps for two wake-ups, and only a spin longer than
 * one of them, which may take 80 µs, ever meets the other awake. But the system may have put both on one processor, where
 * whoever spins keeps the other from running: longest spins that are in vain several times end it for a while.
 */
const BOTH_ASLEEP = { mostLoads: 20_000, shortSleepMs: 0.6, restMs: 2, vainSpins: 3 };

/** Memory for a new board. */
export function createThreadBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(THREAD_BOARD_BYTES);
}

/** Any thread's view of the board. */
export class ThreadBoard {
  readonly words: SharedWords;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer, 0, (MAX_THREADS * THREAD.WORDS * WORD_BYTES) / WORD_BYTES);
  }

  /** Wakes a thread, if it sleeps, behind something that was published for it. */
  wake(thread: number): void {
    const { words } = this;
    const base = thread * THREAD.WORDS;
    Atomics.add(words, base + THREAD.ACTIVITY, 1);
    // SYNC thread-sleep (waking)
    if (Atomics.load(words, base + THREAD.PARKING) === THREAD_PARKING.AWAKE) return;
    const parking = Atomics.exchange(words, base + THREAD.PARKING, THREAD_PARKING.AWAKE);
    if (parking === THREAD_PARKING.IN_WAIT) Atomics.notify(words, base + THREAD.ACTIVITY);
    else if (parking === THREAD_PARKING.IN_LOOP)
      bridge.ringBell(Atomics.load(words, base + THREAD.BELL) >>> 0);
  }

  heartbeat(thread: number): number {
    return Atomics.load(this.words, thread * THREAD.WORDS + THREAD.HEARTBEAT);
  }
}

/** A thread's own record on the board: how it waits for work. All methods are for that thread. */
export class ThreadSeat implements Disposable {
  readonly board: ThreadBoard;
  readonly index: number;
  readonly #words: SharedWords;
  readonly #activityIndex: number;
  readonly #parkingIndex: number;
  readonly #bell: BridgeBell;
  readonly #spin: AdaptiveSpin;
  #seen: number;
  #sleptSinceMs = -1;

  /** `onRing` is called in the event loop whenever somebody wakes the thread there. */
  constructor(board: ThreadBoard, index: number, onRing: () => void) {
    const bell = bridge.openBell(onRing);
    if (bell === undefined) throw new OutOfResourceError('this process has too many runtime threads');
    this.board = board;
    this.index = index;
    this.#words = board.words;
    const base = index * THREAD.WORDS;
    this.#activityIndex = base + THREAD.ACTIVITY;
    this.#parkingIndex = base + THREAD.PARKING;
    this.#bell = bell;
    this.#spin = new AdaptiveSpin(board.words, BOTH_ASLEEP);
    Atomics.store(board.words, base + THREAD.BELL, bell.number);
    Atomics.store(board.words, this.#parkingIndex, THREAD_PARKING.AWAKE);
    this.#seen = Atomics.load(board.words, this.#activityIndex);
  }

  /** To be called before a look for work: {@link spin} and {@link waitSync} watch for what comes after it. */
  look(): void {
    this.#seen = Atomics.load(this.#words, this.#activityIndex);
  }

  /** Watches for a moment; whether something was published since {@link look}. */
  spin(): boolean {
    return this.#spin.watch(this.#activityIndex, this.#seen);
  }

  /** From now on the bell rings. Look for work once more behind it, and {@link rouse} if there is. */
  sleepInLoop(): void {
    // SYNC thread-sleep (sleeping)
    Atomics.store(this.#words, this.#parkingIndex, THREAD_PARKING.IN_LOOP);
    if (this.#sleptSinceMs < 0) this.#sleptSinceMs = performance.now();
  }

  /** Awake again, for whatever reason. */
  rouse(): void {
    Atomics.store(this.#words, this.#parkingIndex, THREAD_PARKING.AWAKE);
    if (this.#sleptSinceMs < 0) return;
    this.#spin.slept(performance.now() - this.#sleptSinceMs);
    this.#sleptSinceMs = -1;
  }

  /** Blocks the thread until something is published, or the time is over. */
  waitSync(limitMs: number): void {
    if (this.spin()) return;
    const sinceMs = performance.now();
    // SYNC thread-sleep (sleeping): the activity that was seen is compared by the wait itself.
    Atomics.store(this.#words, this.#parkingIndex, THREAD_PARKING.IN_WAIT);
    Atomics.wait(this.#words, this.#activityIndex, this.#seen, limitMs);
    Atomics.store(this.#words, this.#parkingIndex, THREAD_PARKING.AWAKE);
    this.#spin.slept(performance.now() - sinceMs);
  }

  /** Whether this thread's calls keep its event loop alive. */
  keepAlive(keep: boolean): void {
    this.#bell.keepAlive(keep);
  }

  /** Tells whoever watches that the event loop turns. */
  beat(): void {
    Atomics.add(this.#words, this.index * THREAD.WORDS + THREAD.HEARTBEAT, 1);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#words, this.#parkingIndex, THREAD_PARKING.AWAKE);
    this.#bell.close();
  }
}
