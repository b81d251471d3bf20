// Brings a checkout to the point where everything runs: packages, addon, compiled TypeScript. Does only what is needed,
// so that `npm test` and `npm start` can call it each time, in a fresh clone too.
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { buildAddon } from './build-addon.mjs';
import { findProgram, PACKAGE, runQuietly, runScript, SetupError, withLock } from './toolchain.mjs';

const DIST = join(PACKAGE, 'dist');
const STAMP = join(DIST, '.sources.json');
const BUILD_INFO = join(DIST, '.tsbuildinfo');
const FOLDERS = ['src', 'test', 'examples', 'bench'];

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} LockEntry
 */

/**
 * @param {string} path
 * @returns {Record<string, LockEntry>}
 */
function lockEntries(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/**
 * Whether node_modules holds what package-lock.json wants. npm itself lists there what it installed, as the last step
 * of an installation; so an interrupted one is noticed, and one made by hand is accepted.
 */
function packagesAreCurrent() {
  const installedPath = join(PACKAGE, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = lockEntries(installedPath);
  const wanted = lockEntries(join(PACKAGE, 'package-lock.json'));
  const isWanted = (/** @type {string} */ path) => {
    const entry = installed[path];
    return entry?.version === wanted[path]?.version && entry?.integrity === wanted[path]?.integrity;
  };
  return (
    Object.keys(installed).every(isWanted) &&
    Object.keys(wanted).every((path) => path === '' || isForElsewhere(path, wanted) || isWanted(path))
  );
}

/**
 * Optional packages are installed where their platform is, and so is what only they need. Which C library this is takes
 * long to find out, so both variants count as optional.
 * @param {string} path
 * @param {Record<string, LockEntry>} wanted
 * @returns {boolean}
 */
function isForElsewhere(path, wanted) {
  const { optional = false, os, cpu, libc } = wanted[path] ?? {};
  if (!optional) return false;
  if (os?.includes(process.platform) === false || cpu?.includes(process.arch) === false) return true;
  if (libc !== undefined) return true;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const users = Object.entries(wanted).filter(
    ([user, entry]) =>
      (entry.dependencies?.[name] !== undefined || entry.optionalDependencies?.[name] !== undefined) &&
      placeOf(name, user, wanted) === path,
  );
  return users.length > 0 && users.every(([user]) => user !== path && isForElsewhere(user, wanted));
}

/**
 * Where a package finds one that it depends on: in the nearest node_modules, its own first.
 * @param {string} name
 * @param {string} user
 * @param {Record<string, LockEntry>} wanted
 * @returns {string | undefined}
 */
function placeOf(name, user, wanted) {
  for (let folder = user; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (wanted[place] !== undefined) return place;
    if (folder === '') return undefined;
  }
}

function installPackages() {
  process.stdout.write('installing the development packages …\n');
  const npm = process.env.npm_execpath;
  const start = npm?.endsWith('.js') ? [process.execPath, npm] : [findProgram('npm') ?? ''];
  if (start[0] === '') throw new SetupError('npm is missing; it comes with Node from nodejs.org');
  // Without scripts: the only one is this package's own, the addon, which is built next.
  runQuietly('npm ci', [
    ...start,
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
}

/**
 * Paths of the files below a folder of the package, relative to the package.
 * @param {string} folder
 * @param {string} [base]
 * @returns {string[]}
 */
function filesBelow(folder, base = PACKAGE) {
  if (!existsSync(join(base, folder))) return [];
  return readdirSync(join(base, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path, base) : [path];
  });
}

/**
 * What the compiler's output depends on, by size and time of change.
 * @returns {{ sources: string[], stamp: string }}
 */
function describeSources() {
  const sources = FOLDERS.flatMap((folder) => filesBelow(folder)).filter((path) => path.endsWith('.ts'));
  const inputs = ['tsconfig.json', 'package.json', 'node_modules/typescript/package.json', ...sources.sort()];
  const lines = inputs.map((path) => {
    const stat = statSync(join(PACKAGE, path), { throwIfNoEntry: false });
    return `${path} ${stat?.size} ${stat?.mtimeMs}`;
  });
  return { sources, stamp: JSON.stringify(lines, undefined, 1) };
}

/** @param {string} source */
function outputOf(source) {
  return join(DIST, source.replace(/\.ts$/, '.js'));
}

/** @param {{ sources: string[], stamp: string }} described */
function outputIsCurrent({ sources, stamp }) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== stamp) return false;
  return sources.every((source) => source.endsWith('.d.ts') || existsSync(outputOf(source)));
}

function compileTypeScript() {
  const { sources, stamp } = describeSources();
  process.stdout.write('compiling …\n');
  removeStaleOutputs(sources);
  // The compiler believes its own notes about what it wrote: without the files, or with other settings, they are wrong.
  const notesAreOld =
    existsSync(BUILD_INFO) && statSync(join(PACKAGE, 'tsconfig.json')).mtimeMs > statSync(BUILD_INFO).mtimeMs;
  if (notesAreOld || sources.some((source) => !source.endsWith('.d.ts') && !existsSync(outputOf(source)))) {
    rmSync(BUILD_INFO, { force: true });
  }
  const compiler = join(PACKAGE, 'node_modules/typescript/bin/tsc');
  runQuietly('the TypeScript compiler', [process.execPath, compiler, '-p', 'tsconfig.json']);
  writeFileSync(`${STAMP}.new`, stamp);
  renameSync(`${STAMP}.new`, STAMP);
}

/**
 * Removes what was compiled from sources that are gone: a deleted test must not go on running.
 * @param {string[]} sources
 */
function removeStaleOutputs(sources) {
  const outputs = new Set(
    sources.flatMap((source) => {
      const stem = source.replace(/\.ts$/, '');
      return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`];
    }),
  );
  for (const path of FOLDERS.flatMap((folder) => filesBelow(folder, DIST))) {
    if (outputs.has(path)) continue;
    rmSync(join(DIST, path));
    let folder = dirname(path);
    while (folder !== '.' && readdirSync(join(DIST, folder)).length === 0) {
      rmdirSync(join(DIST, folder));
      folder = dirname(folder);
    }
  }
}

function setUp() {
  if (!packagesAreCurrent()) {
    withLock(join(PACKAGE, 'native-bridge/build/packages.lock'), () => {
      if (!packagesAreCurrent()) installPackages();
    });
  }
  buildAddon();
  if (!outputIsCurrent(describeSources())) {
    withLock(join(PACKAGE, 'native-bridge/build/compile.lock'), () => {
      if (!outputIsCurrent(describeSources())) compileTypeScript();
    });
  }
}

runScript(setUp);
