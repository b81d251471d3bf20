/**
 * A document that people and runs write together: between `<!-- generated: NAME -->` and `<!-- end -->` stands what a
 * run has written, everything else is kept as it is.
 */

const BLOCK = /<!-- generated: (.+?) -->\n[\s\S]*?<!-- end -->/g;

/** The names of the blocks, in their order. */
export function blockNames(document: string): string[] {
  return [...document.matchAll(BLOCK)].map(([, name = '']) => name);
}

/** Fills each block with what `write` makes for its name; a block that it knows nothing of stays. */
export function fillBlocks(document: string, write: (name: string) => string | undefined): string {
  return document.replace(BLOCK, (block, name: string) => {
    const text = write(name);
    return text === undefined ? block : `<!-- generated: ${name} -->\n${text.trim()}\n<!-- end -->`;
  });
}
