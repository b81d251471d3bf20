// Runs the tests with an addon built with the address and undefined-behaviour sanitizers. Linux and g++ only.
// Arguments go to the runner: `npm run test:asan -- pools` runs the files with "pools" in their path.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { buildAddon } from './build-addon.mjs';
import { findProgram, PACKAGE, runScript, SetupError } from './toolchain.mjs';

/** Instrumented code in an otherwise plain Node takes this many times as long. */
const SLOWDOWN = 5;

/**
 * The runtime libraries, in the order they must be loaded in: the sanitizer first, and before Node, which is not linked
 * against it; then the C++ library, or exceptions would be thrown before the sanitizer has found how.
 * @param {string} compiler
 */
function runtimeLibraries(compiler) {
  return ['libasan.so', 'libubsan.so', 'libstdc++.so'].map((name) => {
    const answer = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
    // A library it does not have, g++ answers with its bare name.
    if (!existsSync(answer))
      throw new SetupError(`${name} is missing: install the sanitizer libraries of ${compiler}`);
    return realpathSync(answer);
  });
}

function testWithSanitizers() {
  const compiler = findProgram('g++');
  if (process.platform !== 'linux' || compiler === undefined) {
    throw new SetupError('the tests with sanitizers need Linux and g++');
  }
  process.env.CXX = compiler;
  buildAddon({ asan: true });
  const runner = join(PACKAGE, 'dist/test/runner/main.js');
  const command = [runner, '--deadline-factor', String(SLOWDOWN), ...process.argv.slice(2)];
  const asan = [
    // What Node itself leaves behind at its exit is not ours to mend.
    'detect_leaks=0',
    'halt_on_error=1',
    'abort_on_error=1',
    // A doubtful pair: Node brings allocation operators of its own.
    'alloc_dealloc_mismatch=0',
    'detect_stack_use_after_return=0',
    ...(process.env.ASAN_OPTIONS ? [process.env.ASAN_OPTIONS] : []),
  ];
  const run = spawnSync(process.execPath, command, {
    stdio: 'inherit',
    env: {
      ...process.env,
      PLASMOID_ASAN: '1',
      LD_PRELOAD: runtimeLibraries(compiler).join(' '),
      ASAN_OPTIONS: asan.join(':'),
      UBSAN_OPTIONS: 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
    },
  });
  process.exitCode = run.status ?? 1;
}

runScript(testWithSanitizers);
