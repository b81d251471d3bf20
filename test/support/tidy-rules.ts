/** The rules of the house that the compiler and the linter do not know. Each answers with its violations. */
import { posix } from 'node:path';
import { codeOnly, type Import, importsOf, lineOf, type Source, withoutStrings } from './source-text.ts';

export type Rule = (sources: readonly Source[]) => string[];

const LINE_LIMIT = 400;

export const filesAreShort: Rule = (sources) =>
  sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINE_LIMIT)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${LINE_LIMIT}`);

function matches({ path, text }: Source, searched: string, pattern: RegExp): string[] {
  return [...searched.matchAll(pattern)].map(
    (match) => `${path}:${lineOf(text, match.index)} has ${JSON.stringify(match[0].trim())}`,
  );
}

function isTypeScript({ path }: Source): boolean {
  return path.endsWith('.ts');
}

/** As a word of a type; methods of that name, as of `Promise`, and keys of objects are something else. */
const ANY_TYPE = /(?<![.\w$])any(?![\w$]|\s*[(:])/g;

export const typesAreKnown: Rule = (sources) =>
  sources.filter(isTypeScript).flatMap((source) => {
    // Type tests are about code that must not compile.
    const silencers = source.path.endsWith('.types.ts')
      ? /@ts-(?:ignore|nocheck)\b/g
      : /@ts-(?:ignore|nocheck|expect-error)\b/g;
    return [
      ...matches(source, codeOnly(source.text), ANY_TYPE),
      ...matches(source, withoutStrings(source.text), silencers),
    ];
  });

export const nothingIsPutOff: Rule = (sources) =>
  sources.flatMap((source) => matches(source, withoutStrings(source.text), /\b(?:TODO|FIXME|XXX)\b/g));

/** A test may be skipped where it cannot run, `(possible ? test : test.skip)(…)`, but not for good. */
export const noTestIsLeftOut: Rule = (sources) =>
  sources
    .filter(({ path }) => /\.(?:test|long)\.ts$/.test(path))
    .flatMap((source) => matches(source, codeOnly(source.text), /\w+\.(?:only|skip)\(/g));

/** The lowest first: a layer imports itself and those below. */
const LAYERS = ['src/state', 'src/pools', 'src/actors'];
const PUBLIC_SURFACES: readonly string[] = ['src/index.ts', 'src/comlink.ts'];
const BRIDGE_LOADER = 'src/pools/bridge.ts';

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => path.startsWith(`${layer}/`));
}

interface Edge extends Import {
  readonly from: string;
  /** The file imported. */
  readonly to: string;
}

function isInternal({ path }: Source): boolean {
  return path.startsWith('src/') && isTypeScript({ path, text: '' });
}

function edgesOf(sources: readonly Source[]): Edge[] {
  return sources.filter(isInternal).flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map((found) => ({ ...found, from: path, to: posix.join(posix.dirname(path), found.specifier) })),
  );
}

export const importsPointDown: Rule = (sources) => [
  ...sources
    .filter(
      (source) => isInternal(source) && !PUBLIC_SURFACES.includes(source.path) && layerOf(source.path) < 0,
    )
    .map(({ path }) => `${path} belongs to no layer (${LAYERS.join(', ')})`),
  ...edgesOf(sources)
    .filter(({ from }) => !PUBLIC_SURFACES.includes(from))
    .filter(({ from, to }) => layerOf(to) < 0 || layerOf(to) > layerOf(from))
    .map(({ from, to }) => `${from} imports ${to}`),
];

/** Its types carry no calls, so all layers may import those. */
export const onlyPoolsCallTheBridge: Rule = (sources) => [
  ...edgesOf(sources)
    .filter(({ to, typeOnly }) => to === BRIDGE_LOADER && !typeOnly)
    .filter(({ from }) => !PUBLIC_SURFACES.includes(from) && !from.startsWith('src/pools/'))
    .map(({ from }) => `${from} imports ${BRIDGE_LOADER}`),
  ...sources
    .filter((source) => isInternal(source) && source.path !== BRIDGE_LOADER)
    .flatMap((source) => matches(source, codeOnly(source.text), /\bcreateRequire\(|\bprocess\.dlopen\(/g)),
];

/** Types count too: files that need each other to be read belong together, or apart. */
export const importsMakeNoCycle: Rule = (sources) => {
  const edges = edgesOf(sources);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const { to } of edges.filter(({ from }) => from === path)) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const { from } of edges) visit(from, []);
  return cycles;
};

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What users install is what the sources import. */
export function dependenciesAreUsed(dependencies: readonly string[]): Rule {
  return (sources) => {
    const imported = sources.filter(isInternal).flatMap(({ path, text }) =>
      importsOf(text)
        .filter(({ specifier }) => !/^(?:\.|node:)/.test(specifier))
        .map(({ specifier }) => ({ path, name: packageOf(specifier) })),
    );
    return [
      ...dependencies
        .filter((dependency) => !imported.some(({ name }) => name === dependency))
        .map((dependency) => `nothing in src imports the dependency ${dependency}`),
      ...imported
        .filter(({ name }) => !dependencies.includes(name))
        .map(({ path, name }) => `${path} imports ${name}, which is no dependency`),
    ];
  };
}
