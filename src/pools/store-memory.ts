/** The regions of one store: mapped by its creator, named by numbers everywhere else. */
import { randomBytes } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { controlLayout, NONCE_BYTES } from '../state/control-layout.ts';
import { InvalidArgumentError, SystemError } from '../state/errors.ts';
import { SLOT_BYTES, UNIT_BYTES } from '../state/slot-layout.ts';
import { Allocator, type AllocatorHandle } from './allocator/allocator.ts';
import { bridge } from './bridge.ts';
import { ControlRegion } from './control-region.ts';
import { PAGE_BYTES, toSystemError } from './memory-pool.ts';

/** What a store's memory is made from. Sizes are checked before. */
export interface StoreMemoryOptions {
  readonly memoryBytes: number;
  readonly maxObjects: number;
  readonly debug: boolean;
  readonly hugePages: boolean;
  /** Undefined: as large as the file system; 0: no disk. */
  readonly spillLimitBytes: number | undefined;
  readonly spillDirectory: string;
}

/** Everything mapped. */
export interface StoreMemory {
  readonly control: ControlRegion;
  readonly arena: number;
  /** Of the primary region. */
  readonly allocator: AllocatorHandle;
  readonly controlRegion: number;
  readonly primaryRegion: number;
  readonly fallbackRegion: number;
  readonly fallbackBytes: number;
}

/** Offsets are 32 bits of 64-byte units. */
const FALLBACK_MAX_BYTES = 2 ** 32 * UNIT_BYTES - 2 ** 30;
/**
 * The slots of many objects lie on huge pages: gets in any order need fewer translations of addresses. The first 8 MiB do
 * not, so that the last huge page, whose other slots may never be used, adds a quarter to what is in memory at most. The other tables do
 * not either: they are hardly used, and no word of theirs shall take 2 MiB.
 */
const SMALL_PAGE_SLOTS = 131_072;

/** Maps everything, or throws `SystemError` and leaves nothing mapped. */
export function mapStoreMemory(options: StoreMemoryOptions): StoreMemory {
  const regions: number[] = [];
  let allocator: Allocator | undefined;
  const map = (make: () => number): number => {
    const region = make();
    regions.push(region);
    return region;
  };
  try {
    const layout = controlLayout(options.maxObjects, options.debug);
    const controlRegion = map(() => bridge.mapAnonymous(layout.totalBytes, false));
    if (options.hugePages && options.maxObjects > SMALL_PAGE_SLOTS) {
      const from = layout.objectsOffset + SMALL_PAGE_SLOTS * SLOT_BYTES;
      bridge.preferHugePages(controlRegion, from, layout.namesOffset - from);
    }
    const primaryRegion = map(() => bridge.mapAnonymous(options.memoryBytes, options.hugePages));
    const fallbackBytes = fallbackSize(options);
    const fallbackRegion =
      fallbackBytes === 0 ? 0 : map(() => bridge.mapFile(options.spillDirectory, fallbackBytes));
    const nonce = randomBytes(NONCE_BYTES);
    const control = ControlRegion.initialise(bridge.regionBuffer(controlRegion), layout, nonce);
    allocator = Allocator.open({
      capacityUnits: Math.floor(options.memoryBytes / UNIT_BYTES),
      maxBlocks: options.maxObjects,
    });
    const { handle } = allocator;
    const arena = bridge.openArena(controlRegion, primaryRegion, fallbackRegion, handle.number);
    return { control, arena, allocator: handle, controlRegion, primaryRegion, fallbackRegion, fallbackBytes };
  } catch (error) {
    allocator?.release();
    for (const region of regions) bridge.releaseRegion(region);
    if (error instanceof InvalidArgumentError) throw error;
    throw describeFailure(toSystemError(error), options);
  }
}

/** What the system says of a file has no path in it. */
function describeFailure(error: SystemError, { spillDirectory }: StoreMemoryOptions): SystemError {
  const { systemCall, systemCode, path } = error.values;
  if (path !== undefined || (systemCall !== 'mkstemp' && systemCall !== 'ftruncate')) return error;
  const hint = systemCode === 'EFBIG' ? '; set spillLimit to less' : '';
  const message = `the spill file in ${spillDirectory} could not be made: ${error.message}${hint}`;
  return new SystemError(message, { ...error.values, path: spillDirectory }, { cause: error.cause });
}

/** Forgets the numbers; each mapping goes with the last window, client or actor that uses it. */
export function releaseStoreMemory(memory: StoreMemory): void {
  bridge.releaseArena(memory.arena);
  bridge.releaseAllocator(memory.allocator.number);
  for (const region of [memory.controlRegion, memory.primaryRegion, memory.fallbackRegion]) {
    if (region !== 0) bridge.releaseRegion(region);
  }
}

function fallbackSize({ spillLimitBytes, spillDirectory }: StoreMemoryOptions): number {
  if (spillLimitBytes === 0) return 0;
  const disk = statfsSync(spillDirectory);
  if (disk.blocks === 0) {
    throw new InvalidArgumentError(
      `spillDirectory must be a folder for files, but ${spillDirectory} is on a file system without room; ` +
        'choose another, or set spillLimit to 0',
      { name: 'spillDirectory', value: spillDirectory },
    );
  }
  const bytes = Math.min(spillLimitBytes ?? disk.blocks * disk.bsize, FALLBACK_MAX_BYTES);
  return Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES;
}
