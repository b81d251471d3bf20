/** The numbers of a store under the names of Ray's metrics, for whatever serves metrics. */
import { invalidArgument } from './options.ts';

/** One number, as `prom-client` and others take it: `gauge.set(labels, value)`. */
export interface StoreMetric {
  /** Ray's name. */
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the metrics are made of; `store.stats()` has all of it. */
export interface MeasuredPool {
  readonly capacityBytes: number;
  readonly allocatedBytes: number;
  readonly leasedBytes: number;
  readonly objectBytes: number;
  readonly unsealedBytes: number;
}
export interface MeasuredStore {
  readonly primary: MeasuredPool;
  readonly fallback: MeasuredPool;
  readonly objectCount: number;
  readonly spilledObjects: number;
  readonly spilledBytes: number;
}

/**
 * The metrics of a store. *Used* leaves out what lies on disk, as in Ray. An object on disk is `MMAP_DISK`, whether it was
 * created there or moved there: it is read in place either way, so nothing is ever `SPILLED` in Ray's sense.
 *
 * Throws `InvalidArgumentError` for what is not the statistics themselves, but their promise, say.
 */
export function storeMetrics(store: MeasuredStore): StoreMetric[] {
  if (typeof store?.primary !== 'object' || typeof store.fallback !== 'object')
    throw invalidArgument('store', store, 'what `await store.stats()` gives', 'storeMetrics');
  const { primary, fallback } = store;
  const metric = (
    name: string,
    help: string,
    value: number,
    labels: StoreMetric['labels'] = {},
  ): StoreMetric => ({ name, help, labels, value });
  const memory = (location: string, state: string, value: number): StoreMetric =>
    metric('object_store_memory', "Objects' bytes by place and state", value, {
      Location: location,
      ObjectState: state,
    });
  return [
    metric(
      'object_store_available_memory',
      'Bytes of memory that are free, or stand ready in stocks',
      primary.capacityBytes - primary.allocatedBytes,
    ),
    metric('object_store_used_memory', 'Bytes of memory that objects take', primary.allocatedBytes),
    metric('object_store_fallback_memory', 'Bytes of disk that objects take', fallback.allocatedBytes),
    metric('object_store_num_local_objects', 'Objects in the store', store.objectCount),
    memory('MMAP_SHM', 'SEALED', primary.objectBytes - primary.unsealedBytes),
    memory('MMAP_SHM', 'UNSEALED', primary.unsealedBytes),
    memory('MMAP_DISK', 'SEALED', fallback.objectBytes - fallback.unsealedBytes),
    memory('MMAP_DISK', 'UNSEALED', fallback.unsealedBytes),
    metric('spill_manager_objects', 'Objects moved to disk so far', store.spilledObjects),
    metric('spill_manager_objects_bytes', 'Bytes of objects moved to disk so far', store.spilledBytes),
  ];
}
