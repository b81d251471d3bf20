/** A picture in the terminal that is drawn anew in place; now and then a line where there is no terminal. */

const PLAIN_INTERVAL_MS = 500;

/** Shows the latest state of something that runs. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  #height = 0;
  #lastPlainMs = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
  }

  /** `picture` for a terminal, `summary` for a file or a pipe, which keeps every line. */
  draw(picture: readonly string[], summary: string): void {
    if (this.#stream.isTTY) {
      const up = this.#height === 0 ? '' : `\x1b[${this.#height}A`;
      this.#stream.write(`${up}${picture.map((line) => `\x1b[2K${line}\n`).join('')}`);
      this.#height = picture.length;
    } else if (performance.now() - this.#lastPlainMs > PLAIN_INTERVAL_MS) {
      this.#lastPlainMs = performance.now();
      this.#stream.write(`${summary}\n`);
    }
  }
}

/** Pixels as text, two above each other in a character; colours are `0xRRGGBB`. */
export function pixelLines(
  width: number,
  height: number,
  colour: (x: number, y: number) => number,
): string[] {
  const code = (ground: 38 | 48, rgb: number): string =>
    `\x1b[${ground};2;${rgb >> 16};${(rgb >> 8) & 0xff};${rgb & 0xff}m`;
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++) line += `${code(38, colour(x, y))}${code(48, colour(x, y + 1))}▀`;
    lines.push(`${line}\x1b[0m`);
  }
  return lines;
}
