/** Tasks and an actor that wait for others, for tests of nesting and of graphs. */
import { defineActors, defineTasks, Runtime } from '../../../src/index.ts';

export const graph = defineTasks(import.meta.url, {
  one(): number {
    return 1;
  },
  increment(value: number): number {
    return value + 1;
  },
  sum(...values: number[]): number {
    return values.reduce((total, value) => total + value, 0);
  },
  async parent(children: number): Promise<number> {
    const runtime = Runtime.current();
    const results = Array.from({ length: children }, () => runtime.submit(graph.one, []));
    return graph.sum(...(await Promise.all(results)));
  },
  parentSync(children: number): number {
    const runtime = Runtime.current();
    const results = Array.from({ length: children }, () => runtime.submit(graph.one, []));
    return graph.sum(...results.map((result) => result.getSync()));
  },
  async grandparent(children: number): Promise<number> {
    const runtime = Runtime.current();
    const results = Array.from({ length: children }, () => runtime.submit(graph.parent, [children]));
    return graph.sum(...(await Promise.all(results)));
  },
  grandparentSync(children: number): number {
    const runtime = Runtime.current();
    const results = Array.from({ length: children }, () => runtime.submit(graph.parentSync, [children]));
    return graph.sum(...results.map((result) => result.getSync()));
  },
  /** Blocks for a result that depends on another one. */
  chainSync(): number {
    const runtime = Runtime.current();
    const first = runtime.submit(graph.one, []);
    return runtime.submit(graph.increment, [first]).getSync();
  },
});

export class Parent {
  async count(children: number): Promise<number> {
    return await Runtime.current().submit(graph.parent, [children]);
  }
}
defineActors(import.meta.url, { Parent });
