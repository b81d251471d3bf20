/** Parts of an SVG picture. */

/** Maps one range of numbers to another. */
export function scale(
  fromLow: number,
  fromHigh: number,
  toLow: number,
  toHigh: number,
): (value: number) => number {
  return (value) => toLow + ((value - fromLow) / (fromHigh - fromLow)) * (toHigh - toLow);
}

/** About `wanted` round numbers between two limits. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const values: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) values.push(value);
  return values;
}

/** How a text looks. */
export interface TextStyle {
  readonly anchor?: 'middle' | 'end';
  readonly size?: number;
  readonly weight?: string;
  readonly fill?: string;
}

/** A text at a place. */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const attributes = [
    style.anchor === undefined ? '' : ` text-anchor="${style.anchor}"`,
    style.size === undefined ? '' : ` font-size="${style.size}"`,
    style.weight === undefined ? '' : ` font-weight="${style.weight}"`,
    style.fill === undefined ? '' : ` fill="${style.fill}"`,
  ].join('');
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escaped}</text>`;
}

/** A straight line. */
export function rule(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour: string,
  width = 1,
  dashes = 'none',
): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dashes}"/>`;
}

/** To a tenth of a pixel: more digits only make the file larger. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A whole picture on white, with a title. */
export function document(width: number, height: number, title: string, parts: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#1f2933">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(40, 44, title, { size: 22, weight: 'bold' }),
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}
