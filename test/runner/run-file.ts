/** Runs one test file in a process group and a temporary directory of its own, and judges what came of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestFile } from './discover.ts';
import { endProcesses, killHard, temporaryFiles } from './leftovers.ts';
import { doubts, parseSummary } from './summary.ts';

export interface FileResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** Why the file counts as failed; empty when it does not. */
  readonly reasons: readonly string[];
  readonly output: string;
}

/** A test in an endless loop of printing must not fill the runner's memory. The end is what counts. */
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/** How long the output may stay open after the last process of the test. */
const DRAIN_MS = 5000;

class Output {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > OUTPUT_LIMIT && this.#chunks.length > 1)
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

const running = new Set<ChildProcess>();

/** For a runner that is told to end: its tests are in groups of their own, where no Ctrl-C reaches them. */
export function killRunningFiles(): void {
  for (const { pid } of running) if (pid !== undefined) killHard(-pid);
}

interface Ending {
  readonly reasons: string[];
  readonly output: string;
}

async function runProcess(
  file: TestFile,
  temporary: string,
  environment: NodeJS.ProcessEnv,
): Promise<Ending> {
  const output = new Output();
  const reasons: string[] = [];
  const child = spawn(process.execPath, ['--expose-gc', file.path], {
    env: { ...environment, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.on('data', (chunk) => output.add(chunk));
  child.stderr.on('data', (chunk) => output.add(chunk));
  const closed = once(child, 'close');
  // Should it fail before it is waited for, that is seen below.
  closed.catch(() => {});
  const group = child.pid;
  if (group === undefined) {
    const [error] = await once(child, 'error');
    return { reasons: [`it could not be started: ${String(error)}`], output: '' };
  }
  running.add(child);
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    killHard(-group);
  }, file.deadlineMs);
  const [code, signal]: (number | string | null)[] = await once(child, 'exit');
  clearTimeout(deadline);
  running.delete(child);
  if (late) reasons.push(`it was killed at its deadline of ${file.deadlineMs / 1000} s`);
  else if (signal) reasons.push(`it was ended by ${signal}`);
  else if (code !== 0) reasons.push(`its exit code was ${code}`);
  reasons.push(...(await endProcesses(group, temporary)));
  await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { reasons, output: output.text() };
}

/** Never rejects because of what the test does. */
export async function runFile(
  file: TestFile,
  temporary: string,
  environment: NodeJS.ProcessEnv,
): Promise<FileResult> {
  const start = performance.now();
  mkdirSync(temporary);
  const { reasons, output } = await runProcess(file, temporary, environment);
  const durationMs = performance.now() - start;
  const summary = parseSummary(output);
  reasons.push(...doubts(summary), ...temporaryFiles(temporary));
  rmSync(temporary, { recursive: true, force: true });
  const { total = 0, passed = 0, skipped = 0 } = summary ?? {};
  const failed = reasons.length === 0 ? 0 : Math.max(1, total - passed);
  return { name: file.name, passed, failed, skipped, durationMs, reasons, output };
}
