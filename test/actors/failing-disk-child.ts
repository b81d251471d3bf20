/** A process whose disk fails: says in JSON what became of its objects. */
import { tmpdir } from 'node:os';
import { type ObjectRef, OutOfDiskError, onStoreEvent, Store } from '../../src/index.ts';
import { failWrites } from '../support/failing-disk.ts';
import { until } from '../support/until.ts';

const MEBIBYTE = 2 ** 20;
const MEMORY = 8 * MEBIBYTE;

/** What the child tells. */
export interface FailingDiskReport {
  /** Objects whose bytes are not what was put. */
  readonly wrong: readonly number[];
  readonly puts: number;
  readonly refused: number;
  /** Objects that could not be copied, and why not. */
  readonly failedCopies: number;
  readonly systemCodes: readonly string[];
  readonly spilledWhileFailing: number;
  readonly spilledAfter: number;
  readonly objectsLeft: number;
}

function bytesOf(index: number): Uint8Array {
  return new Uint8Array(MEBIBYTE).fill(index + 1);
}

/** `spillLimit` decides whether the disk can take what is created there instead, for which nothing is copied. */
async function run(spillLimit: number): Promise<FailingDiskReport> {
  let failedCopies = 0;
  const systemCodes = new Set<string>();
  onStoreEvent('spill', ({ failed, systemCode }) => {
    failedCopies += failed;
    if (systemCode !== undefined) systemCodes.add(systemCode);
  });
  const store = await Store.create({ memory: MEMORY, spillDirectory: tmpdir(), spillLimit });
  const refs: ObjectRef<Uint8Array>[] = [];
  let puts = 0;
  let refused = 0;
  const put = async (): Promise<void> => {
    try {
      refs.push(await store.put(bytesOf(refs.length)));
      puts++;
    } catch (error) {
      if (!(error instanceof OutOfDiskError)) throw error;
      refused++;
    }
  };
  for (let index = 0; index < 12; index++) await put();
  failWrites(true);
  for (let index = 0; index < 4; index++) await put();
  // One thread copies, in order: behind a copy that has failed, none is under way that began before.
  await until('a copy that failed', () => failedCopies > 0);
  const before = (await store.stats()).spilledObjects;
  for (let index = 0; index < 8; index++) await put();
  const spilledWhileFailing = (await store.stats()).spilledObjects - before;
  failWrites(false);
  // There is room on disk again, and its writes succeed: moves go on.
  for (const ref of refs.splice(0, 6)) ref.release();
  const kept = refs.length;
  const middle = (await store.stats()).spilledObjects;
  const later = [];
  let spilledAfter = 0;
  // How many fit into memory first depends on where those lay that have just gone.
  for (let index = 0; index < 12 && spilledAfter === 0; index++) {
    later.push(await store.put(bytesOf(index)));
    spilledAfter = (await store.stats()).spilledObjects - middle;
  }
  const wrong: number[] = [];
  for (const [index, ref] of refs.entries()) {
    await store.use(ref, (view) => {
      if (!view.every((byte) => byte === index + 6 + 1)) wrong.push(index);
    });
  }
  await store.verify();
  for (const ref of [...refs, ...later]) ref.release();
  await store.trim();
  const { objectCount } = await store.stats();
  await store.close();
  if (kept !== refs.length) throw new Error('refs were lost');
  return {
    wrong,
    puts,
    refused,
    failedCopies,
    systemCodes: [...systemCodes],
    spilledWhileFailing,
    spilledAfter,
    objectsLeft: objectCount,
  };
}

process.stdout.write(JSON.stringify(await run(Number(process.argv[2]))));
