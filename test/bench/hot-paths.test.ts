/**
 * The hot paths stay compiled: once warm, V8 throws no code of theirs away again. What is counted are entries of V8's
 * own trace of deoptimisations, in the last phases of many with the same number of operations; no time is measured.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const PHASES = 40;
/** The last ones. Compilation goes on in the background, so on a busy machine it may take some phases. */
const STEADY_PHASES = 15;
/**
 * Of each function: something may be learned late, for instance how a timer that first fires now behaves, or which branch
 * is taken when the other thread has no processor. A loop of it is what must not be.
 */
const ALLOWED = 1;

/**
 * With the function and its code. Not those that only go over from one compiler to the next. Not always at the beginning of a
 * line: what V8 says of code that goes with it has no end of its own.
 */
const BAILOUT =
  /\[bailout \(kind: [\w-]+, reason: (?!prepare for on stack replacement)[^[]*?<JSFunction (?!testLoop )(.*?)>, (.*?), bytecode offset \d+/g;

/** For the function that lost code most often in the steady phases: the entries of the trace that say so, one for each code. */
async function steadyDeoptimisations(path: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-deopt-'));
  try {
    const trace = join(folder, 'trace');
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--trace-deopt',
      '--redirect-code-traces',
      `--redirect-code-traces-to=${trace}`,
      fileURLToPath(new URL('./hot-paths-process.js', import.meta.url)),
      path,
      trace,
      String(PHASES),
    ]);
    // V8 prints some lines there as well.
    const sizes: number[] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.is(sizes.length, PHASES);
    const entries = existsSync(trace) ? readFileSync(trace) : Buffer.alloc(0);
    const steady = entries.subarray(sizes.at(-1 - STEADY_PHASES), sizes.at(-1)).toString();
    // By function, and then by code: one that is left twice is thrown away once.
    const functions = new Map<string, Map<string, string>>();
    for (const [entry, name = '', code = ''] of steady.matchAll(BAILOUT)) {
      const codes = functions.get(name) ?? new Map<string, string>();
      functions.set(name, codes.set(code, entry));
    }
    const [worst] = [...functions.values()].sort((one, other) => other.size - one.size);
    return [...(worst?.values() ?? [])];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [path, what] of [
  ['get', 'getSync and release of the view'],
  ['getInto', 'getIntoSync'],
  ['put', 'putSync and release of the ref'],
  ['cycle', 'putSync, getSync, and release of both'],
  ['ring', 'a ring record, written and taken'],
  ['submit', 'empty tasks, submitted and done'],
] as const) {
  test(`${what}: no code is thrown away once it is warm`, async () => {
    const entries = await steadyDeoptimisations(path);
    assert.ok(entries.length <= ALLOWED, entries.join('\n'));
  });
}

test('a function that is deoptimised again and again is caught', async () => {
  // Not in each phase: on a busy machine one may end before the compiler's thread has come to it.
  assert.ok((await steadyDeoptimisations('unstable')).length > ALLOWED);
});

test.run();
