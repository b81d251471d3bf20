/** The functions of the peers as Plasmoid's tasks and methods of an actor. Runs in Plasmoid's workers. */
import { defineActors, defineTasks } from '../../src/index.ts';
import { ends, type Move, move, nothing } from './functions.ts';

export const tasks = defineTasks(import.meta.url, {
  nothing: () => nothing(),
  move: (step: Move) => move(step),
  ends: (values: Float64Array) => ends(values),
});

/** An object that keeps something, behind Plasmoid, comlink and the hand-written calls. */
export class Counter {
  #value = 0;

  add(amount: number): number {
    this.#value += amount;
    return this.#value;
  }

  ends(values: Float64Array): number {
    return ends(values);
  }
}
defineActors(import.meta.url, { Counter });
