// deadline: 240 s
/** The example programs, run as people run them, with little work. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const PICTURES: { readonly [example: string]: string | undefined } = {
  images: 'images.png',
  pagerank: 'pagerank.svg',
  parameters: 'parameters.svg',
  stream: undefined,
};

for (const [example, picture] of Object.entries(PICTURES)) {
  test(`${example} runs, and leaves its picture`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'plasmoid-tests-'));
    try {
      const program = fileURLToPath(new URL(`../../examples/${example}/main.js`, import.meta.url));
      const options = { cwd: folder, encoding: 'utf8', timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--small'], options);
      assert.is(status, 0, stderr);
      assert.is(stderr, '');
      assert.match(stdout, /Done after/);
      if (picture !== undefined) assert.ok(existsSync(join(folder, picture)), picture);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test.run();
