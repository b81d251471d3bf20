/** Runs the job in its modes, each in a process of its own, and puts the costs side by side. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { JobResult, Mode } from './job.ts';
import type { Question } from './kernels.ts';

/** What a job process is asked. */
export interface JobRequest {
  readonly mode: Mode;
  readonly workers: number;
  readonly memory: string;
  readonly ranges: number;
  /** Path of the columns, see `table-file.ts`. */
  readonly table: string;
}

/** What a job process reports at its end. */
export interface JobReport extends Omit<JobResult, 'answers'> {
  readonly mode: Mode;
  readonly workers: number;
  /** Peak of resident memory when all workers were warm and nothing was handed over. */
  readonly baselineBytes: number;
  readonly peakBytes: number;
  readonly answers: { readonly [Q in Question]: readonly number[] };
}

/** Why a job process gives up. */
export interface JobFailure {
  readonly failure: string;
}

/** Runs one mode. */
export async function runMode(request: JobRequest, onProgress: (part: number) => void): Promise<JobReport> {
  const child = fork(new URL('./job-process.js', import.meta.url), [JSON.stringify(request)], {
    execArgv: [],
    serialization: 'advanced',
  });
  let report: JobReport | undefined;
  let failure: string | undefined;
  child.on('message', (message: JobReport | JobFailure | number) => {
    if (typeof message === 'number') onProgress(message);
    else if ('failure' in message) failure = message.failure;
    else report = message;
  });
  const exited = once(child, 'exit');
  // After the last message; `exit` may come before it.
  await once(child, 'disconnect');
  const [code, signal] = await exited;
  if (failure !== undefined) throw new Error(failure);
  if (report === undefined)
    throw new Error(`the ${request.mode} run ended with ${signal ?? code} and no result`);
  return report;
}

/** Whether two runs counted the same; they must, to the last flight. */
export function sameAnswers(one: JobReport, other: JobReport): boolean {
  const questions: readonly Question[] = ['hours', 'airports', 'density'];
  return questions.every((question) => {
    const left = one.answers[question];
    const right = other.answers[question];
    return left.length === right.length && left.every((count, index) => count === right[index]);
  });
}
