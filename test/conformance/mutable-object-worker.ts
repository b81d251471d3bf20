/** A reader of Ray's `mutable_object_test`: reads until an error, and tells what it read. */
import { parentPort, workerData } from 'node:worker_threads';
import { Channel, type ChannelToken, PlasmoidError, Store, type StoreHandle } from '../../src/index.ts';

/** One version: Ray's metadata is the decimal length of the data. */
export interface Version {
  readonly data: string;
  readonly metadata: string;
}

export interface MutableObjectData {
  readonly role: 'mutable-object';
  readonly store: StoreHandle;
  readonly channel: ChannelToken<Version>;
  readonly reads: number;
  readonly sync: boolean;
}

/** How many versions came in order and whole, and what came instead of the next one. */
export interface ReaderOutcome {
  readonly read: number;
  readonly error: string | undefined;
}

/** Version `index` of all these tests. */
export function versionOf(index: number): Version {
  const data = `hello${index}`;
  return { data, metadata: String(data.length) };
}

async function run({ store: handle, channel, reads, sync }: MutableObjectData): Promise<ReaderOutcome> {
  const store = Store.connectSync(handle);
  let read = 0;
  try {
    const reader = Channel.connect(store, channel).openReader();
    parentPort?.postMessage('seated');
    while (read < reads) {
      const { data, metadata } = sync ? reader.readAcquireSync() : await reader.readAcquire();
      const expected = versionOf(read);
      if (data !== expected.data || metadata !== expected.metadata) return { read, error: `wrong: ${data}` };
      // As Ray's readers: what was got counts, whatever the release says.
      read++;
      reader.readRelease();
    }
    return { read, error: undefined };
  } catch (error) {
    if (error instanceof PlasmoidError) return { read, error: error.code };
    throw error;
  }
}

const data: MutableObjectData | undefined = workerData;
if (data?.role === 'mutable-object') parentPort?.postMessage(await run(data));
