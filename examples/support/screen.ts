/** A picture in the terminal that is drawn anew in place; now and then a line where there is no terminal. */

const FRAME_MS = 40;
const LINE_MS = 500;

/** Shows the latest state of something that runs. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  #height = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
  }

  /** The picture's last line alone for a file or a pipe, which keeps every line. Drawn only when it is time again. */
  draw(picture: () => readonly string[]): void {
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < (this.#stream.isTTY ? FRAME_MS : LINE_MS)) return;
    this.#drawnMs = nowMs;
    const lines = picture();
    if (!this.#stream.isTTY) this.#stream.write(`${lines.at(-1)}\n`);
    else {
      const up = this.#height === 0 ? '' : `\x1b[${this.#height}A`;
      this.#stream.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
      this.#height = lines.length;
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

/** From green (0) to red (1); almost black for `NaN`. */
export function greenToRed(part: number): number {
  if (Number.isNaN(part)) return 0x10141c;
  const red = Math.max(0, Math.min(1, part));
  return (Math.round(40 + 215 * red) << 16) | (Math.round(140 - 100 * red) << 8) | 0x50;
}

/** A pipeline in one line: for each stage the bytes that it has written, and the versions that wait for it. */
export function flowLine(
  names: readonly string[],
  shown: readonly Float64Array[],
  depth: number,
  elapsedMs: number,
): string {
  const parts = shown.map(([bytes = 0, waiting = 0], index) => {
    const rate = (bytes / 1e3 / elapsedMs).toFixed(1).padStart(5);
    const queue = index === 0 ? '' : `→ ${'■'.repeat(waiting).padStart(depth, '·')} `;
    return `${queue}${names[index]} ${rate} MB/s`;
  });
  return parts.join(' ');
}
