/** Processes that end by themselves, or should: `node close-sample.js closed | forgotten | failed`. */
import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { Runtime } from '../../../src/index.ts';
import { tasks } from './sample-tasks.ts';

if (isMainThread && process.argv[2] !== undefined) {
  const runtime = await Runtime.start({ workers: 2, memory: '64MiB' });
  process.stdout.write(`sum ${await runtime.submit(tasks.sum, [new Float64Array(10_000).fill(1)])}\n`);
  const failure = process.argv[2] === 'failed' ? runtime.submit(tasks.fail, [7]) : undefined;
  while (failure?.settled === false) await turn();
  if (process.argv[2] === 'closed') await runtime.close();
}
