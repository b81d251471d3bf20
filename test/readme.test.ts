/** What the README shows is a program that runs as it stands there. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('the samples print what their workers read', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const files = [...readme.matchAll(/```ts\n\/\/ (\w+\.mjs)\n(.*?)```/gs)];
  assert.equal(
    files.map(([, name]) => name),
    ['main.mjs', 'worker.mjs', 'tasks.mjs', 'program.mjs'],
  );
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-readme-'));
  try {
    for (const [, name = '', text = ''] of files) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'plasmoid'));
    for (const [program, printed] of [
      ['main.mjs', 'samples 10000000\n'],
      ['program.mjs', 'sum 1000000 twice 2000000 counter 5\n'],
    ] as const) {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { cwd: folder });
      assert.equal([stdout, stderr], [printed, '']);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
