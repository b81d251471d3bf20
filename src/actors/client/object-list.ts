/** What `list()` tells about each object. */
import { coarseNowMs } from '../../pools/arena.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import type { ObjectLocation } from '../../state/header-word.ts';
import type { ObjectId } from '../../state/ids/object-id.ts';
import type { ObjectState } from '../../state/lifecycle/codes.ts';
import type { DebugAids } from './debug/debug-aids.ts';

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
  /** In debug mode: the line that made it, like `load (/app/pipeline.js:12:7)`. */
  readonly callSite: string | undefined;
  /** In debug mode: whether its bytes have changed since it was sealed. Its memory then stays, to be looked at. */
  readonly damaged: boolean;
}

const LISTED: readonly ObjectState[] = ['created', 'writing', 'sealed', 'referenced', 'deleting'];

/** Scans the object table. */
export function listObjects(control: ControlRegion, debug: DebugAids | undefined): ObjectEntry[] {
  const entries: ObjectEntry[] = [];
  const end = control.objectHighWater;
  const clients = control.liveClients;
  const nowMs = coarseNowMs();
  for (let slot = 0; slot < end; slot++) {
    const { state, location, evictable, pins } = control.header(slot);
    if (!LISTED.includes(state)) continue;
    entries.push({
      id: control.idOf(slot),
      state,
      sizeBytes: control.sizeBytes(slot),
      location,
      pins,
      heldBy: clients.filter((client) => control.holds(client, slot)),
      evictable,
      creator: control.owner(slot) ?? -1,
      ageMs: control.ageMs(slot, nowMs),
      idleMs: control.idleMs(slot, nowMs),
      callSite: debug?.callSiteOf(slot),
      damaged: control.isDamaged(slot),
    });
  }
  return entries;
}
