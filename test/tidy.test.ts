/** The rules of the house, over the sources of this package; and each rule on samples that break it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Source } from './support/source-text.ts';
import {
  dependenciesAreUsed,
  filesAreShort,
  importsMakeNoCycle,
  importsPointDown,
  noTestIsLeftOut,
  nothingIsPutOff,
  onlyPoolsCallTheBridge,
  type Rule,
  typesAreKnown,
} from './support/tidy-rules.ts';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['src', 'test', 'bench', 'examples', 'native-bridge', 'scripts'];

function readSources(): Source[] {
  return FOLDERS.filter((folder) => existsSync(join(PACKAGE, folder))).flatMap((folder) =>
    readdirSync(join(PACKAGE, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((path) => /\.(?:ts|mjs|cc|h|gyp)$/.test(path) && !path.startsWith('native-bridge/build/'))
      .map((path) => ({ path, text: readFileSync(join(PACKAGE, path), 'utf8') })),
  );
}

function runtimeDependencies(): string[] {
  const manifest: { dependencies?: Record<string, string> } = JSON.parse(
    readFileSync(join(PACKAGE, 'package.json'), 'utf8'),
  );
  return Object.keys(manifest.dependencies ?? {});
}

/** Path and text in turn. */
function sources(...pathsAndTexts: readonly string[]): Source[] {
  return pathsAndTexts.flatMap((path, index) =>
    index % 2 === 0 ? [{ path, text: pathsAndTexts[index + 1] ?? '' }] : [],
  );
}

interface Example {
  readonly name: string;
  readonly rule: Rule;
  /** The rule for this package, when the samples need another. */
  readonly ruleHere?: Rule;
  readonly bad: readonly (readonly Source[])[];
  readonly good: readonly Source[];
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'no file is longer than can be read at one go',
    rule: filesAreShort,
    bad: [sources('src/state/a.ts', 'a;\n'.repeat(401))],
    good: sources('src/state/a.ts', 'a;\n'.repeat(400)),
  },
  {
    name: 'no type is left open, and no complaint of the compiler silenced',
    rule: typesAreKnown,
    bad: [
      sources('src/state/a.ts', 'let a: any;'),
      sources('src/state/a.ts', 'f(a as any);'),
      sources('src/state/a.ts', 'f(<any>a);'),
      sources('test/a.ts', 'let a: Record<string, any[]>;'),
      sources('test/a.ts', '// @ts-ignore\nlet a: string = 1;'),
      sources('test/a.ts', '/* @ts-nocheck */'),
      sources('test/a.test.ts', '// @ts-expect-error\n'),
    ],
    good: sources(
      'src/state/a.ts',
      "// any: a word\nconst a = 'x as any'; /** of type any */ Promise.any([]); const b = { any: /: any/ };",
      'test/a.types.ts',
      '// @ts-expect-error the reason\n',
    ),
  },
  {
    name: 'nothing is put off',
    rule: nothingIsPutOff,
    bad: [
      sources('src/state/a.ts', '// TODO later'),
      sources('native-bridge/a.cc', '/* FIXME */'),
      sources('scripts/a.mjs', 'f(); // XXX'),
    ],
    good: sources('src/state/a.ts', "// todos are kept elsewhere\nmkdtemp('a-XXXXXX', 'TODO');"),
  },
  {
    name: 'no test is left out for good',
    rule: noTestIsLeftOut,
    bad: [
      sources('test/a.test.ts', "test.only('a', () => {});"),
      sources('test/a.long.ts', "crash.skip('a', () => {});"),
    ],
    good: sources('test/a.test.ts', "(possible ? test : test.skip)('a', () => {}); // test.only(…)"),
  },
  {
    name: 'imports point one way: actors, pools, state',
    rule: importsPointDown,
    bad: [
      sources('src/state/a.ts', "import { b } from '../pools/b.ts';"),
      sources('src/pools/deep/a.ts', "import type { B } from '../../actors/b.ts';"),
      sources('src/pools/a.ts', "export * from '../actors/b.ts';"),
      sources('src/pools/a.ts', "const b = await import('../actors/b.ts');"),
      sources('src/state/a.ts', "import {\n  b,\n} from '../index.ts';"),
      sources('src/state/a.ts', "import '../../test/b.ts';"),
      sources('src/helpers/a.ts', ''),
    ],
    good: sources(
      'src/actors/a.ts',
      "import { b } from '../pools/b.ts';\nimport { c } from '../state/c.ts';\nimport { d } from './d.ts';",
      'src/pools/b.ts',
      "// import { a } from '../actors/a.ts';\nimport { c } from '../state/c.ts';",
      'src/index.ts',
      "export { a } from './actors/a.ts';",
    ),
  },
  {
    name: 'only pools call the native bridge',
    rule: onlyPoolsCallTheBridge,
    bad: [
      sources('src/actors/a.ts', "import { bridge } from '../pools/bridge.ts';"),
      sources('src/actors/a.ts', "import { type Bridge, bridge } from '../pools/bridge.ts';"),
      sources('src/actors/a.ts', "createRequire(import.meta.url)('./plasmoid.node');"),
    ],
    good: sources(
      'src/pools/a.ts',
      "import { bridge } from './bridge.ts';",
      'src/actors/a.ts',
      "import type { Bridge } from '../pools/bridge.ts';\nimport { type B, type C } from '../pools/bridge.ts';",
    ),
  },
  {
    name: 'imports make no cycle',
    rule: importsMakeNoCycle,
    bad: [
      sources(
        'src/state/a.ts',
        "import { b } from './b.ts';",
        'src/state/b.ts',
        "import type { C } from './c.ts';",
        'src/state/c.ts',
        "export { a } from './a.ts';",
      ),
    ],
    good: sources(
      'src/state/a.ts',
      "import { b } from './b.ts';\nimport { c } from './c.ts';",
      'src/state/b.ts',
      "import { c } from './c.ts';",
      'src/state/c.ts',
      "import { join } from 'node:path';",
    ),
  },
  {
    name: 'dependencies are those that the sources import',
    rule: dependenciesAreUsed(['piscina', '@scope/name']),
    ruleHere: dependenciesAreUsed(runtimeDependencies()),
    bad: [
      sources('src/actors/a.ts', "import { Piscina } from 'piscina';"),
      sources('src/actors/a.ts', "import 'piscina';\nimport '@scope/name/part';\nimport { z } from 'zod';"),
      sources('test/a.ts', "import 'piscina';\nimport '@scope/name';"),
    ],
    good: sources(
      'src/actors/a.ts',
      "import 'piscina';\nimport a from '@scope/name/part';\nimport 'node:fs';",
    ),
  },
];

const all = readSources();

for (const { name, rule, ruleHere = rule, bad, good } of EXAMPLES) {
  test(`${name}: what breaks it is caught`, () => {
    for (const sample of bad)
      assert.is.not(rule(sample).length, 0, sample.map(({ text }) => text).join('\n'));
    assert.equal(rule(good), []);
  });

  test(name, () => {
    assert.ok(all.some(({ path }) => path === 'test/tidy.test.ts'));
    assert.equal(ruleHere(all), []);
  });
}

test.run();
