/**
 * lmdb, as near to a cache in memory as its documents lead: `noSync` and `useWritemap` ("virtually zero explicit I/O
 * calls"), no `overlappingSync`, `noMemInit`, keys of 32 bits and values as they are, without its second cache of
 * decoded values. `getBinaryFast` copies into a buffer that is valid until the next get, `getBinary` into one to keep.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { Unavailable } from '../harness.ts';

export type Lmdb = RootDatabase<Uint8Array, number>;

export async function openLmdb(): Promise<Lmdb | Unavailable> {
  let library: typeof import('lmdb');
  try {
    library = await import('lmdb');
  } catch (error) {
    return new Unavailable(`lmdb does not load: ${String(error)}`);
  }
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-bench-lmdb-'));
  try {
    return library.open<Uint8Array, number>({
      path: join(directory, 'data'),
      encoding: 'binary',
      keyEncoding: 'uint32',
      noSync: true,
      overlappingSync: false,
      useWritemap: true,
      noMemInit: true,
      cache: false,
      mapSize: 2 ** 30,
    });
  } finally {
    // It has its files open and mapped. Without names they go with this process, however it ends.
    rmSync(directory, { recursive: true });
  }
}
