/** Just enough of a reader of TypeScript for rules about its text: what is comment, string or code, and the imports. */

export interface Source {
  /** Relative to the package, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** In this order: comments; strings; templates; regular expressions, where an expression can begin. */
const LITERAL =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`)|(?<=(?:^|[=(,:[!&|?{};\n]|=>|\breturn)\s*)(?<pattern>\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*)/g;

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The text with the inside of the literals named replaced by blanks; lines and columns stay. */
function without(text: string, ...kinds: readonly ('comment' | 'string' | 'pattern')[]): string {
  return text.replace(LITERAL, (literal, ...rest) => {
    const groups: Readonly<Record<string, string | undefined>> = rest.at(-1);
    return kinds.some((kind) => groups[kind] !== undefined) ? blank(literal) : literal;
  });
}

export function withoutComments(text: string): string {
  return without(text, 'comment');
}

/** Code and comments: what people wrote for people and for the compiler. */
export function withoutStrings(text: string): string {
  return without(text, 'string', 'pattern');
}

export function codeOnly(text: string): string {
  return without(text, 'comment', 'string', 'pattern');
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

export interface Import {
  readonly specifier: string;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(?<clause>[^'"`;()]*?)\s*from\s*['"](?<from>[^'"]+)['"]|^import\s*['"](?<bare>[^'"]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"]+)['"]/gm;

export function importsOf(text: string): Import[] {
  return [...withoutComments(text).matchAll(IMPORT)].map(({ groups = {} }) => {
    const { clause = '', from, bare, dynamic } = groups;
    const members = /^\{([^}]*)\}$/.exec(clause)?.[1]?.split(',') ?? [];
    const typeOnly =
      clause.startsWith('type ') ||
      (members.length > 0 &&
        members.every((member) => member.trim() === '' || member.trim().startsWith('type ')));
    return { specifier: from ?? bare ?? dynamic ?? '', typeOnly };
  });
}
