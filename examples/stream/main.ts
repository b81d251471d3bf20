/** Half a year of flights as a stream: stages in threads of their own, joined by channels, drawn as they come. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Channel, Store } from '../../src/index.ts';
import { print, runExample, seconds, timed } from '../support/example.ts';
import { flowLine, greenToRed, pixelLines, Screen } from '../support/screen.ts';
import { HEIGHT, WIDTH } from '../support/us-map.ts';
import { readFlightRows } from '../support/vega.ts';
import { type Emit, STAGES } from './stages.ts';
import type { StageOrder } from './thread.ts';

const DEPTH = 8;

function picture(map: Float32Array, flow: string): string[] {
  const hour = new Date(Date.UTC(2001, 0, 1, map[0])).toISOString().slice(0, 16).replace('T', ' ');
  const pixels = pixelLines(WIDTH, HEIGHT, (x, y) => greenToRed(map[1 + y * WIDTH + x]! / 30));
  return [...pixels, 'Delays: green is on time, red half an hour late', `${hour}  ${flow}`];
}

async function pipeline(rows: number): Promise<number> {
  await using store = await Store.create({ memory: '64MiB' });
  const names = ['decode', ...Object.keys(STAGES)];
  const channels = names.map(() => Channel.create<Float32Array>(store, { depth: DEPTH }));
  const shown = names.map(() => new Float64Array(new SharedArrayBuffer(16)));
  const threads = names.map((stage, index) => {
    const ends = { input: channels[index - 1]?.token, output: channels[index]!.token };
    const order: StageOrder = [store.handle, stage, ends, shown[index]!, rows];
    return once(new Worker(new URL('./thread.js', import.meta.url), { workerData: order }), 'exit');
  });
  const screen = new Screen();
  const startedMs = performance.now();
  let hours = 0;
  for await (const map of channels.at(-1)!.openReader().values()) {
    screen.draw(() => picture(map, flowLine(names, shown, DEPTH, performance.now() - startedMs)));
    hours++;
  }
  await Promise.all(threads);
  return hours;
}

/** The same stages, one in the other, in this thread. */
async function oneThread(rows: number): Promise<number> {
  const screen = new Screen();
  let hours = 0;
  const last: Emit = (map) => {
    screen.draw(() => picture(map, 'in one thread'));
    hours++;
  };
  const first = Object.values(STAGES).reduceRight((emit, stage) => stage(emit), last);
  for await (const portion of readFlightRows(rows)) first(portion);
  return hours;
}

await runExample('Flights, streamed through channels', async ({ small }) => {
  const rows = small ? 100_000 : 3_000_000;
  const streamed = await timed(() => pipeline(rows));
  const plain = await timed(() => oneThread(rows));
  print(`${rows} flights of ${streamed.value} hours in ${seconds(streamed.ms)}`);
  print(`The same in one thread: ${seconds(plain.ms)}, ${(plain.ms / streamed.ms).toFixed(2)} times as long`);
  if (streamed.value !== plain.value) throw new Error(`${plain.value} hours in one thread`);
});
