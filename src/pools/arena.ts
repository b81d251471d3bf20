/** What actors need of the bridge besides memory: each thread's functions on an arena, and collection on request. */
import { type BridgeActor, type BridgeClient, bridge } from './bridge.ts';

/** Joins an arena as a client. `undefined` when all client records are taken, `null` when the arena has ended. */
export function attachClient(
  arena: number,
  onRing: () => void,
  stockLimitBytes: number,
): BridgeClient | undefined | null {
  return bridge.attachClient(arena, onRing, stockLimitBytes);
}

/** The clock of the times in the object table, in milliseconds modulo 2^32. */
export function coarseNowMs(): number {
  return bridge.coarseNowMs();
}

/** Becomes an arena's allocator actor. */
export function attachActor(arena: number, onRing: () => void): BridgeActor {
  return bridge.attachActor(arena, onRing);
}

/** Collects garbage on this thread, now: what is dropped comes back, views after a moment (V8 sweeps them aside). */
export function collectGarbage(full: boolean): void {
  bridge.collect(full);
}
