/** Processes that end by themselves, or should: `node close-sample.js closed | forgotten`. */
import { isMainThread } from 'node:worker_threads';
import { Runtime } from '../../../src/index.ts';
import { tasks } from './sample-tasks.ts';

if (isMainThread && process.argv[2] !== undefined) {
  const runtime = await Runtime.start({ workers: 2, memory: '64MiB' });
  process.stdout.write(`sum ${await runtime.submit(tasks.sum, [new Float64Array(10_000).fill(1)])}\n`);
  if (process.argv[2] === 'closed') await runtime.close();
}
