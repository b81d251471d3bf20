// Builds native-bridge/ for the running Node, if what lies there is not current. Also the package's install script.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import {
  findCompiler,
  installedHeaders,
  isProgram,
  nodeGypCommand,
  PACKAGE,
  requireToolchain,
  runQuietly,
  runScript,
  withLock,
} from './toolchain.mjs';

const SOURCES = join(PACKAGE, 'native-bridge');

/**
 * The folder under native-bridge/build for the running Node, which `src/pools/bridge.ts` computes alike.
 * @param {boolean} asan
 */
export function addonFolder(asan) {
  const { platform, arch, versions } = process;
  return join(SOURCES, 'build', `${versions.modules}-${platform}-${arch}${asan ? '-asan' : ''}`);
}

/** Paths of the addon's sources, relative to native-bridge. */
function sourceFiles() {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.(cc|h|gyp)$/.test(name) && !/^build[/\\]/.test(name)).sort();
}

/** Everything beside the sources that goes into an addon: when it changes, old objects are of no use. */
function settings() {
  const { CXX, CXXFLAGS, CFLAGS, CPPFLAGS, LDFLAGS } = process.env;
  return JSON.stringify([process.version, findCompiler(), CXX, CXXFLAGS, CFLAGS, CPPFLAGS, LDFLAGS]);
}

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256').update(settings());
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string | undefined} the file's text, if there is one
 */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * Builds the addon unless it is current.
 * @param {{ asan?: boolean }} [options] `asan` instruments it with the address and undefined-behaviour sanitizers
 */
export function buildAddon({ asan = false } = {}) {
  const folder = addonFolder(asan);
  const addon = join(folder, 'plasmoid.node');
  const stamp = join(folder, 'stamp');
  const isCurrent = () => existsSync(addon) && textOf(stamp) === hashOf(sourceFiles());
  if (isCurrent()) return;
  requireToolchain();
  withLock(`${folder}.lock`, () => {
    if (isCurrent()) return;
    process.stdout.write(
      `building the native bridge for Node ${process.version}${asan ? ' with sanitizers' : ''} …\n`,
    );
    mkdirSync(folder, { recursive: true });
    // Named before compiling: a source saved meanwhile makes the result out of date.
    const hash = hashOf(sourceFiles());
    publish(compile(`${folder}.work`, asan), addon);
    writeFileSync(`${stamp}.new`, hash);
    renameSync(`${stamp}.new`, stamp);
  });
}

/**
 * In one step, for a process may be loading the old addon, and another may have it mapped.
 * @param {string} built
 * @param {string} addon
 */
function publish(built, addon) {
  rmSync(join(dirname(addon), 'stamp'), { force: true });
  copyFileSync(built, `${addon}.new`);
  renameSync(`${addon}.new`, addon);
}

/**
 * node-gyp always builds in `build` beside its binding.gyp, so each ABI gets a copy of the sources to itself.
 * @param {string} work
 * @param {boolean} asan
 * @returns {string} path of the built addon
 */
function compile(work, asan) {
  const current = settings();
  if (textOf(join(work, 'settings')) !== current) rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'settings'), current);
  copyChanged(work);
  const headers = installedHeaders();
  const command = [
    ...nodeGypCommand(),
    'configure',
    'build',
    `--directory=${work}`,
    `--jobs=${availableParallelism()}`,
    ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
    '--loglevel=error',
  ];
  const rewrite = (/** @type {string} */ output) =>
    output.replace(/(^|\s)\.\.\//gm, '$1native-bridge/').replaceAll(work, 'native-bridge');
  runQuietly('building the native bridge', command, { cwd: work, env: gypEnvironment(asan), rewrite });
  return join(work, 'build/Release/plasmoid.node');
}

/**
 * Only what changed is copied, so that make compiles only that.
 * @param {string} work
 */
function copyChanged(work) {
  const files = sourceFiles();
  for (const file of files) {
    const target = join(work, file);
    if (textOf(target) === readFileSync(join(SOURCES, file), 'utf8')) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(SOURCES, file), target);
  }
  for (const name of readdirSync(work, { recursive: true, encoding: 'utf8' })) {
    if (/\.(cc|h|gyp)$/.test(name) && !/^build[/\\]/.test(name) && !files.includes(name))
      rmSync(join(work, name));
  }
}

/**
 * The environment without what would make node-gyp build for another Node than the running one.
 * @param {boolean} asan
 */
function gypEnvironment(asan) {
  const overrides =
    /^npm_(?:package_)?config_(?:node_gyp_)?(?:nodedir|target|runtime|arch|target_arch|debug|devdir)$/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !overrides.test(name)));
  const compiler = findCompiler();
  return {
    ...env,
    ...(compiler === undefined ? {} : { CXX: compiler }),
    GYP_DEFINES: `plasmoid_asan=${asan ? 1 : 0}`,
    // binding.gyp calls node.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  };
}

if (isProgram(import.meta.url)) runScript(() => buildAddon({ asan: process.argv.includes('--asan') }));
