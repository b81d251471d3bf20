/** What the workers of all peers run; also the module that piscina and tinypool load. */

/** A small argument, as most calls have one. */
export interface Move {
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

export function nothing(): void {}

/** A small object for a small object. */
export function move({ x, y, name }: Move): Move {
  return { x: x + 1, y: y - 1, name };
}

/** The first and the last element: what is measured is the way of the value, and not its use. */
export function ends(values: { readonly length: number; readonly [index: number]: number }): number {
  return (values[0] ?? 0) + (values[values.length - 1] ?? 0);
}
