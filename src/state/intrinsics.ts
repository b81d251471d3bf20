/** What built-in objects hold, read by the engine's own ways, whatever a subclass or a false prototype says of them. */

const eachOfMap = Map.prototype.forEach;
const eachOfSet = Set.prototype.forEach;
const { getTime } = Date.prototype;
const sizeOfMap = sizeGetterOf(Map.prototype);
const sizeOfSet = sizeGetterOf(Set.prototype);

export function mapSize(map: ReadonlyMap<unknown, unknown>): number {
  return sizeOfMap.call(map);
}

export function setSize(set: ReadonlySet<unknown>): number {
  return sizeOfSet.call(set);
}

/** Key, value, key, value … as they are now: a getter in one of them may change the map. */
export function mapEntries(map: ReadonlyMap<unknown, unknown>): unknown[] {
  const entries: unknown[] = [];
  eachOfMap.call(map, (entry, key) => entries.push(key, entry));
  return entries;
}

/** As they are now. */
export function setEntries(set: ReadonlySet<unknown>): unknown[] {
  const entries: unknown[] = [];
  eachOfSet.call(set, (entry) => entries.push(entry));
  return entries;
}

export function timeOf(date: Date): number {
  return getTime.call(date);
}

function sizeGetterOf(prototype: object): () => number {
  return Object.getOwnPropertyDescriptor(prototype, 'size')!.get!;
}
