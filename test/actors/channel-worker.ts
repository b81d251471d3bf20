/** A thread with one end of a channel, that works until the channel ends or it is killed. */
import { parentPort, workerData } from 'node:worker_threads';
import { Channel, type ChannelToken, PlasmoidError, Store, type StoreHandle } from '../../src/index.ts';

export interface ChannelData {
  readonly role: 'read' | 'readSync' | 'write' | 'writeSync';
  readonly store: StoreHandle;
  readonly channel: ChannelToken<Float64Array>;
  /** Bumped at each version that was read or written. */
  readonly progress: Int32Array;
}

/** Versions say their number in every element, and grow. */
export function versionOf(number: number): Float64Array {
  return new Float64Array(1 + (number % 100)).fill(number);
}

/** Whether all of it is one version. */
export function isVersion(values: ArrayLike<number>): boolean {
  const [number = -1] = Array.from(values);
  return values.length === 1 + (number % 100) && Array.from(values).every((value) => value === number);
}

async function run({ role, store: handle, channel: token, progress }: ChannelData): Promise<string> {
  const channel = Channel.connect(Store.connectSync(handle), token);
  try {
    if (role.startsWith('write')) {
      const writer = channel.openWriter();
      for (let number = 0; ; number++) {
        if (role === 'write') await writer.write(versionOf(number));
        else writer.writeSync(versionOf(number));
        Atomics.add(progress, 0, 1);
      }
    }
    const reader = channel.openReader();
    for (;;) {
      const values = role === 'read' ? await reader.read() : reader.readSync();
      if (!isVersion(values)) return 'torn';
      Atomics.add(progress, 0, 1);
    }
  } catch (error) {
    if (error instanceof PlasmoidError) return error.name;
    throw error;
  }
}

const data: ChannelData | undefined = workerData;
if (data?.channel !== undefined && data.progress !== undefined) parentPort?.postMessage(await run(data));
