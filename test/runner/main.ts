/**
 * Runs the compiled tests, each file in its own process:
 *
 *     node dist/test/runner/main.js [--long] [--jobs N] [--seed N] [--deadline-factor N] [part of a path …]
 *
 * The last line is `N passed, N failed`, with `, N skipped` when there are any; exit code 0 means that tests ran and none
 * failed.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOLD } from '../support/tell.ts';
import { discover, type TestFile } from './discover.ts';
import { SharedMemoryWatch } from './leftovers.ts';
import { parseOptions, type RunnerOptions } from './options.ts';
import { type FileResult, killRunningFiles, runFile } from './run-file.ts';

const TESTS = dirname(dirname(fileURLToPath(import.meta.url)));

function indent(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '    ');
}

function report({ name, passed, failed, skipped, durationMs, reasons, output }: FileResult): void {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
  const verdict = reasons.length === 0 ? 'ok  ' : 'FAIL';
  console.log(
    `${verdict}  ${name}  ${counts.filter(Boolean).join(', ')}  ${(durationMs / 1000).toFixed(2)} s`,
  );
  if (reasons.length === 0) {
    for (const line of output.split('\n'))
      if (line.startsWith(TOLD)) console.log(indent(line.slice(TOLD.length)));
    return;
  }
  if (output.trim() !== '') console.log(indent(output));
  for (const reason of reasons) console.log(`  ${name}: ${reason}`);
  console.log('');
}

function environmentFor({ long, seed }: RunnerOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(long ? { PLASMOID_TEST_LONG: '1' } : {}),
    ...(seed === undefined ? {} : { PLASMOID_SEED: seed }),
  };
}

/** Shared memory has no owner's name on it: it is put down to a file when only one runs, and else to the whole run. */
async function runAll(
  files: readonly TestFile[],
  temporary: string,
  options: RunnerOptions,
): Promise<FileResult[]> {
  const environment = environmentFor(options);
  const sharedMemory = new SharedMemoryWatch();
  const results: FileResult[] = [];
  const finish = (result: FileResult): void => {
    report(result);
    results.push(result);
  };
  const withLeftovers = (result: FileResult, leftovers: readonly string[]): FileResult =>
    leftovers.length === 0
      ? result
      : { ...result, failed: Math.max(1, result.failed), reasons: [...result.reasons, ...leftovers] };
  // All runs take from one iterator.
  const queue = files.entries();
  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      const result = await runFile(file, join(temporary, String(index)), environment);
      finish(options.jobs === 1 ? withLeftovers(result, sharedMemory.news()) : result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  const leftovers = sharedMemory.news();
  if (leftovers.length > 0) {
    const nothing = {
      name: 'all files',
      passed: 0,
      failed: 0,
      skipped: 0,
      durationMs: 0,
      reasons: [],
      output: '',
    };
    finish(withLeftovers(nothing, leftovers));
  }
  return results;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), TESTS);
  const files = discover(options);
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'plasmoid-tests-')));
  const cleanUp = (): void => rmSync(temporary, { recursive: true, force: true });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killRunningFiles();
      cleanUp();
      process.exit(128 + constants.signals[signal]);
    });
  }
  const results = await runAll(files, temporary, options);
  cleanUp();
  const sum = (of: (result: FileResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const passed = sum((result) => result.passed);
  const failed = sum((result) => result.failed);
  const skipped = sum((result) => result.skipped);
  if (files.length === 0) console.log('no test file matches');
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

await main();
