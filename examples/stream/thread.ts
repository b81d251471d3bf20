/** A thread that runs one stage: it reads one channel and writes the next. */
import { workerData } from 'node:worker_threads';
import { Channel, type ChannelToken, Store, type StoreHandle } from '../../src/index.ts';
import { readFlightRows } from '../support/vega.ts';
import { STAGES } from './stages.ts';

type Ends = { readonly [End in 'input' | 'output']?: ChannelToken<Float32Array> | undefined };
/** What it is told. The array is for the display: bytes written so far, and versions that wait to be read. */
export type StageOrder = [store: StoreHandle, stage: string, ends: Ends, shown: Float64Array, rows: number];

const [handle, stage, { input, output }, shown, rows]: StageOrder = workerData;
const store = await Store.connect(handle);
const writer = Channel.connect(store, output!).openWriter();
// The synchronous calls: this thread has nothing else to do.
const emit = (value: Float32Array): void => {
  shown[0]! += value.byteLength;
  writer.writeSync(value);
};
if (input === undefined) for await (const portion of readFlightRows(rows)) emit(portion);
else {
  const reader = Channel.connect(store, input).openReader();
  const take = STAGES[stage]!(emit);
  for (const version of reader.valuesSync()) {
    shown[1] = reader.unread;
    take(version);
    store.release(version); // Not needed, but returns the memory at once.
  }
}
writer.closeSync();
await store.close();
