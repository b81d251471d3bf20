/** The Python environment that Ray runs in: made once, below `build/` of this package, from exact versions. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const RAY_VERSION = '2.60.0';
/** `ray microbenchmark` needs numpy, which Ray itself does not. */
const PACKAGES = [`ray==${RAY_VERSION}`, 'numpy==2.4.6'];
/** Interpreters that there are wheels for, in the order of trying. */
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3'];

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const DIRECTORY = join(PACKAGE, 'build', 'ray-environment');
/** Written last, with what was installed: an environment without it was interrupted or is of other versions. */
const MARKER = join(DIRECTORY, 'installed.txt');

/** The driver script, which is not compiled. */
export const DRIVER = join(PACKAGE, 'bench', 'ray', 'microbenchmark.py');

/** The environment's interpreter; undefined when it is not installed. */
export function rayPython(): string | undefined {
  const python = join(DIRECTORY, 'bin', 'python');
  if (!existsSync(MARKER) || readFileSync(MARKER, 'utf8') !== PACKAGES.join('\n')) return undefined;
  return existsSync(python) ? python : undefined;
}

/** Makes the environment if it is not there. Resolves with why it could not. */
export async function installRay(): Promise<string | undefined> {
  if (rayPython() !== undefined) return undefined;
  console.error(`Installing Ray ${RAY_VERSION} from PyPI into ${DIRECTORY} (once, about 300 MB) …`);
  await rm(DIRECTORY, { recursive: true, force: true });
  await mkdir(join(DIRECTORY, '..'), { recursive: true });
  const reasons: string[] = [];
  for (const python of PYTHONS) {
    const reason =
      (await failureOf(python, ['-m', 'venv', DIRECTORY])) ??
      (await failureOf(join(DIRECTORY, 'bin', 'python'), [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
        ...['--retries', '1', '--timeout', '15', '--only-binary', ':all:', ...PACKAGES],
      ]));
    if (reason === undefined) {
      await writeFile(`${MARKER}.new`, PACKAGES.join('\n'));
      await rename(`${MARKER}.new`, MARKER);
      return undefined;
    }
    await rm(DIRECTORY, { recursive: true, force: true });
    reasons.push(`${python}: ${reason}`);
    // Another interpreter would not find the network either.
    if (/connection|resolve|network/i.test(reason)) break;
  }
  return reasons.join('; ');
}

/** Why a command failed, in its last words; undefined when it did not. */
async function failureOf(command: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  try {
    const [code] = await once(child, 'close');
    return code === 0 ? undefined : (output.trim().split('\n').at(-1) ?? `code ${code}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
