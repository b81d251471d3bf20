/** Making a store: its memory and its allocator thread, owned by the thread that makes them. */
import { mapStoreMemory, releaseStoreMemory } from '../../pools/store-memory.ts';
import { invalidArgument } from '../../state/options.ts';
import type { AllocatorThreadData } from '../allocator/thread-data.ts';
import { startAllocatorThread } from './allocator-thread.ts';
import { publishBatch } from './diagnostics.ts';
import { readStoreOptions, type StoreOptions } from './store-options.ts';

/** Names a store in a message to another thread of this process. A plain value that can be cloned. */
export interface StoreHandle {
  readonly control: SharedArrayBuffer;
  readonly arena: number;
  readonly memoryBytes: number;
}

/** A running store, as its maker holds it. */
export interface OwnedStore {
  readonly handle: StoreHandle;
  /** Waits for the allocator thread, which was asked to end, and forgets the memory. */
  end(): Promise<void>;
}

/** Maps memory and starts the actor. Whatever fails, nothing stays behind. */
export async function startStore(options: StoreOptions | undefined): Promise<OwnedStore> {
  const read = readStoreOptions(options);
  const memory = mapStoreMemory(read);
  try {
    const data: AllocatorThreadData = {
      control: memory.control.buffer,
      arena: memory.arena,
      primaryRegion: memory.primaryRegion,
      primaryAllocator: memory.allocator,
      fallbackRegion: memory.fallbackRegion,
      fallbackBytes: memory.fallbackBytes,
      maxObjects: read.maxObjects,
      spillDirectory: read.spillDirectory,
      diskThreshold: read.diskThreshold,
      populateAheadBytes: read.populateAheadBytes,
    };
    const thread = await startAllocatorThread(data, (events) => publishBatch(memory.control.name, events));
    return {
      handle: { control: memory.control.buffer, arena: memory.arena, memoryBytes: read.memoryBytes },
      end: async () => {
        await thread.ended();
        releaseStoreMemory(memory);
      },
    };
  } catch (error) {
    releaseStoreMemory(memory);
    throw error;
  }
}

/** Throws `InvalidArgumentError` for what is no handle. */
export function assertHandle(handle: StoreHandle): void {
  const isHandle =
    handle?.control instanceof SharedArrayBuffer &&
    Number.isInteger(handle.arena) &&
    Number.isInteger(handle.memoryBytes);
  if (!isHandle) throw invalidArgument('handle', handle, "a store's handle", 'Store.connect');
}
