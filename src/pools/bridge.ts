/**
 * The native bridge as TypeScript sees it. Only `src/pools` knows it; every number it takes was checked before.
 *
 * The addon is built per ABI (`scripts/build-addon.mjs`), so that several versions of Node can share one checkout.
 */
import { createRequire } from 'node:module';
import { NotSupportedError } from '../state/errors.ts';
import type { FormatCode } from '../state/value-format.ts';

/** A value below zero from `STATUS` (`src/state/bridge-status.ts`), or 0. */
export type Status = number;

/** One thread's functions on one arena. Threads must not exchange them. */
export interface BridgeClient {
  /** Number of this client's record in the control region. */
  readonly index: number;
  /** What calls answer beside their value: the words of `RESULT`. */
  readonly result: Uint32Array;
  /** Copies, names, seals: one step as far as the death of the thread is concerned. */
  put(
    source: NodeJS.ArrayBufferView | ArrayBuffer,
    format: number,
    ref: object,
    id: Uint8Array | undefined,
    slot?: number,
    generation?: number,
  ): Status;
  create(
    sizeBytes: number,
    format: number,
    owner: object,
    id: Uint8Array | undefined,
    slot?: number,
    generation?: number,
  ): ArrayBuffer | Status;
  seal(
    slot: number,
    generation: number,
    track: number,
    writable: number,
    ref: object,
    format: number,
  ): Status;
  abort(slot: number, generation: number, track: number, writable: number): Status;
  hold(ref: object, slot: number, generation: number): Status;
  release(track: number, slot: number): void;
  /** A window; or the size of an object of this format that fitted into `target` and was copied there. */
  get(slot: number, generation: number, target?: ArrayBuffer, format?: FormatCode): ArrayBuffer | number;
  /** The number of bytes that were copied; only of objects whose format has a lower code than `formats`. */
  getInto(
    slot: number,
    generation: number,
    target: NodeJS.ArrayBufferView | ArrayBufferLike,
    formats: FormatCode,
  ): number | Status;
  /** Takes the window itself or a view on it. */
  releaseWindow(view: unknown): Status;
  /** In debug mode, whether the bytes of an object that this thread views are those that were sealed. */
  check(slot: number, generation: number): Status;
  /** The object that a window of this store shows, by a look at all of them. */
  placeOf(window: ArrayBufferLike): Status;
  delete(slot: number, generation: number): Status;
  /** The store holds the object, too: it outlives its last ref. */
  keep(slot: number, generation: number): Status;
  lookUp(id: Uint8Array): Status;
  handBack(slot: number, generation: number): void;
  wakeActor(): void;
  keepAlive(keep: boolean): void;
  disconnect(): void;
}

/** The allocator actor's functions on its arena. */
export interface BridgeActor {
  /** Takes everything back that was freed, but for what lies on disk; how many slots gave something back. */
  reclaimFreed(): number;
  /** Slots whose blocks lie on disk: the blocks, and by `finishReclaim` the slots, are the caller's to take back. */
  takeFreedOnDisk(out: Uint32Array): number;
  takeSettled(out: Uint32Array): number;
  awaitSettled(slot: number, generation: number): Status;
  lookUp(id: Uint8Array, out: Uint32Array): Status;
  /** Whether there was a free slot; `[slot, generation]` of what is leased now. */
  lease(
    block: number,
    offsetUnits: number,
    units: number,
    fallback: boolean,
    client: number,
    out: Uint32Array,
  ): boolean;
  /**
   * 0 or an error number; the slot comes back by `takeSpilled`. A status when the object is not in memory any more, or is
   * larger than the target.
   */
  startSpill(slot: number, generation: number, targetOffset: number, targetBytes: number): number | Status;
  /** Whether `takeSpilled` has something: for the last look before a sleep. */
  hasSpilled(): boolean;
  /** `[slot, error number, slot, error number, …]` */
  takeSpilled(): number[];
  commitSpill(slot: number, generation: number, offsetUnits: number): boolean;
  /** Gives up an object that only the store holds. */
  evict(slot: number, generation: number): boolean;
  /** Whether a sealed object's bytes are those that were sealed; always so but in debug mode. */
  check(slot: number): boolean;
  finishReclaim(slot: number): void;
  /** How many blocks came back; `-1 - count` when smaller ones were passed over. */
  recallLeases(leastUnits: number): number;
  deleteObject(slot: number, generation: number): Status;
  recoverClient(client: number): number;
  ringClient(client: number): void;
  requestCollection(client: number, full: boolean): boolean;
  keepAlive(keep: boolean): void;
  end(): void;
}

