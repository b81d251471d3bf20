/** The C++ program `hand-off.cc`: compiled when it is first needed, then asked for rounds. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Run, Unavailable } from '../harness.ts';

const PACKAGE = new URL('../../../', import.meta.url);
const SOURCE = fileURLToPath(new URL('bench/peers/hand-off.cc', PACKAGE));
const FOLDER = fileURLToPath(new URL('build/', PACKAGE));
const PROGRAM = `${FOLDER}hand-off-${process.platform}-${process.arch}`;

/** What is used of `scripts/toolchain.mjs`, which has no types. */
interface Toolchain {
  findCompiler(): string | undefined;
}

/** Undefined when it is there; otherwise why not. */
async function build(): Promise<string | undefined> {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs >= statSync(SOURCE).mtimeMs) return undefined;
  const toolchain: Toolchain = await import(new URL('scripts/toolchain.mjs', PACKAGE).href);
  const [compiler, ...settings] = toolchain.findCompiler()?.split(/\s+/) ?? [];
  if (compiler === undefined) return 'no C++ compiler';
  mkdirSync(FOLDER, { recursive: true });
  // In one step, for two runs may build at once.
  const built = `${PROGRAM}.${process.pid}`;
  const options = ['-O2', '-std=c++20', '-pthread', SOURCE, '-o', built];
  const { status, stderr } = spawnSync(compiler, [...settings, ...options], { encoding: 'utf8' });
  if (status !== 0) return `${compiler} fails: ${stderr}`;
  renameSync(built, PROGRAM);
  return undefined;
}

/** Rounds of `trips` there and back, so many samples each; microseconds. */
export async function openHandOff(
  mode: 'spin' | 'sleep',
  trips: number,
  samples: number,
): Promise<Run | Unavailable> {
  const missing = await build();
  if (missing !== undefined) return new Unavailable(missing);
  // It ends with its input, so also when this process ends.
  const child = spawn(PROGRAM, [mode], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    round: async () => {
      child.stdin.write(`${trips} ${samples}\n`);
      const { value: line }: IteratorResult<string, undefined> = await lines.next();
      if (line === undefined) throw new Error('The hand-off program has ended');
      return line.split(' ').map((nanoseconds) => Number(nanoseconds) / 1000);
    },
    tearDown: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
