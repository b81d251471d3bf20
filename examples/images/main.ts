/** Photographs through a pipeline: each is decoded once, and several tasks read the same pixels in place. */
import sharp from 'sharp';
import { Runtime } from '../../src/index.ts';
import { print, runExample, seconds, timed } from '../support/example.ts';
import { readPhotographs } from '../support/photographs.ts';
import { contactSheet, type Size } from '../support/pixels.ts';
import { operations, TILE, tasks } from './operations.ts';

interface Photograph {
  readonly name: string;
  readonly file: Buffer;
  readonly size: Size;
}
interface Result {
  readonly tiles: readonly Uint8Array[];
  readonly fingerprint: string;
}

async function withWorkers(runtime: Runtime, photographs: readonly Photograph[]): Promise<Result[]> {
  return Promise.all(
    photographs.map(async ({ file, size }) => {
      const pixels = runtime.submit(tasks.decode, [file]);
      const fingerprint = runtime.submit(tasks.fingerprint, [pixels, size]);
      const tiles = [tasks.thumbnail, tasks.blur, tasks.edges].map((task) =>
        runtime.submit(task, [pixels, size]),
      );
      return {
        tiles: await Promise.all([...tiles, runtime.submit(tasks.histogram, [pixels])]),
        fingerprint: await fingerprint,
      };
    }),
  );
}

async function inOneThread(photographs: readonly Photograph[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const { file, size } of photographs) {
    const pixels = await operations.decode(file);
    const tiles = [await operations.thumbnail(pixels, size), await operations.blur(pixels, size)];
    tiles.push(await operations.edges(pixels, size), operations.histogram(pixels));
    results.push({ tiles, fingerprint: await operations.fingerprint(pixels, size) });
  }
  return results;
}

await runExample(
  'Photographs in a pipeline',
  async ({ small, workers, output }) => {
    // One thread per task, so that one thread of ours is one thread of sharp's.
    sharp.concurrency(1);
    const photographs = await Promise.all(
      readPhotographs(small ? 2 : 9).map(async (photograph) => {
        const { width, height } = await sharp(photograph.file).metadata();
        return { ...photograph, size: { width, height } };
      }),
    );
    await using runtime = await Runtime.start({ workers, memory: '256MiB' });
    const shared = await timed(() => withWorkers(runtime, photographs));
    const plain = await timed(() => inOneThread(photographs));
    await contactSheet(
      shared.value.map(({ tiles }) => tiles),
      TILE,
      output,
    );
    photographs.forEach(({ name, size }, index) => {
      print(`  ${name.padEnd(24)} ${size.width} × ${size.height}  ${shared.value[index]?.fingerprint}`);
    });
    print(`${photographs.length} photographs, each decoded once for 5 tasks: ${seconds(shared.ms)}`);
    print(
      `In one thread: ${seconds(plain.ms)}, ${(plain.ms / shared.ms).toFixed(2)} times as long. Picture: ${output}`,
    );
    if (plain.value.some(({ fingerprint }, index) => fingerprint !== shared.value[index]?.fingerprint))
      throw new Error('the results differ');
  },
  'images.png',
);
