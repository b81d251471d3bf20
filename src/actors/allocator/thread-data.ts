import type { AllocatorHandle } from '../../pools/allocator/allocator.ts';

/** What its maker answers to each batch of events. */
export const EVENTS_HEARD = 'heard';

/** What the allocator actor's thread is started with. Cloneable: regions and the arena are numbers. */
export interface AllocatorThreadData {
  readonly control: SharedArrayBuffer;
  readonly arena: number;
  readonly primaryRegion: number;
  readonly primaryAllocator: AllocatorHandle;
  /** 0 when the store has no disk. */
  readonly fallbackRegion: number;
  readonly fallbackBytes: number;
  readonly maxObjects: number;
  readonly spillDirectory: string;
  /** Part of its file system in use from which on nothing more goes there. */
  readonly diskThreshold: number;
  readonly populateAheadBytes: number;
}