/** The bell of one thread's event loop. */
export interface BridgeBell {
  /** What other threads ring it by. */
  readonly number: number;
  /** Whether it keeps the event loop alive; not so at first. */
  keepAlive(keep: boolean): void;
  /** Once; the thread's end does it too. */
  close(): void;
}

/** The addon. Failures of the system are errors with `systemCode`, `systemCall`, `bytes` and `offset`. */
export interface Bridge {
  mapAnonymous(sizeBytes: number, hugePages: boolean): number;
  mapMemfd(sizeBytes: number): number;
  mapFile(directory: string, sizeBytes: number): number;
  /** Call it once per region: two backing stores over one address break `Atomics.wait`. */
  regionBuffer(region: number): SharedArrayBuffer;
  reserveRange(region: number, offset: number, sizeBytes: number): void;
  punchRange(region: number, offset: number, sizeBytes: number): void;
  /** Advice, of an anonymous region; only whole huge pages within the range are asked for. */
  preferHugePages(region: number, offset: number, sizeBytes: number): void;
  populateRange(region: number, offset: number, sizeBytes: number): void;
  isPopulating(region: number): boolean;
  /** The file system of a file region, which its folder may have left: `[capacityBytes, availableBytes]`. */
  diskOf(region: number): [capacityBytes: number, availableBytes: number] | undefined;
  releaseRegion(region: number): void;
  /** The clock of the times in the object table, in milliseconds modulo 2^32. */
  coarseNowMs(): number;
  regionCount(): number;
  /** An allocator whose books fill this fresh region. */
  openAllocator(region: number, capacityUnits: number, granularityShift: number, rowCount: number): number;
  /** A block, or -1. */
  allocate(allocator: number, units: number): number;
  /** Whether the block was handed out. */
  free(allocator: number, block: number): boolean;
  flushCache(allocator: number): void;
  releaseAllocator(allocator: number): void;
  openArena(control: number, primary: number, fallback: number, allocator: number): number;
  releaseArena(arena: number): void;
  attachActor(arena: number, onRing: () => void): BridgeActor;
  attachClient(
    arena: number,
    onRing: () => void,
    stockLimitBytes: number,
    markAsUntransferable: (window: ArrayBuffer) => void,
  ): BridgeClient | undefined | null;
  /** `undefined` while all bells of the process are taken. */
  openBell(onRing: () => void): BridgeBell | undefined;
  /** Rings in vain where no bell is open. */
  ringBell(number: number): void;
  /** Collects garbage on this thread, now. */
  collect(full: boolean): void;
  /** One of `KIND` (`src/state/kinds.ts`). */
  kindOf(value: object): number;
  copyBytes(target: Uint8Array, source: Uint8Array, asPutDoes: boolean): void;
  nextHeader(header: bigint, event: number): bigint | undefined;
  sizeClass(units: number): [roundedUnits: number, sizeClass: number];
}

/** Where the addon for the running Node lies, relative to the package. */
function addonPath(): string {
  const variant = process.env.PLASMOID_ASAN === '1' ? '-asan' : '';
  return `native-bridge/build/${process.versions.modules}-${process.platform}-${process.arch}${variant}/plasmoid.node`;
}

function load(): Bridge {
  const path = new URL(`../../../${addonPath()}`, import.meta.url);
  try {
    const bridge: Bridge = createRequire(import.meta.url)(path.pathname);
    return bridge;
  } catch (cause) {
    throw new NotSupportedError(
      `Plasmoid's native addon for this Node (ABI ${process.versions.modules}) is missing or does not load; ` +
        'run `npm rebuild plasmoid` with a C++ compiler, make and python3 installed ' +
        '(where npm asks for it, `npm install-scripts approve plasmoid` before that)',
      { path: path.pathname, nodeVersion: process.version },
      { cause },
    );
  }
}

/** The loaded addon. Importing this module in any number of threads is safe. */
export const bridge: Bridge = load();
