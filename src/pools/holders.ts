/** Who keeps the store's memory: what a full store tells. */
import { formatByteSize } from '../state/byte-size.ts';
import { ACTOR } from '../state/control-layout.ts';
import type { Holder } from '../state/errors.ts';
import { isBeingWritten, isSealed } from '../state/lifecycle/codes.ts';
import { bridge } from './bridge.ts';
import type { ControlRegion } from './control-region.ts';

/** Number of the entry for objects that were deleted and that views still keep. */
export const VIEWS_ONLY = -1;

/** How many holders an error tells. */
const HOLDERS_TOLD = 5;

interface Tally {
  objects: number;
  bytes: number;
  oldestMs: number;
}

/** The clients that hold the most bytes, the biggest first. An object that several hold counts for each of them. */
export function biggestHolders(control: ControlRegion, count = HOLDERS_TOLD): Holder[] {
  const nowMs = bridge.coarseNowMs();
  const live = control.liveClients;
  const tallies = new Map<number, Tally>();
  const end = control.actorWord(ACTOR.OBJECT_HIGH_WATER);
  for (let slot = 0; slot < end; slot++) {
    const { state } = control.header(slot);
    const isLive = isBeingWritten(state) || isSealed(state);
    if (!isLive && state !== 'deleting') continue;
    const ageMs = control.ageMs(slot, nowMs);
    const holders = isLive ? live.filter((client) => control.holds(client, slot)) : [VIEWS_ONLY];
    for (const holder of holders) add(tallies, holder, control.sizeBytes(slot), ageMs);
  }
  return [...tallies]
    .map(([client, { objects, bytes, oldestMs }]) => ({ client, objects, bytes, oldestMs }))
    .sort((one, other) => other.bytes - one.bytes)
    .slice(0, count);
}

function add(tallies: Map<number, Tally>, holder: number, bytes: number, ageMs: number): void {
  const tally = tallies.get(holder);
  if (tally === undefined) {
    tallies.set(holder, { objects: 1, bytes, oldestMs: ageMs });
    return;
  }
  tally.objects++;
  tally.bytes += bytes;
  tally.oldestMs = Math.max(tally.oldestMs, ageMs);
}

/** For the end of a message. */
export function describeHolders(holders: readonly Holder[]): string {
  return holders.map(describeHolder).join(', ') || 'nobody';
}

function describeHolder({ client, objects, bytes, oldestMs }: Holder): string {
  const who = client === VIEWS_ONLY ? 'views of deleted objects' : `client ${client}`;
  const number = objects === 1 ? '1 object' : `${objects} objects`;
  return `${who} (${number}, ${formatByteSize(bytes)}, the oldest ${(oldestMs / 1000).toFixed(1)} s old)`;
}
