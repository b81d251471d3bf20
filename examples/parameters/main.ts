/** A parameter server: an actor holds the weights, tasks learn from parts of a dictionary, nobody waits for all. */
import { writeFileSync } from 'node:fs';
import { Runtime } from '../../src/index.ts';
import { type Curve, renderCurves } from '../support/curves.ts';
import { type Definitions, readDefinitions } from '../support/definitions.ts';
import { print, runExample, seconds } from '../support/example.ts';
import { accuracy, gradient, vote } from '../support/softmax.ts';
import { KINDS } from '../support/wordnet.ts';
import { Server, tasks } from './tasks.ts';

const BATCH = 16_000;
const TESTED = 2000;
const EPOCHS = 10;
/** Batches from one look at the accuracy to the next. */
const LOOK = 4;

type Batch = readonly [first: number, last: number];
type Learned = { readonly weights: Float32Array; readonly points: Curve['points'] };

function batchesOf(definitions: number): Batch[] {
  const count = Math.floor((definitions - TESTED) / BATCH);
  return Array.from({ length: count * EPOCHS }, (_, index) => {
    const first = (index % count) * BATCH;
    return [first, first + BATCH];
  });
}

async function withWorkers(data: Definitions, batches: readonly Batch[], workers: number): Promise<Learned> {
  await using runtime = await Runtime.start({ workers: workers + 1, memory: '512MiB' });
  const { store } = runtime;
  const shard = [
    await store.put(data.starts),
    await store.put(data.words),
    await store.put(data.kinds),
  ] as const;
  // It has the one more worker to itself, so that no call of it waits for a task.
  const server = await runtime.spawn(Server, [data.vocabulary], { resources: { CPU: 1 } });
  const tested: Batch = [data.kinds.length - TESTED, data.kinds.length];
  const points = [{ ms: 0, value: 0 }];
  const startedMs = performance.now();
  let next = 0;
  const learner = async (): Promise<void> => {
    for (let index = next++; index < batches.length; index = next++) {
      const slope = runtime.submit(tasks.gradient, [server.weights(), ...shard, batches[index]!]);
      // Not before it is there: the server's calls keep their order, and later ones would wait for it as well.
      await slope;
      await server.apply(slope);
      if (index % LOOK !== 0) continue;
      const ms = performance.now() - startedMs;
      points.push({ ms, value: await runtime.submit(tasks.accuracy, [server.weights(), ...shard, tested]) });
    }
  };
  await Promise.all(Array.from({ length: workers }, learner));
  points.sort((a, b) => a.ms - b.ms);
  return { weights: Float32Array.from(await server.weights()), points };
}

function inOneThread({ starts, words, kinds, vocabulary }: Definitions, batches: readonly Batch[]): Learned {
  const server = new Server(vocabulary);
  const points = [{ ms: 0, value: 0 }];
  const startedMs = performance.now();
  batches.forEach((batch, index) => {
    server.apply(gradient(server.weights(), starts, words, kinds, batch));
    if (index % LOOK !== 0) return;
    const ms = performance.now() - startedMs;
    points.push({
      ms,
      value: accuracy(server.weights(), starts, words, kinds, [kinds.length - TESTED, kinds.length]),
    });
  });
  return { weights: server.weights(), points };
}

await runExample(
  'A parameter server learns which kind of thing a definition defines',
  async ({ small, workers, output }) => {
    const data = readDefinitions(small ? 20_000 : 120_000);
    const batches = batchesOf(data.kinds.length);
    const shared = await withWorkers(data, batches, workers);
    const plain = inOneThread(data, batches);
    const curves = [
      { name: `${workers} workers`, colour: '#2b6cb0', points: shared.points },
      { name: 'one thread', colour: '#dd6b20', points: plain.points },
    ];
    writeFileSync(output, renderCurves('Definitions whose kind was guessed right, of 45 kinds', curves));
    for (let index = data.kinds.length - 8; index < data.kinds.length; index++) {
      const votes = vote(shared.weights, data.words.subarray(data.starts[index], data.starts[index + 1]));
      print(`  ${KINDS[votes.indexOf(Math.max(...votes))]?.padEnd(20)} ← ${data.texts[index]?.slice(0, 80)}`);
    }
    for (const { name, points } of curves) {
      const { ms, value } = points.at(-1)!;
      print(`${batches.length} batches, ${name}: ${seconds(ms)}, ${(100 * value).toFixed(1)} % right`);
    }
    print(
      `In one thread ${(plain.points.at(-1)!.ms / shared.points.at(-1)!.ms).toFixed(2)} times as long. Picture: ${output}`,
    );
  },
  'parameters.svg',
);
