/**
 * Names and numbers of an object slot's states and events.
 *
 * The codes live in shared memory and in the native bridge (`native-bridge/generated/layout.h` is written from them),
 * so an entry may be added at the end but never renumbered.
 */

/** States of an object slot. Pins are above zero exactly in `writing`, `referenced` and `deleting`. */
export const STATES = [
  /** Nobody's: on the allocator actor's free list. */
  'free',
  /** In a client's stock with a block attached; the actor may recall it at any moment. */
  'leased',
  /** Being written, without a window (a `put` in its one bridge call, or a slot whose window was collected). */
  'created',
  /** Being written through a writable window. */
  'writing',
  /** Immutable; nobody views it. */
  'sealed',
  /** Immutable; at least one window on it lives somewhere. */
  'referenced',
  /** Deleted or aborted, but a window still lives: its bytes stay until the last one goes. */
  'deleting',
  /** On the freed stack, on its way to the actor. */
  'released',
  /** The bytes are gone, refs to it remain somewhere. */
  'tombstone',
] as const;

/** Name of a state of an object slot. */
export type ObjectState = (typeof STATES)[number];

/** Events that change an object slot. Whoever sends one knows the pins from the same word. */
export const EVENTS = [
  /** The actor attaches a block and gives the slot to a client. */
  'lease',
  /** The actor takes a leased slot back by its own compare-exchange. */
  'recall',
  /** A client returns a leased slot. */
  'handBack',
  /** A client starts to write into a leased slot. */
  'create',
  /** A window is made. */
  'pin',
  /** A window goes, others remain. */
  'unpin',
  /** The last window goes. */
  'unpinLast',
  /** The writer is done. */
  'seal',
  /** The writer gives up, forgets the slot, or dies. */
  'abort',
  /** Somebody deletes the object, or its last ref goes. */
  'delete',
  /** The creator's last ref goes while nobody views: the slot returns to the creator's own stock. */
  'recycle',
  /** The actor has taken the block back, no ref remains. */
  'reclaim',
  /** The actor has taken the block back, refs remain. */
  'entomb',
  /** The last ref to a tombstone goes. */
  'vacate',
  /** The actor has copied the bytes to the fallback pool, and nobody views the old ones. */
  'spill',
] as const;

/** Name of an event of an object slot. */
export type ObjectEvent = (typeof EVENTS)[number];

/** State name → code. */
export const STATE_CODE: { readonly [S in ObjectState]: number } = codesOf(STATES);
/** Event name → code. */
export const EVENT_CODE: { readonly [E in ObjectEvent]: number } = codesOf(EVENTS);

/** Whether somebody may still write its bytes. */
export function isBeingWritten(state: ObjectState | undefined): boolean {
  return state === 'created' || state === 'writing';
}

/** Whether it can be got. */
export function isSealed(state: ObjectState | undefined): boolean {
  return state === 'sealed' || state === 'referenced';
}

function codesOf<Name extends string>(names: readonly Name[]): { readonly [N in Name]: number } {
  const codes = {} as { [N in Name]: number };
  names.forEach((name, code) => {
    codes[name] = code;
  });
  return Object.freeze(codes);
}
