/** The words that English defines each kind of thing with: PageRank over a dictionary, in actors that hold a part each. */
import { writeFileSync } from 'node:fs';
import { Runtime } from '../../src/index.ts';
import { print, runExample, seconds, timed } from '../support/example.ts';
import { document, text } from '../support/svg.ts';
import { readGraph, type WordGraph } from '../support/word-graph.ts';
import { KINDS } from '../support/wordnet.ts';
import { Partition } from './partition.ts';

const ROUNDS = 25;
const SHOWN = 8;

async function inActors(runtime: Runtime, graph: WordGraph, parts: number) {
  const starts = await runtime.store.put(graph.starts);
  const sources = await runtime.store.put(graph.sources);
  const partitions = await Promise.all(
    Array.from({ length: parts }, (_, part) =>
      runtime.spawn(Partition, [starts, sources, graph.degrees, graph.kinds, part, parts]),
    ),
  );
  return timed(async () => {
    // Nobody waits for a round: its results are handed on before they are there.
    let shares = partitions.map((partition) => partition.step());
    for (let round = 0; round < ROUNDS; round++)
      shares = partitions.map((partition) => partition.step(...shares));
    const width = KINDS.length;
    const all = new Float32Array(graph.kinds.length * width);
    (await Promise.all(shares)).forEach((rows, part) => {
      for (let at = 0; at < rows.length; at += width)
        all.set(rows.subarray(at, at + width), at * parts + part * width);
    });
    return all;
  });
}

function inOneThread({ starts, sources, degrees, kinds }: WordGraph): Float32Array {
  const all = new Partition(starts, sources, degrees, kinds, 0, 1);
  let shares = all.step();
  for (let round = 0; round < ROUNDS; round++) shares = all.step(shares);
  return shares;
}

/** The words of a kind: those whose rank there is furthest above their mean rank. */
function draw({ words, degrees }: WordGraph, shares: Float32Array): string {
  const width = KINDS.length;
  const mean = words.map(
    (_, word) => shares.subarray(word * width, (word + 1) * width).reduce((a, b) => a + b) / width,
  );
  const panels = KINDS.flatMap((name, kind) => {
    const [left, top] = [40 + (kind % 9) * 150, 90 + Math.floor(kind / 9) * 165];
    const scores = words.map((_, word) => (shares[word * width + kind]! - mean[word]!) * degrees[word]!);
    const best = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, SHOWN);
    const bars = best.flatMap((word, row) => {
      const length = Math.round((130 * scores[word]!) / scores[best[0]!]!);
      const y = top + 8 + row * 16;
      return [
        `<rect x="${left}" y="${y}" width="${length}" height="13" fill="#2b6cb0" opacity="0.25"/>`,
        text(left + 4, y + 11, words[word]!, { size: 12 }),
      ];
    });
    return [text(left, top, name, { weight: 'bold' }), ...bars];
  });
  return document(1390, 920, 'The words that English defines each kind of thing with', panels);
}

await runExample(
  'PageRank of the words of a dictionary, for each kind of thing',
  async ({ small, workers, output }) => {
    const { value: graph, ms } = await timed(() => readGraph(small ? 10_000 : 200_000));
    print(`${graph.words.length} words, ${graph.sources.length} edges, read in ${seconds(ms)}`);
    await using runtime = await Runtime.start({ workers, memory: '512MiB' });
    const shared = await inActors(runtime, graph, workers);
    const plain = await timed(() => inOneThread(graph));
    writeFileSync(output, draw(graph, shared.value));
    const bytes = (shared.value.byteLength / 2 ** 20).toFixed(1);
    print(
      `${ROUNDS} rounds in ${workers} actors, each reading ${bytes} MiB in place a round: ${seconds(shared.ms)}`,
    );
    print(`In one thread: ${seconds(plain.ms)}, ${(plain.ms / shared.ms).toFixed(2)} times as long`);
    if (shared.value.some((value, index) => value !== plain.value[index]))
      throw new Error('the results differ');
    print(`Both to the last bit the same. Picture: ${output}`);
  },
  'pagerank.svg',
);
