/** What actors need of the bridge besides memory: each thread's functions on an arena, and collection on request. */
import { markAsUntransferable } from 'node:worker_threads';
import { type BridgeActor, type BridgeClient, bridge } from './bridge.ts';

/** Joins an arena as a client. `undefined` when all client records are taken, `null` when the arena has ended. */
export function attachClient(
  arena: number,
  onRing: () => void,
  stockLimitBytes: number,
): BridgeClient | undefined | null {
  const client = bridge.attachClient(arena, onRing, stockLimitBytes, markAsUntransferable);
  return client ? withFixedShape(client) : client;
}

/**
 * The same functions on an object that was written as a literal. One that native code has filled with so many properties
 * is a dictionary to the engine: each call through it would begin with a look-up, and none would be compiled in place.
 */
function withFixedShape(client: BridgeClient): BridgeClient {
  return {
    index: client.index,
    result: client.result,
    put: client.put,
    create: client.create,
    seal: client.seal,
    abort: client.abort,
    hold: client.hold,
    release: client.release,
    get: client.get,
    getInto: client.getInto,
    releaseWindow: client.releaseWindow,
    check: client.check,
    placeOf: client.placeOf,
    delete: client.delete,
    keep: client.keep,
    lookUp: client.lookUp,
    handBack: client.handBack,
    wakeActor: client.wakeActor,
    keepAlive: client.keepAlive,
    disconnect: client.disconnect,
  };
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
