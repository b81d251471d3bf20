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
  const python = await interpreter();
  if (python === undefined) return `none of ${PYTHONS.join(', ')} is here, with the module venv`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];
  const reason =
    (await failureOf(python, ['-m', 'venv', DIRECTORY])) ??
    (await failureOf(join(DIRECTORY, 'bin', 'python'), [...pip, '--only-binary', ':all:', ...PACKAGES]));
  if (reason === undefined) {
    await writeFile(`${MARKER}.new`, PACKAGES.join('\n'));
    await rename(`${MARKER}.new`, MARKER);
  } else {
    await rm(DIRECTORY, { recursive: true, force: true });
  }
  return reason;
}

/** The first that runs and can make environments: some of the names may be there for another version only. */
async function interpreter(): Promise<string | undefined> {
  for (const python of PYTHONS)
    if ((await failureOf(python, ['-c', 'import ensurepip, venv'])) === undefined) return python;
  return undefined;
}

/** Why a command failed; undefined when it did not. */
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
    if (code === 0) return undefined;
    if (/connection broken|name resolution/i.test(output)) return 'PyPI cannot be reached';
    return output.trim().split('\n').at(-1) || `code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
