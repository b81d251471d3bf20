/** Options of the store's public calls, validated by name. */
import { tmpdir } from 'node:os';
import { checkMemoryBytes, defaultMemoryBytes, machineMemory } from '../../pools/memory-limit.ts';
import { parseByteSize } from '../../state/byte-size.ts';
import { MAX_OBJECTS_DEFAULT, MAX_OBJECTS_LIMIT } from '../../state/control-layout.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import {
  abortSignal,
  boolean,
  integer,
  invalidArgument,
  oneOf,
  optional,
  part,
  type Reader,
  readOptions,
  string,
  timeout,
  withDefault,
} from '../../state/options.ts';
import { DEFAULT_CAPACITY_THRESHOLD } from '../../state/queues/disk-monitor.ts';
import { FORMAT, type ViewByName } from '../../state/value-format.ts';
import { interrupted } from './failures.ts';

/** Options of `Store.create`. */
export interface StoreOptions {
  /**
   * The footprint limit of shared memory, as a number of bytes or like `'512MiB'`. Default: 30 % of the available
   * memory, at least 75 MiB, at most 200 GB (Ray's rule). At most what the machine or its control group has.
   */
  readonly memory?: number | string | undefined;
  /** Folder for objects that do not fit into memory. Default: the system's folder for temporary files. */
  readonly spillDirectory?: string | undefined;
  /** Most bytes to use there; 0 for none. Default: all that the file system has. */
  readonly spillLimit?: number | string | undefined;
  /**
   * The part of its file system in use from which on nothing more goes there. Default 0.95, as in Ray; 1 for no such limit.
   */
  readonly diskThreshold?: number | undefined;
  /** Most objects at one time. Default 1,048,576. The table takes memory only for those that exist. */
  readonly maxObjects?: number | undefined;
  /**
   * Whether to ask for huge pages, for the memory and for the table of objects beyond 131,072 of them. Default true: they
   * make populating several times cheaper.
   */
  readonly hugePages?: boolean | undefined;
  /**
   * How many bytes of fresh memory are kept ready ahead of what was used so far. Default: 64 MiB, at most the memory. Set
   * it to the whole memory for a store whose first use must be as fast as the second; to 0 to take memory by use only.
   */
  readonly populateAhead?: number | string | undefined;
  /**
   * Debug mode: bytes are checked against what was sealed, `list()` says who made an object, leaked refs are named, and
   * views that are released early keep their memory until they are collected. Default: whether `PLASMOID_DEBUG=1` is set.
   */
  readonly debug?: boolean | undefined;
}

