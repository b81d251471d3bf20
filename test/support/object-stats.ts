/** The statistics of a store, counted from its objects by definition, independently of the collector. */
import type { LocalObject, ObjectKey } from '../../src/state/objects/object-info.ts';
import type { ObjectStats, Tally } from '../../src/state/objects/object-stats-collector.ts';
import { OBJECT_SOURCE, OBJECT_STATE } from '../../src/state/objects/plasma-error.ts';

/** What the statistics depend on; sizes as the allocator has them. */
type Facts = Pick<LocalObject<ObjectKey>, 'source' | 'state' | 'refCount'> & {
  readonly allocation: { readonly fallbackAllocated: boolean; readonly sizeBytes: number };
};

export function recountStats(objects: readonly Facts[], createdTotal: Tally): ObjectStats {
  const tally = (counts: (object: Facts) => boolean): Tally => {
    const counted = objects.filter(counts);
    return {
      objects: counted.length,
      bytes: counted.reduce((sum, { allocation }) => sum + allocation.sizeBytes, 0),
    };
  };
  const sealed = ({ state }: Facts) => state === OBJECT_STATE.PLASMA_SEALED;
  const onDisk = ({ allocation }: Facts) => allocation.fallbackAllocated;
  return {
    createdTotal,
    createdByWorker: tally(({ source }) => source === OBJECT_SOURCE.CreatedByWorker),
    restoredFromStorage: tally(({ source }) => source === OBJECT_SOURCE.RestoredFromStorage),
    receivedFromRemoteRaylet: tally(({ source }) => source === OBJECT_SOURCE.ReceivedFromRemoteRaylet),
    errorStoredByRaylet: tally(({ source }) => source === OBJECT_SOURCE.ErrorStoredByRaylet),
    unsealed: tally((object) => !sealed(object)),
    inUse: tally(({ refCount }) => refCount > 0),
    evictable: tally((object) => sealed(object) && object.refCount === 0),
    spillable: tally(
      (object) => sealed(object) && object.refCount === 1 && object.source === OBJECT_SOURCE.CreatedByWorker,
    ),
    primaryUnsealed: tally((object) => !onDisk(object) && !sealed(object)),
    primarySealed: tally((object) => !onDisk(object) && sealed(object)),
    fallbackUnsealed: tally((object) => onDisk(object) && !sealed(object)),
    fallbackSealed: tally((object) => onDisk(object) && sealed(object)),
  };
}
