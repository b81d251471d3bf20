/** What the allocator actor's thread is started with. Cloneable: regions and the arena are numbers. */
export interface AllocatorThreadData {
  readonly control: SharedArrayBuffer;
  readonly arena: number;
  readonly primaryRegion: number;
  readonly primaryBytes: number;
  /** 0 when the store has no disk. */
  readonly fallbackRegion: number;
  readonly fallbackBytes: number;
  readonly spillDirectory: string;
  readonly populateAheadBytes: number;
}
