/** Runs one mode in a process of its own, so that its peak of memory is its own. Started by `comparison.ts`. */
import { readFileSync } from 'node:fs';
import type { JobFailure, JobReport, JobRequest } from './comparison.ts';
import { runJob } from './job.ts';
import { readColumns } from './table-file.ts';

const request: JobRequest = JSON.parse(process.argv[2] ?? '');
const send = (message: JobReport | JobFailure | number): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });

/** The highest resident size so far, in bytes. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

async function measure(): Promise<JobReport> {
  const flights = readColumns(request.table);
  let baselineBytes = 0;
  const { answers, ...costs } = await runJob(flights, {
    mode: request.mode,
    workers: request.workers,
    memory: request.memory,
    ranges: request.ranges,
    onReady: () => {
      baselineBytes = peakBytes();
    },
    onProgress: (part) => {
      void send(part);
    },
  });
  return {
    mode: request.mode,
    workers: request.workers,
    ...costs,
    baselineBytes,
    peakBytes: peakBytes(),
    answers: {
      hours: [...answers.hours],
      airports: [...answers.airports],
      density: [...answers.density],
    },
  };
}

try {
  await send(await measure());
} catch (error) {
  await send({ failure: error instanceof Error ? error.message : String(error) });
}
process.disconnect?.();
