/**
 * What a store tells on `node:diagnostics_channel`: nothing that happens on a hot path, and everything that a full store does
 * about it. Each kind has a channel of its own, `plasmoid:` and its name.
 */

/** Refs or slots made at one place in the program and not given back. */
export interface Leak {
  readonly what: 'ref' | 'slot';
  /** Like `load (/app/pipeline.js:12:7)`; empty when nobody outside of Plasmoid was on the stack. */
  readonly callSite: string;
  /** How many the garbage collector found. */
  readonly collected: number;
  /** How many are still held. */
  readonly held: number;
}

/** What each kind of event says; sizes in bytes, times in milliseconds. */
export interface StoreEvents {
  /** A create found no memory, and has ended: how long it was in the queue, and what became of it. */
  readonly wait: {
    readonly client: number;
    readonly sizeBytes: number;
    readonly waitedMs: number;
    /** `cancelled`: its time was over, its signal fired, or its thread died. */
    readonly outcome: 'memory' | 'disk' | 'refused' | 'cancelled';
    /** Name of the error's class, when it was refused. */
    readonly error: string | undefined;
  };
  /** Threads were asked to collect garbage for a create; what came back is in `stats().collectedBytes`. */
  readonly collect: { readonly threads: number; readonly full: boolean };
  /** Objects that nobody held were given up for their memory. */
  readonly evict: { readonly objects: number; readonly bytes: number };
  /** Objects were moved to disk; `failed` could not be written, and stay in memory. */
  readonly spill: {
    readonly objects: number;
    readonly bytes: number;
    readonly failed: number;
    /** Why, of the first of them, as the system says it: `EIO`, `ENOSPC`. */
    readonly systemCode: string | undefined;
  };
  /** A thread has left the store, or died: how many refs, slots and leases of its own were given back. */
  readonly leave: { readonly client: number; readonly recovered: number };
  /** In debug mode: an object's bytes have changed since it was sealed. */
  readonly damage: {
    readonly id: string;
    readonly sizeBytes: number;
    readonly creator: number;
    readonly callSite: string | undefined;
  };
  /** In debug mode, in the thread that leaves the store: what it has not given back. */
  readonly leak: { readonly client: number; readonly leaks: readonly Leak[] };
  /** Events that were dropped, because the thread that made the store was too busy to hear them. */
  readonly dropped: { readonly events: number };
}

export type StoreEventName = keyof StoreEvents;

export const STORE_EVENT_NAMES: readonly StoreEventName[] = Object.freeze([
  'wait',
  'collect',
  'evict',
  'spill',
  'leave',
  'damage',
  'leak',
  'dropped',
]);

/** An event, on its way from the actor's thread to the one that made the store. */
export type StoreEvent = {
  [Name in StoreEventName]: {
    readonly name: Name;
    readonly atMs: number;
    readonly values: StoreEvents[Name];
  };
}[StoreEventName];

/** What subscribers get. */
export type StoreMessage<Name extends StoreEventName> = StoreEvents[Name] & {
  /** Name of the store, as `store.name`. */
  readonly store: string;
  /** When it happened, as `Date.now()` says it. */
  readonly atMs: number;
};

/** The name of an event's channel. */
export function eventChannelName<Name extends StoreEventName>(name: Name): `plasmoid:${Name}` {
  return `plasmoid:${name}`;
}
