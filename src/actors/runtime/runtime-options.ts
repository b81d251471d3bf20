/** Options of a runtime, validated by name. */
import { availableParallelism } from 'node:os';
import { validateNodeLabelSyntax, validateNodeLabels } from '../../state/labels/label-syntax.ts';
import {
  integer,
  invalidArgument,
  optional,
  type Reader,
  readOptions,
  record,
  string,
  withDefault,
} from '../../state/options.ts';
import { MAX_THREADS } from '../../state/runtime/thread-layout.ts';
import { STORE_SPEC, type StoreOptions } from '../client/store-options.ts';
import {
  amount,
  PLACEMENT_SPEC,
  type PlacementOptions,
  quantities,
  type Resources,
  text,
} from './call/call-options.ts';
import type { WorkerLimits } from './scheduler/worker-threads.ts';

/** How many workers: a fixed number, or as many as there is work for between two limits. */
export type WorkerCount = number | { readonly min?: number | undefined; readonly max?: number | undefined };

/** Options of `Runtime.start`: those of the store, and these. */
export interface RuntimeOptions extends StoreOptions {
  /** Default: one for each processor that the process may use. */
  readonly workers?: WorkerCount | undefined;
  /** What each worker has, beside `CPU: 1` unless that is among them. */
  readonly resources?: Resources | undefined;
  /** Labels of each worker, which label selectors ask for. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Limits of each worker's heap; beyond them it dies with a `WorkerOutOfMemoryError`. */
  readonly resourceLimits?: WorkerLimits | undefined;
  /**
   * Longest time in milliseconds for which a call may block its worker's event loop; beyond, the worker is ended, and the
   * call fails with a `WorkerUnresponsiveError`. Default: for ever, since computing is what workers are for.
   */
  readonly heartbeat?: number | undefined;
}

/** Options of `spawn`. Unless it asks for `resources`, an actor takes none, as in Ray: tasks run beside it. */
export interface SpawnOptions extends PlacementOptions {
  /** A name to find the actor by with `runtime.actor(name)`; living actors have different ones. */
  readonly name?: string | undefined;
  /** Calls that may run at once, if they are asynchronous. Default 1. */
  readonly maxConcurrency?: number | undefined;
  /** How often it is made again when its worker dies, from the same arguments. Default 0; `Infinity` for always. */
  readonly maxRestarts?: number | undefined;
  /** Pause before a restart in milliseconds, doubled with each further one. Default 10. */
  readonly restartDelay?: number | undefined;
}

const workerCount: Reader<{ readonly min: number; readonly max: number }> = (value, name, context) => {
  const many = integer(1, MAX_THREADS - 1);
  if (typeof value === 'number') {
    const count = many(value, name, context);
    return { min: count, max: count };
  }
  if (typeof value !== 'object' || value === null)
    throw invalidArgument(name, value, 'a number, or an object with min and max', context);
  const given = readOptions(
    { min: optional(integer(0, MAX_THREADS - 1)), max: optional(many) },
    value,
    `${context}: ${name}`,
  );
  const max = given.max ?? Math.max(availableParallelism(), given.min ?? 0);
  const min = given.min ?? Math.min(1, max);
  if (min > max) throw invalidArgument(`${name}.min`, min, `at most max, ${max}`, context);
  return { min, max };
};

/** Shorter than the turns of a healthy event loop, it would end workers that do nothing. */
const HEARTBEAT_MIN_MS = 20;

const heartbeat: Reader<number> = (value, name, context) => {
  if (typeof value === 'number' && value >= HEARTBEAT_MIN_MS) return value;
  throw invalidArgument(name, value, `a number of at least ${HEARTBEAT_MIN_MS} milliseconds`, context);
};

/** With less, Node does not start a thread: from version 22 on it ends the process. */
const HEAP_MIN_MB = 8;

const heapMb: Reader<number> = (value, name, context) => {
  const size = amount(value, name, context);
  if (size >= HEAP_MIN_MB) return size;
  throw invalidArgument(name, value, `at least ${HEAP_MIN_MB}, which a thread takes by itself`, context);
};

const limits: Reader<WorkerLimits> = (value, name, context) =>
  readOptions(
    {
      maxOldGenerationSizeMb: optional(heapMb),
      maxYoungGenerationSizeMb: optional(amount),
      codeRangeSizeMb: optional(amount),
      stackSizeMb: optional(amount),
    },
    value,
    `${context}: ${name}`,
  );

const nodeLabels: Reader<Readonly<Record<string, string>>> = (value, name, context) => {
  const read = record(text)(value, name, context);
  const problem = validateNodeLabels(read) ?? validateNodeLabelSyntax(read);
  if (problem === undefined) return read;
  throw invalidArgument(name, value, `an object of labels (${problem})`, context);
};

const count: Reader<number> = (value, name, context) =>
  value === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : integer(0)(value, name, context);

const RUNTIME_SPEC = {
  workers: optional(workerCount),
  resources: withDefault(quantities(true), {}),
  labels: withDefault(nodeLabels, {}),
  resourceLimits: optional(limits),
  heartbeat: optional(heartbeat),
};

const SPAWN_SPEC = {
  ...PLACEMENT_SPEC,
  // An actor that says nothing takes nothing from tasks while it rests, as in Ray.
  resources: withDefault(quantities(false), {}),
  name: optional(string),
  maxConcurrency: withDefault(integer(1), 1),
  maxRestarts: withDefault(count, 0),
  restartDelay: withDefault(amount, 10),
};

/** Reads the options of `Runtime.start`: its own, and those that the store will read. */
export function readRuntimeOptions(given: RuntimeOptions | undefined) {
  const read = readOptions({ ...STORE_SPEC, ...RUNTIME_SPEC }, given, 'Runtime.start');
  const { workers, resources, labels, resourceLimits, heartbeat } = read;
  const processors = availableParallelism();
  return {
    workers: workers ?? { min: processors, max: processors },
    // A worker without one would run no call that does not say so.
    resources: { CPU: 1, ...resources },
    labels,
    resourceLimits,
    heartbeat,
    store: Object.fromEntries(
      Object.entries({ ...given }).filter(([name]) => Object.hasOwn(STORE_SPEC, name)),
    ),
  };
}

export function readSpawnOptions(given: unknown) {
  return readOptions(SPAWN_SPEC, given, 'Runtime.spawn');
}
