/**
 * Churns for so many minutes, prints a table of what it saw, and writes all samples to a file:
 *
 *     node dist/bench/growth/churn-hours.js 60 samples.json
 */

import { writeFile } from 'node:fs/promises';
import { formatSamples, sampleChurn } from './churn-samples.ts';
import { ChurnThreads } from './churn-threads.ts';

const [minutes = '60', file] = process.argv.slice(2);
const durationMs = Number(minutes) * 60_000;
if (!(durationMs > 0)) throw new TypeError(`the minutes must be a number above 0, and are ${minutes}`);

const INTERVAL_MS = 10_000;

const churn = await ChurnThreads.start({ memoryBytes: 512 * 2 ** 20, threads: 2, seed: 1 });
const samples = await sampleChurn(churn, durationMs, Math.min(INTERVAL_MS, durationMs));
const left = await churn.empty();
await churn.store.verify();
await churn.store.close();
console.log(`${formatSamples(samples)}\nleft at the end: ${left.objectCount} objects`);
if (file !== undefined) await writeFile(file, `${JSON.stringify(samples, null, 2)}\n`);
