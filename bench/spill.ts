/**
 * Spilling: what does not fit into memory goes to disk and is read there, beside a loop of direct reads and writes of the
 * same sizes, which is what the disk can do.
 */
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObjectRef, Store } from '../src/index.ts';
import { bridge } from '../src/pools/bridge.ts';
import type { Row, Run, Scale, Subject } from './harness.ts';

const MEBIBYTE = 2 ** 20;
const OBJECT_BYTES = 16 * MEBIBYTE;
const STORE_BYTES = 256 * MEBIBYTE;
const OBJECTS = { full: 128, quick: 20 };
/** Each moves 2 GiB. */
const ROUNDS = 5;
const IN_MEMORY = STORE_BYTES / OBJECT_BYTES;

/** One word of each cache line: enough for every page to come. */
function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index += 8) total += values[index] ?? 0;
  return total;
}

function millisecondsPerGibibyte(objects: number, startedMs: number): number {
  return (performance.now() - startedMs) / ((objects * OBJECT_BYTES) / 2 ** 30);
}

/** Direct reads and writes want aligned memory, which `new ArrayBuffer` does not promise. */
class AlignedMemory {
  readonly #region = bridge.mapAnonymous(OBJECT_BYTES, true);
  readonly values = new Float64Array(bridge.regionBuffer(this.#region));

  release(): void {
    bridge.releaseRegion(this.#region);
  }
}

/** A file of its own for direct reads and writes, and aligned memory for them. */
class DirectFile {
  readonly #memory = new AlignedMemory();
  readonly #folder = mkdtempSync(join(tmpdir(), 'plasmoid-bench-'));
  #file = -1;

  constructor() {
    this.#memory.values.fill(1);
  }

  /** Writes all objects into an empty file; milliseconds per GiB. */
  write(objects: number): number {
    this.close();
    const { O_CREAT, O_DIRECT, O_RDWR, O_TRUNC } = constants;
    this.#file = openSync(join(this.#folder, 'file'), O_CREAT | O_DIRECT | O_RDWR | O_TRUNC);
    const startedMs = performance.now();
    for (let object = 0; object < objects; object++)
      writeSync(this.#file, this.#memory.values, 0, OBJECT_BYTES, object * OBJECT_BYTES);
    return millisecondsPerGibibyte(objects, startedMs);
  }

  sum(object: number, { values } = this.#memory): number {
    readSync(this.#file, values, 0, OBJECT_BYTES, object * OBJECT_BYTES);
    return sum(values);
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  remove(): void {
    this.close();
    this.#memory.release();
    rmSync(this.#folder, { recursive: true });
  }
}

async function fullStore(): Promise<{ store: Store; refs: ObjectRef<Float64Array>[]; source: Float64Array }> {
  const store = await Store.create({ memory: STORE_BYTES, populateAhead: STORE_BYTES });
  const source = new Float64Array(OBJECT_BYTES / 8).fill(1);
  const refs: ObjectRef<Float64Array>[] = [];
  for (let object = 0; object < IN_MEMORY; object++) refs.push(await store.put(source));
  return { store, refs, source };
}

const writeThroughStore: Subject = {
  name: 'Plasmoid, put into a full store',
  setUp: (scale): Run => ({
    round: async () => {
      const { store, refs, source } = await fullStore();
      const objects = countOf(scale);
      const startedMs = performance.now();
      for (let object = 0; object < objects; object++) refs.push(await store.put(source));
      const took = millisecondsPerGibibyte(objects, startedMs);
      const { spilledObjects, fallback } = await store.stats();
      if (fallback.objectBytes < (objects - 2) * OBJECT_BYTES)
        throw new Error(`${spilledObjects} objects were spilled`);
      await store.close();
      return took;
    },
  }),
};

const readInPlace: Subject = {
  name: 'Plasmoid, in place',
  setUp: (scale): Run => ({
    round: async () => {
      const { store, refs, source } = await fullStore();
      for (let object = 0; object < countOf(scale); object++) refs.push(await store.put(source));
      const onDisk = new Set(
        store.list().flatMap(({ id, location }) => (location === 'fallback' ? [id.hex] : [])),
      );
      const spilled = refs.filter(({ id }) => onDisk.has(id.hex));
      const startedMs = performance.now();
      let total = 0;
      for (const ref of spilled) {
        const view = ref.getSync();
        total += sum(view);
        store.release(view);
      }
      const took = millisecondsPerGibibyte(spilled.length, startedMs);
      if (total !== (spilled.length * OBJECT_BYTES) / 64) throw new Error(`the sum is ${total}`);
      await store.close();
      return took;
    },
  }),
};

function countOf(scale: Scale): number {
  return scale.quick ? OBJECTS.quick : OBJECTS.full;
}

function direct(name: string, round: (file: DirectFile, objects: number) => number): Subject {
  return {
    name,
    setUp: (scale): Run => {
      const file = new DirectFile();
      return { round: () => round(file, countOf(scale)), tearDown: () => file.remove() };
    },
  };
}

function readAll(file: DirectFile, objects: number, read: (object: number) => number): number {
  file.write(objects);
  const startedMs = performance.now();
  let total = 0;
  for (let object = 0; object < objects; object++) total += read(object);
  const took = millisecondsPerGibibyte(objects, startedMs);
  if (total !== (objects * OBJECT_BYTES) / 64) throw new Error(`the sum is ${total}`);
  return took;
}

export const rows: readonly Row[] = [
  {
    name: 'spill: 16 MiB objects past a memory of 256 MiB',
    unit: 'ms/GiB',
    rounds: ROUNDS,
    subjects: [
      writeThroughStore,
      direct('bound: direct writes from one buffer', (file, objects) => file.write(objects)),
    ],
  },
  {
    name: 'spill: 16 MiB objects read back and summed',
    unit: 'ms/GiB',
    rounds: ROUNDS,
    subjects: [
      readInPlace,
      direct('read into memory of its own first', (file, objects) =>
        readAll(file, objects, (object) => {
          const memory = new AlignedMemory();
          const total = file.sum(object, memory);
          memory.release();
          return total;
        }),
      ),
      direct('bound: direct reads into one warm buffer', (file, objects) =>
        readAll(file, objects, (object) => file.sum(object)),
      ),
    ],
  },
];
