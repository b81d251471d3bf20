/** The store's books at a quiet point: `stats()`, `list()` and the model must tell the same story. */
import * as assert from 'uvu/assert';
import type { ObjectEntry, Store, StoreStatistics } from '../../src/index.ts';
import { roundToClass } from '../../src/pools/allocator/size-class.ts';
import { UNIT_BYTES, unitsOf } from '../../src/state/slot-layout.ts';
import type { Model, ModelObject } from './model.ts';

type Location = ObjectEntry['location'];

const LOCATIONS: readonly Location[] = ['primary', 'fallback'];
/** Units of blocks come in this grain. */
const GRAIN_UNITS: Readonly<Record<Location, number>> = { primary: 1, fallback: 4096 / UNIT_BYTES };
/** Collections and moves to disk go on by themselves; while one is between its steps the books are open, but not for so long. */
const OPEN_MS = 5_000;

/** What is listed is what the model has. What was not sure is known afterwards. */
export function compareList(model: Model, store: Store, meet: (what: string) => void): void {
  const listed = new Map<string, ObjectEntry>();
  for (const entry of store.list()) if (entry.state !== 'deleting') listed.set(entry.id.hex, entry);
  let versions = 0;
  for (const object of model.objects) {
    if (object.state === 'gone') continue;
    if (object.hex === undefined) {
      versions++;
      continue;
    }
    const entry = listed.get(object.hex);
    listed.delete(object.hex);
    if (entry !== undefined) {
      meet(`in ${entry.location}`);
      compareEntry(model, object, entry);
    } else if (model.isSure(object)) {
      assert.unreachable(
        `object ${object.key}, ${object.state} and held ${object.holders.size} times, is not listed`,
      );
    } else {
      meet(object.evictable ? 'evicted' : 'collected');
      model.lost(object);
    }
  }
  // Nobody knows the ids of versions, but how many there are, and how large.
  const sizes = (entries: readonly number[]): number[] => [...entries].sort((one, other) => one - other);
  const kept = model.objects.filter(({ state, hex }) => state !== 'gone' && hex === undefined);
  assert.is(listed.size, versions, `${[...listed.keys()]} are listed besides ${versions} versions`);
  assert.equal(
    sizes([...listed.values()].map(({ sizeBytes }) => sizeBytes)),
    sizes(kept.map(({ size }) => size)),
  );
}

function compareEntry(model: Model, object: ModelObject, entry: ObjectEntry): void {
  const { size, state, evictable, holders } = object;
  const windows = model.windowsOf(object);
  const told = `object ${object.key}`;
  assert.is(entry.sizeBytes, size, told);
  assert.ok(entry.pins >= windows, `${told} has ${entry.pins} pins for ${windows} windows`);
  const isWritten = entry.state === 'writing' || entry.state === 'created';
  assert.is(isWritten, state === 'writing' || state === 'abandoned', `${told} is ${entry.state}`);
  if (!model.isSure(object) || object.forgotten) return;
  assert.is(entry.heldBy.length, new Set(holders.values()).size, `${told}: threads that have refs`);
  if (state === 'sealed') assert.is(entry.evictable, evictable, `${told} is evictable`);
}

/** The accounting identity, and the store's own checks. `waitingGets` is undefined when some of them are not sure. */
export async function audit(store: Store, waitingGets: number | undefined): Promise<StoreStatistics> {
  for (const deadline = performance.now() + OPEN_MS; ; ) {
    // Its answer comes a turn of the allocator later than whatever the threads have sent before.
    await store.verify();
    const stats = await store.stats();
    const told = { ...byStatistics(stats), waitingGets: waitingGets === undefined ? 0 : stats.waitingGets };
    const found = { ...byList(store.list()), waitingGets: waitingGets ?? 0 };
    const misfit = blocksMisfit(store.list(), stats);
    const isEqual = JSON.stringify(told) === JSON.stringify(found);
    if (isEqual && misfit === undefined) return stats;
    if (performance.now() < deadline) continue;
    assert.equal(told, found, 'what stats() says is what list() says');
    assert.is(misfit, undefined);
  }
}

interface Sums {
  readonly objectCount: number;
  readonly unsealedCount: number;
  readonly viewedCount: number;
  readonly deletingCount: number;
  readonly objectBytes: readonly number[];
  readonly unsealedBytes: readonly number[];
}

function byStatistics(stats: StoreStatistics): Sums {
  const { objectCount, unsealedCount, viewedCount, deletingCount } = stats;
  return {
    ...{ objectCount, unsealedCount, viewedCount, deletingCount },
    objectBytes: LOCATIONS.map((location) => stats[location].objectBytes),
    unsealedBytes: LOCATIONS.map((location) => stats[location].unsealedBytes),
  };
}

function byList(entries: readonly ObjectEntry[]): Sums {
  const isUnsealed = ({ state }: ObjectEntry): boolean => state === 'created' || state === 'writing';
  const bytes = (location: Location, isIt: (entry: ObjectEntry) => boolean): number =>
    entries
      .filter((entry) => entry.location === location && isIt(entry))
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    objectCount: entries.length,
    unsealedCount: entries.filter(isUnsealed).length,
    viewedCount: entries.filter(({ pins }) => pins > 0).length,
    deletingCount: entries.filter(({ state }) => state === 'deleting').length,
    objectBytes: LOCATIONS.map((location) => bytes(location, () => true)),
    unsealedBytes: LOCATIONS.map((location) => bytes(location, isUnsealed)),
  };
}

/** The blocks that the listed objects must have are those that the allocators have given out; else what is wrong. */
function blocksMisfit(entries: readonly ObjectEntry[], stats: StoreStatistics): string | undefined {
  for (const location of LOCATIONS) {
    const grain = GRAIN_UNITS[location];
    const grains = entries
      .filter((entry) => entry.location === location)
      .map(({ sizeBytes }) => Math.ceil(unitsOf(sizeBytes) / grain));
    const bytesOf = (round: (one: number) => number): number =>
      grains.reduce((sum, one) => sum + round(one) * grain * UNIT_BYTES, 0);
    // Where no block of the class was to be had, one without its rounding is given.
    const least = bytesOf((one) => one);
    const most = bytesOf(roundToClass);
    const { allocatedBytes, leasedBytes, capacityBytes } = stats[location];
    const isRight =
      allocatedBytes >= least && allocatedBytes <= most && allocatedBytes + leasedBytes <= capacityBytes;
    if (!isRight)
      return `${location}: ${allocatedBytes} bytes allocated, ${least} to ${most} needed, ${leasedBytes} leased`;
  }
  return undefined;
}