/** Options of calls that may have to wait. */
export interface WaitOptions {
  /** Longest wait in milliseconds; for ever when absent. */
  readonly timeout?: number | undefined;
  /** Ends the wait with an `InterruptedError`. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `wait`. */
export interface WaitForOptions extends WaitOptions {
  /** How many objects to wait for; default 1, at most as many as are given. */
  readonly count?: number | undefined;
}

/** Options of `put`. */
export interface PutOptions extends WaitOptions {
  /** An id to find the object by; one that names its place is made when absent. */
  readonly id?: ObjectId | undefined;
  /**
   * Keeps the object when its last ref is gone, to be found by its `id`, until its memory is needed: then the least recently
   * used ones go, before anything is moved to disk. For what can be made again. Default false.
   */
  readonly evictable?: boolean | undefined;
}

/** Options of `create`. */
export interface CreateOptions<Name extends keyof ViewByName = keyof ViewByName> extends PutOptions {
  /** The kind of value that readers get; default `'Uint8Array'`. */
  readonly as?: Name | undefined;
}

const POPULATE_AHEAD_BYTES = 64 * 2 ** 20;

const objectId: Reader<ObjectId> = (value, name, context) => {
  if (value instanceof ObjectId && !value.isNil) return value;
  throw invalidArgument(name, value, 'an ObjectId that is not nil', context);
};

const isViewName = (name: string): name is keyof ViewByName => name !== 'serialized' && name !== 'compact';
const writableName: Reader<keyof ViewByName> = oneOf(...Object.keys(FORMAT).filter(isViewName));

/** @internal Also for those who make stores of their own and take options for them. */
export const STORE_SPEC = {
  memory: optional<number>(parseByteSize),
  spillDirectory: optional(string),
  spillLimit: optional<number>(parseByteSize),
  diskThreshold: withDefault(part, DEFAULT_CAPACITY_THRESHOLD),
  maxObjects: withDefault(integer(1, MAX_OBJECTS_LIMIT), MAX_OBJECTS_DEFAULT),
  hugePages: withDefault(boolean, true),
  populateAhead: optional<number>(parseByteSize),
  debug: optional(boolean),
};
const WAIT_SPEC = { timeout, signal: optional(abortSignal) };
const PUT_SPEC = { ...WAIT_SPEC, id: optional(objectId), evictable: withDefault(boolean, false) };
const CREATE_SPEC = { ...PUT_SPEC, as: withDefault(writableName, 'Uint8Array') };

/** Reads and completes the options of `Store.create`. */
export function readStoreOptions(given: unknown) {
  const options = readOptions(STORE_SPEC, given, 'Store.create');
  const machine = machineMemory();
  const memoryBytes = checkMemoryBytes(options.memory ?? defaultMemoryBytes(machine), machine);
  return {
    memoryBytes,
    spillDirectory: options.spillDirectory ?? tmpdir(),
    spillLimitBytes: options.spillLimit,
    diskThreshold: options.diskThreshold,
    maxObjects: options.maxObjects,
    hugePages: options.hugePages,
    debug: options.debug ?? process.env.PLASMOID_DEBUG === '1',
    populateAheadBytes: Math.min(memoryBytes, options.populateAhead ?? POPULATE_AHEAD_BYTES),
  };
}

const NO_WAIT = Object.freeze(limitsOf(readOptions(WAIT_SPEC, undefined, '')));
const NO_PUT = Object.freeze(limitsOf(readOptions(PUT_SPEC, undefined, '')));
const NO_CREATE = Object.freeze(limitsOf(readOptions(CREATE_SPEC, undefined, '')));

// Nothing to read is the usual case on the hot paths.
export const readWaitOptions = (given: unknown, context: string): typeof NO_WAIT =>
  given === undefined ? NO_WAIT : limitsOf(readOptions(WAIT_SPEC, given, context));
export const readPutOptions = (given: unknown, context: string): typeof NO_PUT =>
  given === undefined ? NO_PUT : findable(limitsOf(readOptions(PUT_SPEC, given, context)), context);
export const readCreateOptions = (given: unknown, context: string): typeof NO_CREATE =>
  given === undefined ? NO_CREATE : findable(limitsOf(readOptions(CREATE_SPEC, given, context)), context);

/** The options of a wait for `names`. */
export function readWaitForOptions(given: unknown, names: readonly unknown[], context: string) {
  if (!Array.isArray(names)) throw invalidArgument('refs', names, 'an array of refs and ids', context);
  const count = withDefault(integer(0, names.length), Math.min(1, names.length));
  return limitsOf(readOptions({ ...WAIT_SPEC, count }, given, context));
}

/** What outlives its refs can be found by an id only. */
function findable<Options extends { readonly id: ObjectId | undefined; readonly evictable: boolean }>(
  options: Options,
  context: string,
): Options {
  if (options.evictable && options.id === undefined)
    throw invalidArgument('id', undefined, 'given for an evictable object', context);
  return options;
}

interface Waiting {
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * The options as they were read, which belong to nobody else, with the time under the name that it has inside. A call that is aborted before it begins
 * does nothing, whether it would have to wait or not.
 */
function limitsOf<Options extends Waiting>(
  options: Options,
): Options & { readonly timeoutMs: number | undefined } {
  if (options.signal?.aborted === true) throw interrupted(options.signal);
  // Not a copy: this is on the way of each call with options.
  return Object.assign(options, { timeoutMs: options.timeout });
}
