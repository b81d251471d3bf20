/** What `list()` tells about each object. */
import type { ControlRegion } from '../../pools/control-region.ts';
import type { ObjectLocation } from '../../state/header-word.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import type { ObjectState } from '../../state/lifecycle/codes.ts';
import { SLOT } from '../../state/slot-layout.ts';

/** An object, as found in the table. */
export interface ObjectEntry {
  readonly id: ObjectId;
  readonly state: ObjectState;
  readonly sizeBytes: number;
  readonly location: ObjectLocation;
  /** Windows on it, in all threads. */
  readonly pins: number;
  /** Threads that have refs to it. */
  readonly holders: number;
  /** Client record of the thread that created it. */
  readonly creator: number;
}

const LISTED: readonly ObjectState[] = ['created', 'writing', 'sealed', 'referenced', 'deleting'];

/** Scans the object table. */
export function listObjects(control: ControlRegion): ObjectEntry[] {
  const entries: ObjectEntry[] = [];
  const end = control.objectHighWater;
  for (let slot = 0; slot < end; slot++) {
    const { state, location, named, pins, generation } = control.header(slot);
    if (!LISTED.includes(state)) continue;
    entries.push({
      id: named
        ? ObjectId.fromBinary(control.idBytes(slot))
        : ObjectId.forSlot(control.nonce, slot, generation),
      state,
      sizeBytes: control.sizeBytes(slot),
      location,
      pins,
      holders: control.slotWord(slot, SLOT.HOLDS),
      creator: control.owner(slot) ?? -1,
    });
  }
  return entries;
}
