// What the scripts share: the compiler, node-gyp and headers of the running Node, quiet child processes, a lock.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The package's folder. */
export const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure whose message is all the user needs: scripts print it without a stack. */
export class SetupError extends Error {}

/**
 * Runs a script's main function, and turns its failure into a message and exit code 1.
 * @param {() => void} main
 */
export function runScript(main) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\nplasmoid: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/**
 * Whether the module at `url` is the program being run, not an import of another script.
 * @param {string} url its `import.meta.url`
 */
export function isProgram(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/**
 * The program's full path, or undefined when it is not installed.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The C++ compiler: CXX (which may carry arguments), or the usual ones in turn.
 * @returns {string | undefined}
 */
export function findCompiler() {
  const wanted = process.env.CXX?.trim();
  if (wanted) return findProgram(wanted.split(/\s+/)[0] ?? '') && wanted;
  return ['c++', 'g++', 'clang++'].find(findProgram);
}

/** Throws, naming everything that is missing at once, unless the addon can be built here. */
export function requireToolchain() {
  if (process.config.variables.v8_enable_sandbox) {
    throw new SetupError(
      "this Node's V8 is built with the sandbox, which refuses memory that V8 did not allocate; " +
        'Plasmoid needs a Node without it (the builds from nodejs.org are)',
    );
  }
  const missing = [
    findCompiler() === undefined &&
      (process.env.CXX
        ? `a C++ compiler (CXX names ${process.env.CXX})`
        : 'a C++ compiler (c++, g++ or clang++)'),
    findProgram('make') === undefined && 'make',
    [process.env.PYTHON ?? '', 'python3', 'python'].every((name) => name === '' || !findProgram(name)) &&
      'python3',
  ].filter((name) => typeof name === 'string');
  if (missing.length === 0) return;
  const remedies =
    process.platform === 'darwin'
      ? ['xcode-select --install']
      : [
          'Debian, Ubuntu:  apt-get install g++ make python3',
          'Fedora:          dnf install gcc-c++ make python3',
        ];
  throw new SetupError(
    `the native addon cannot be built, because this is missing: ${missing.join(', ')}\n` +
      `Install it and run the command again:\n${remedies.map((line) => `  ${line}\n`).join('')}`,
  );
}

/** The folder Node is installed in, from which its headers and npm are found. */
const PREFIX = dirname(dirname(realpathSync(process.execPath)));

/**
 * Where the headers of exactly this Node lie, if they are installed beside it: with them a build needs no network.
 * @returns {string | undefined}
 */
export function installedHeaders() {
  const folder = join(PREFIX, 'include/node');
  if (!existsSync(join(folder, 'node.h'))) return undefined;
  const text = readFileSync(join(folder, 'node_version.h'), 'utf8');
  const version = ['MAJOR', 'MINOR', 'PATCH']
    .map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1])
    .join('.');
  return `v${version}` === process.version.split('-')[0] ? PREFIX : undefined;
}

/**
 * The command that starts node-gyp: the pinned one, the one npm names, the one on the path, npm's own.
 * @returns {string[]}
 */
export function nodeGypCommand() {
  const pinned = join(PACKAGE, 'node_modules/node-gyp/bin/node-gyp.js');
  if (existsSync(pinned)) return [process.execPath, pinned];
  const named = process.env.npm_config_node_gyp;
  if (named && existsSync(named)) return [process.execPath, named];
  const onPath = findProgram('node-gyp');
  if (onPath !== undefined) return [onPath];
  const ofNpm = join(PREFIX, 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js');
  if (existsSync(ofNpm)) return [process.execPath, ofNpm];
  throw new SetupError('node-gyp is missing: install npm, or node-gyp itself (npm install -g node-gyp)');
}

/**
 * Runs a command silently; when it fails, shows what it printed.
 * @param {string} purpose what a failure says has failed
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, rewrite?: (output: string) => string }} [options]
 */
export function runQuietly(
  purpose,
  command,
  { cwd = PACKAGE, env = process.env, rewrite = (text) => text } = {},
) {
  const [program = '', ...rest] = command;
  // One pipe for both streams, so that errors stay beside what led to them.
  const run = spawnSync('/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', program, ...rest], {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status === 0) return;
  process.stderr.write(rewrite(run.stdout ?? ''));
  throw new SetupError(
    `${purpose} failed (${run.error?.message ?? run.signal ?? `exit code ${run.status}`})`,
  );
}

/** Longer than any honest holder takes; afterwards its process number may belong to somebody else. */
const LOCK_LIMIT_MS = 15 * 60_000;

/**
 * Runs `body` while holding the lock directory `path`. One whose holder has died is broken.
 * @template T
 * @param {string} path
 * @param {() => T} body
 * @returns {T}
 */
export function withLock(path, body) {
  mkdirSync(dirname(path), { recursive: true });
  for (let waits = 0; !tryCreate(path); waits += 1) {
    if (waits === 5)
      process.stdout.write(`waiting for process ${holderOf(path) ?? '(ending)'} to finish …\n`);
    if (isStale(path)) breakLock(path);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    writeFileSync(join(path, 'holder'), String(process.pid));
    return body();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Two processes may both find a lock stale. Only the one that creates the guard looks again and breaks it, so that
 * neither removes what the other has just locked.
 * @param {string} path
 */
function breakLock(path) {
  const guard = `${path}.breaking`;
  if (!tryCreate(guard)) {
    if (ageOf(guard) > 10_000) rmSync(guard, { recursive: true, force: true });
    return;
  }
  if (isStale(path)) rmSync(path, { recursive: true, force: true });
  rmSync(guard, { recursive: true, force: true });
}

/** @param {string} path */
function tryCreate(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
function isStale(path) {
  const holder = holderOf(path);
  const age = ageOf(path);
  // A holder writes its number at once after locking.
  if (holder === undefined) return age > 5000;
  return age > LOCK_LIMIT_MS || !isAlive(holder);
}

/**
 * @param {string} path
 * @returns {number | undefined}
 */
function holderOf(path) {
  try {
    return Number(readFileSync(join(path, 'holder'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Milliseconds since the lock was taken; 0 when it is gone.
 * @param {string} path
 */
function ageOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
