// deadline: 240 s
/** The runner, tried on files that fail in every way it promises to notice. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const RUNNER = fileURLToPath(new URL('main.js', import.meta.url));
const HEADER = `import { test } from ${JSON.stringify(import.meta.resolve('uvu'))};\n`;
const GOOD = "test('good', () => {});\n";
const RUN = 'test.run();\n';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  /** The line that people and machines read. */
  readonly lastLine: string;
}

/** Runs the runner over files with these names and texts. */
async function runOver(files: Readonly<Record<string, string>>, ...options: string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'fixtures-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    // Fixtures are modules although they end in `.js`.
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    const child = spawn(process.execPath, [RUNNER, '--directory', directory, ...options]);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output, lastLine: output.trimEnd().split('\n').at(-1) ?? '' };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs one file that must fail, beside a good one that must not be harmed by it; answers with the output. */
async function outputOfFailure(text: string, reason: RegExp, lastLine: string): Promise<string> {
  const outcome = await runOver({ 'a-bad.test.js': HEADER + text, 'b-good.test.js': HEADER + GOOD + RUN });
  assert.match(outcome.output, reason);
  assert.match(outcome.output, /^FAIL {2}a-bad\.test\.js/m);
  assert.match(outcome.output, /^ok {4}b-good\.test\.js/m);
  assert.is(outcome.lastLine, lastLine, outcome.output);
  assert.is(outcome.code, 1);
  return outcome.output;
}

async function expectFailure(text: string, reason: RegExp, lastLine: string): Promise<void> {
  await outputOfFailure(text, reason, lastLine);
}

test('good files pass', async () => {
  const files = { 'one.test.js': HEADER + GOOD + RUN, 'two.test.js': HEADER + GOOD + GOOD + RUN };
  for (const options of [[], ['--jobs', '2']]) {
    const { code, lastLine, output } = await runOver(files, ...options);
    assert.is(lastLine, '3 passed, 0 failed', output);
    assert.is(code, 0);
  }
});

test('skipped tests are counted and do not fail', async () => {
  const { code, lastLine } = await runOver({
    'a.test.js': `${HEADER}${GOOD}test.skip('not here', () => {});\n${RUN}`,
  });
  assert.is(lastLine, '1 passed, 0 failed, 1 skipped');
  assert.is(code, 0);
});

test('long files run when asked for, a filter chooses files, the environment tells the tests', async () => {
  const show =
    "test('show', () => console.log(process.env.PLASMOID_TEST_LONG, process.env.PLASMOID_SEED));\n";
  const tell =
    "test('tell', () => { throw new Error(process.env.PLASMOID_TEST_LONG + ' ' + process.env.PLASMOID_SEED) });\n";
  const files = { 'short.test.js': HEADER + show + RUN, 'far.long.js': HEADER + tell + RUN };
  assert.is((await runOver(files)).lastLine, '1 passed, 0 failed');
  assert.is((await runOver(files, '--long', 'short')).lastLine, '1 passed, 0 failed');
  const { lastLine, output } = await runOver(files, '--long', '--seed', '77');
  assert.is(lastLine, '1 passed, 1 failed');
  assert.match(output, '1 77');
});

test('a failing test', async () => {
  const output = await outputOfFailure(
    `${GOOD}test('bad', () => { throw new Error('the cause'); });\n${RUN}`,
    /1 of 2 tests did not pass/,
    '2 passed, 1 failed',
  );
  assert.match(output, 'the cause');
});

test('a before hook that throws, which uvu reports as success', () =>
  expectFailure(
    `test.before(() => { throw new Error('no set-up'); });\n${GOOD}${GOOD}${RUN}`,
    /2 of 2 tests did not pass/,
    '1 passed, 2 failed',
  ));

test('no tests', () => expectFailure(RUN, /it has no tests/, '1 passed, 1 failed'));

test('no summary', () => expectFailure('', /without a summary/, '1 passed, 1 failed'));

