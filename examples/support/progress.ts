/** A progress bar on a terminal; a line per step elsewhere. */
const WIDTH = 30;

/** Shows how far a step is. */
export class Progress {
  readonly #label: string;
  readonly #stream: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  #shown = '';

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#stream = stream;
    if (!stream.isTTY) stream.write(`${label} …\n`);
  }

  /** The part done, 0 to 1. */
  readonly update = (part: number): void => {
    if (!this.#stream.isTTY) return;
    const full = Math.round(Math.min(1, part) * WIDTH);
    const text = `${this.#label} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${Math.round(part * 100)} %`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#stream.write(`\r\x1b[2K${text}`);
  };

  done(): void {
    if (!this.#stream.isTTY) return;
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    this.#stream.write(`\r\x1b[2K${this.#label}: ${seconds} s\n`);
  }
}
