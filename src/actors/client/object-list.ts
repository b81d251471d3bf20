/** What `list()` tells about each object. */
import { coarseNowMs } from '../../pools/arena.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import type { ObjectLocation } from '../../state/header-word.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import type { ObjectState } from '../../state/lifecycle/codes.ts';

/** An object, as found in the table. */
export interface ObjectEntry {
  readonly id: ObjectId;
  readonly state: ObjectState;
  readonly sizeBytes: number;
  readonly location: ObjectLocation;
  /** Windows on it, in all threads. */
  readonly pins: number;
  /** Clients that have refs to it. */
  readonly heldBy: readonly number[];
  /** Whether it stays without refs until its memory is needed. */
  readonly evictable: boolean;
  /** The client that created it. */
  readonly creator: number;
  /** Since its creation, and since it was sealed or its last window went, in milliseconds; good for some of them. */
  readonly ageMs: number;
  readonly idleMs: number;
}

const LISTED: readonly ObjectState[] = ['created', 'writing', 'sealed', 'referenced', 'deleting'];

/** Scans the object table. */
export function listObjects(control: ControlRegion): ObjectEntry[] {
  const entries: ObjectEntry[] = [];
  const end = control.objectHighWater;
  const clients = control.liveClients;
  const nowMs = coarseNowMs();
  for (let slot = 0; slot < end; slot++) {
    const { state, location, named, evictable, pins, generation } = control.header(slot);
    if (!LISTED.includes(state)) continue;
    entries.push({
      id: named
        ? ObjectId.fromBinary(control.idBytes(slot))
        : ObjectId.forSlot(control.nonce, slot, generation),
      state,
      sizeBytes: control.sizeBytes(slot),
      location,
      pins,
      heldBy: clients.filter((client) => control.holds(client, slot)),
      evictable,
      creator: control.owner(slot) ?? -1,
      ageMs: control.ageMs(slot, nowMs),
      idleMs: control.idleMs(slot, nowMs),
    });
  }
  return entries;
}