test('an exit code, whatever the summary says', () =>
  expectFailure(
    `${GOOD}${RUN}process.on('exit', () => { process.exitCode = 3; });\n`,
    /its exit code was 3/,
    '2 passed, 1 failed',
  ));

test('an exit before the end', () =>
  expectFailure(`test('leaves', () => process.exit(0));\n${RUN}`, /exit code was 1/, '1 passed, 1 failed'));

test('a signal', () =>
  expectFailure(
    `test('dies', () => process.kill(process.pid, 'SIGKILL'));\n${RUN}`,
    /it was ended by SIGKILL/,
    '1 passed, 1 failed',
  ));

test('a test that hangs, at the deadline the file states', () =>
  expectFailure(
    `// deadline: 1 s\nsetInterval(() => {}, 1000);\n${GOOD}test('hangs', () => new Promise(() => {}));\n${RUN}`,
    /it was killed at its deadline of 1 s/,
    '1 passed, 1 failed',
  ));

test('a test that hangs, at the deadline that a variable prolongs', () =>
  expectFailure(
    `// deadline: 1 s + PLASMOID_NOT_SET_MINUTES min (0)\nsetInterval(() => {}, 1000);\n${GOOD}` +
      `test('hangs', () => new Promise(() => {}));\n${RUN}`,
    /it was killed at its deadline of 1 s/,
    '1 passed, 1 failed',
  ));

test('a process that passes its tests and does not end', () =>
  expectFailure(
    `// deadline: 1 s\nsetInterval(() => {}, 1000);\n${GOOD}${RUN}`,
    /it was killed at its deadline of 1 s/,
    '2 passed, 1 failed',
  ));

test('a temporary file left behind', () =>
  expectFailure(
    `import { writeFileSync } from 'node:fs';\nimport { tmpdir } from 'node:os';\n` +
      `test('litters', () => writeFileSync(tmpdir() + '/litter', ''));\n${RUN}`,
    /it left a temporary file: litter/,
    '2 passed, 1 failed',
  ));

test('a process left behind, in its group or in one of its own', async () => {
  for (const detached of [false, true]) {
    const output = await outputOfFailure(
      `import { spawn } from 'node:child_process';\n` +
        `test('forgets', () => {\n` +
        `  const child = spawn('sleep', ['300'], { stdio: 'ignore', detached: ${detached && process.platform === 'linux'} });\n` +
        `  child.unref();\n  console.log('child ' + child.pid);\n});\n${RUN}`,
      /it left process \d+ running/,
      '2 passed, 1 failed',
    );
    const pid = Number(/child (\d+)/.exec(output)?.[1]);
    // Killed, it may still wait for somebody to collect its exit code.
    const commandLine = `/proc/${pid}/cmdline`;
    if (existsSync(commandLine)) assert.is(readFileSync(commandLine, 'utf8'), '');
  }
});

test('shared memory left behind', async () => {
  if (!existsSync('/dev/shm')) return;
  const path = `/dev/shm/plasmoid-runner-test-${process.pid}`;
  const litter =
    `import { writeFileSync } from 'node:fs';\n` +
    `test('litters', () => writeFileSync(${JSON.stringify(path)}, ''));\n${RUN}`;
  try {
    await expectFailure(litter, /shared memory was left in .*plasmoid-runner-test/, '2 passed, 1 failed');
    rmSync(path);
    const { code, lastLine } = await runOver({ 'a.test.js': HEADER + litter }, '--jobs', '2');
    assert.is(lastLine, '1 passed, 1 failed');
    assert.is(code, 1);
  } finally {
    rmSync(path, { force: true });
  }
});

test('a run in which nothing ran fails', async () => {
  const { code, lastLine } = await runOver({ 'a.test.js': HEADER + GOOD + RUN }, 'no such file');
  assert.is(lastLine, '0 passed, 0 failed');
  assert.is(code, 1);
});

test.run();
