/** Tasks and actors that wait for each other, or keep others waiting. */
import { currentTask, defineActors, defineTasks, Runtime } from '../../../src/index.ts';
import { Counter, tasks } from './sample-tasks.ts';

export const waiting = defineTasks(import.meta.url, {
  both(array: Uint8Array, value: number): number {
    return array.length + value;
  },
  /** Each item is the result of a task, which the generator blocks for. */
  *results(count: number): Generator<number, void, void> {
    const runtime = Runtime.current();
    for (let index = 0; index < count; index++) yield runtime.submit(tasks.add, [index, 1]).getSync();
  },
  /** Waits for room that it has itself. */
  async spawnBeside(): Promise<number> {
    const runtime = Runtime.current();
    await using counter = await runtime.spawn(Counter, [1], { resources: { CPU: 1 } });
    return await counter.add(1);
  },
  async reserveBeside(): Promise<number> {
    await using group = await Runtime.current().placementGroup([{ CPU: 1 }]);
    return group.bundles.length;
  },
  async lengthsOf(results: readonly { get(): Promise<unknown> }[]): Promise<number> {
    return (await Promise.all(results.map((result) => result.get()))).length;
  },
});

export class Blocker {
  /** Gives one item, and blocks its worker's thread from then on until it is cancelled. */
  *block(): Generator<string, void, void> {
    const context = currentTask()!;
    yield context.worker;
    for (;;) context.throwIfCancelled();
  }
}
defineActors(import.meta.url, { Blocker });
