/** A store without its thread, for tests that force every order: they are its actor, and its one client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Allocator } from '../../src/pools/allocator/allocator.ts';
import { attachActor, attachClient } from '../../src/pools/arena.ts';
import type { BridgeActor, BridgeClient } from '../../src/pools/bridge.ts';
import type { ControlRegion } from '../../src/pools/control-region.ts';
import { MemoryPool, openFallback } from '../../src/pools/memory-pool.ts';
import { type LeasedSlot, ObjectTable } from '../../src/pools/object-table.ts';
import { Spilling } from '../../src/pools/spilling.ts';
import { mapStoreMemory, releaseStoreMemory } from '../../src/pools/store-memory.ts';
import { STATUS } from '../../src/state/bridge-status.ts';
import { unitsOf } from '../../src/state/slot-layout.ts';

const MEBIBYTE = 2 ** 20;
const MAX_OBJECTS = 1000;

/** An object, and what holds it. */
export interface Placed {
  readonly slot: number;
  readonly generation: number;
  /** What the thread's ref is called in the bridge. */
  readonly track: number;
  readonly holder: object;
}

export interface Bench {
  readonly control: ControlRegion;
  readonly actor: BridgeActor;
  readonly client: BridgeClient;
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool;
  readonly table: ObjectTable;
  readonly spilling: Spilling;
}

export async function onBench(run: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-spilling-'));
  const memory = mapStoreMemory({
    memoryBytes: 4 * MEBIBYTE,
    maxObjects: MAX_OBJECTS,
    hugePages: false,
    debug: false,
    spillLimitBytes: 16 * MEBIBYTE,
    spillDirectory: directory,
  });
  const actor = attachActor(memory.arena, () => {});
  const client = attachClient(memory.arena, () => {}, 0);
  if (client === undefined || client === null) throw new Error('no client record');
  const primary = new MemoryPool('primary', memory.primaryRegion, new Allocator(memory.allocator), 0);
  const fallback = openFallback(memory.fallbackRegion, memory.fallbackBytes, MAX_OBJECTS);
  const { control } = memory;
  const table = new ObjectTable(control, actor, primary, fallback);
  const spilling = new Spilling(control, actor, fallback, table);
  try {
    await run({ control, actor, client, primary, fallback, table, spilling });
    table.verify(spilling.unitsUnderWay);
  } finally {
    client.disconnect();
    actor.end();
    releaseStoreMemory(memory);
    rmSync(directory, { recursive: true });
  }
}

/** A block for so many bytes, as the actor's answer to a create. */
export function lease({ table, primary, client }: Bench, sizeBytes: number): LeasedSlot {
  const block = primary.allocate(unitsOf(sizeBytes));
  if (typeof block !== 'number') throw new Error('no room');
  const leased = table.lease(primary, block, client.index);
  if (leased === undefined) throw new Error('no free slot');
  return leased;
}

export function put(bench: Bench, bytes: Uint8Array): Placed {
  const { client } = bench;
  const leased = lease(bench, bytes.length);
  const holder = {};
  const status = client.put(bytes, 0, holder, undefined, leased.slot, leased.generation);
  assert.is(status, STATUS.OK);
  const [slot = 0, generation = 0, track = 0] = client.result;
  return { slot, generation, track, holder };
}

export function get({ client }: Bench, { slot, generation }: Placed): Uint8Array {
  const window = client.get(slot, generation);
  if (typeof window === 'number') throw new Error(`status ${window}`);
  return new Uint8Array(window);
}
