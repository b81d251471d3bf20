/**
 * Names of nodes and resources as small numbers (Ray, `scheduling_ids.h`). Ids are interned: there is one object for each,
 * so `===` compares them and a `Map` may have them as keys. As in Ray, none is ever forgotten.
 */
import { InvariantError } from '../errors.ts';
import { type PlacementGroupResource, parsePlacementGroupResource } from './placement-group-resource.ts';

/** The number of no id, and what stands for the name of a number that has none. */
const NIL = -1;

/** The prefix of resources of which every node has 1 unless it says otherwise. Ray's autoscaler depends on it. */
export const IMPLICIT_RESOURCE_PREFIX = 'node:__internal_implicit_resource_';

/** Numbers of the resources that Ray knows by itself (`PredefinedResourcesEnum`). */
export const PREDEFINED_RESOURCE = Object.freeze({ CPU: 0, memory: 1, GPU: 2, object_store_memory: 3 });
const PREDEFINED_COUNT = Object.keys(PREDEFINED_RESOURCE).length;

/** Names ↔ numbers. Ray hashes the names; numbers in the order of their first use never collide. */
export class StringIdMap {
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();
  #next = 0;

  /** The number of a name; -1 for one that is unknown. */
  get(name: string): number {
    return this.#numbers.get(name) ?? NIL;
  }

  /** The name of a number; "-1" for one that is unknown. */
  nameOf(number: number): string {
    return this.#names.get(number) ?? String(NIL);
  }

  /** The number of a name, which gets a new one if it has none. */
  insert(name: string): number {
    const found = this.#numbers.get(name);
    if (found !== undefined) return found;
    while (this.#names.has(this.#next)) this.#next++;
    this.insertOrDie(name, this.#next);
    return this.#next;
  }

  /** Ties a name to a number. If either is taken: `InvariantError`. */
  insertOrDie(name: string, number: number): this {
    if (this.#numbers.has(name) || this.#names.has(number)) {
      throw new InvariantError(`the name ${name} or the number ${number} is taken`, { name, number });
    }
    this.#numbers.set(name, number);
    this.#names.set(number, name);
    return this;
  }

  get count(): number {
    return this.#names.size;
  }
}

/** What ids of nodes and of resources have in common. */
abstract class SchedulingId {
  readonly #map: StringIdMap;
  readonly #number: number;

  constructor(map: StringIdMap, number: number) {
    this.#map = map;
    this.#number = number;
  }

  toInt(): number {
    return this.#number;
  }

  /** The name; "-1" if nobody ever named this number. */
  binary(): string {
    return this.#map.nameOf(this.#number);
  }

  get isNil(): boolean {
    return this.#number === NIL;
  }

  isLessThan(other: this): boolean {
    return this.#number < other.toInt();
  }

  toString(): string {
    return this.binary();
  }
}

/** The id of a name or number, made when it is first asked for. */
function interned<Id>(map: StringIdMap, make: (number: number) => Id): (nameOrNumber: string | number) => Id {
  const ids = new Map<number, Id>();
  return (nameOrNumber) => {
    const number = typeof nameOrNumber === 'number' ? nameOrNumber : map.insert(nameOrNumber);
    const found = ids.get(number);
    if (found !== undefined) return found;
    const id = make(number);
    ids.set(number, id);
    return id;
  };
}

const nodeNames = new StringIdMap();
const resourceNames = new StringIdMap();
for (const [name, number] of Object.entries(PREDEFINED_RESOURCE)) resourceNames.insertOrDie(name, number);

/** A node: whatever has resources of its own. Ray's `scheduling::NodeID`. */
export class SchedulingNodeId extends SchedulingId {
  static readonly of: (nameOrNumber: string | number) => SchedulingNodeId = interned(
    nodeNames,
    (number) => new SchedulingNodeId(nodeNames, number),
  );
  static readonly nil: SchedulingNodeId = SchedulingNodeId.of(NIL);
}

/** A kind of resource. Ray's `scheduling::ResourceID`. */
export class ResourceId extends SchedulingId {
  static readonly of: (nameOrNumber: string | number) => ResourceId = interned(
    resourceNames,
    (number) => new ResourceId(resourceNames, number),
  );
  static readonly nil: ResourceId = ResourceId.of(NIL);
  static readonly cpu: ResourceId = ResourceId.of(PREDEFINED_RESOURCE.CPU);
  static readonly memory: ResourceId = ResourceId.of(PREDEFINED_RESOURCE.memory);
  static readonly gpu: ResourceId = ResourceId.of(PREDEFINED_RESOURCE.GPU);
  static readonly objectStoreMemory: ResourceId = ResourceId.of(PREDEFINED_RESOURCE.object_store_memory);

  #isParsed = false;
  #placementGroup: PlacementGroupResource | undefined;

  get isPredefined(): boolean {
    return this.toInt() >= 0 && this.toInt() < PREDEFINED_COUNT;
  }

  /** Of which every node has 1 by default. */
  get isImplicit(): boolean {
    return !this.isPredefined && this.binary().startsWith(IMPLICIT_RESOURCE_PREFIX);
  }

  /** Whether nodes have it as so many instances of 1, which tell one device from another. */
  get isUnitInstance(): boolean {
    return unitInstances.has(this);
  }

  /** What the name says if it is a placement group's resource. Names never change, so it is read once. */
  get placementGroup(): PlacementGroupResource | undefined {
    if (!this.#isParsed) {
      this.#placementGroup = parsePlacementGroupResource(this.binary());
      this.#isParsed = true;
    }
    return this.#placementGroup;
  }

  /** CPU, or CPU of a placement group: the only resource that may go below zero, because who waits lends it to others. */
  get isCpu(): boolean {
    return this === ResourceId.cpu || this.placementGroup?.originalResource === 'CPU';
  }
}

/** Comma-separated names, as in Ray's configuration. */
export interface UnitInstanceResources {
  /** Of the four resources Ray knows by itself. */
  readonly predefined: string;
  readonly custom: string;
}

/** Ray's defaults of `predefined_unit_instance_resources` and `custom_unit_instance_resources`. */
export const DEFAULT_UNIT_INSTANCE_RESOURCES: UnitInstanceResources = Object.freeze({
  predefined: 'GPU',
  custom: 'neuron_cores,TPU,NPU,HPU,RBLN',
});

let unitInstances = readUnitInstances(DEFAULT_UNIT_INSTANCE_RESOURCES);

/**
 * Says which resources come in instances, for the whole thread: sets made before keep the form they have, so call it before
 * any is made. A predefined one that is none: `InvariantError`.
 */
export function setUnitInstanceResources(resources: UnitInstanceResources): void {
  unitInstances = readUnitInstances(resources);
}

function readUnitInstances({ predefined, custom }: UnitInstanceResources): ReadonlySet<ResourceId> {
  const ids = (names: string) => (names === '' ? [] : names.split(',').map((name) => ResourceId.of(name)));
  for (const id of ids(predefined)) {
    if (!id.isPredefined) {
      throw new InvariantError(`${id} is not a predefined resource`, { resource: id.binary() });
    }
  }
  return new Set([...ids(predefined), ...ids(custom)]);
}
