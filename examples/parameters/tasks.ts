/** What workers do: they learn, and one of them holds what was learned. */
import { defineActors, defineTasks } from '../../src/index.ts';
import { accuracy, gradient } from '../support/softmax.ts';
import { KINDS } from '../support/wordnet.ts';

/** Holds the weights. Each has a pace of its own, slower the more it has been moved (Adagrad). */
export class Server {
  readonly #weights: Float32Array;
  readonly #moved: Float32Array;

  constructor(vocabulary: number) {
    this.#weights = new Float32Array(vocabulary * KINDS.length);
    this.#moved = new Float32Array(vocabulary * KINDS.length);
  }

  weights(): Float32Array {
    return this.#weights;
  }

  apply(slope: Float32Array): void {
    for (let index = 0; index < slope.length; index++) {
      const step = slope[index]!;
      if (step === 0) continue;
      this.#moved[index]! += step * step;
      this.#weights[index]! -= (0.5 * step) / Math.sqrt(this.#moved[index]!);
    }
  }
}

export const tasks = defineTasks(import.meta.url, { gradient, accuracy });
defineActors(import.meta.url, { Server });
