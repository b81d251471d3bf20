/**
 * Layout of a runtime's thread board: one record per thread that takes part, so that any thread can wake any other.
 * All offsets are in 32-bit words. Words that different threads write stand apart.
 */
import { FALSE_SHARING_BYTES, WORD_BYTES } from '../ring-layout.ts';

/** Threads of one runtime: the one that started it, and its workers. */
export const MAX_THREADS = 256;

const line = (index: number): number => (index * FALSE_SHARING_BYTES) / WORD_BYTES;

/** Words of one thread's record. */
export const THREAD = Object.freeze({
  /** Bumped behind whatever others publish for this thread: what it watches while it spins, and waits on. */
  ACTIVITY: line(0),
  /** How the thread sleeps: see {@link THREAD_PARKING}. Who changes it to awake, wakes it. */
  PARKING: line(1),
  /** The number of its bell; written before its index is told to anybody. */
  BELL: line(2),
  /** Bumped by the thread's own timer: it stands still while one call blocks the thread. */
  HEARTBEAT: line(2) + 1,
  WORDS: line(3),
});

/** Values of `THREAD.PARKING`. */
export const THREAD_PARKING = Object.freeze({
  AWAKE: 0,
  /** In its event loop: wake it by its bell. */
  IN_LOOP: 1,
  /** In `Atomics.wait` on its activity: wake it by `Atomics.notify`. */
  IN_WAIT: 2,
});

/** Bytes of a whole board. */
export const THREAD_BOARD_BYTES = MAX_THREADS * THREAD.WORDS * WORD_BYTES;
