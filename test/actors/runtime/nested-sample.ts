/** Tasks that call tasks. */
import { defineTasks, Runtime } from '../../../src/index.ts';

export const nested = defineTasks(import.meta.url, {
  leaf(value: number): number {
    return value + 1;
  },
  async middle(value: number): Promise<number> {
    return (await Runtime.current().submit(nested.leaf, [value])) + 10;
  },
  async top(value: number): Promise<number> {
    return (await Runtime.current().submit(nested.middle, [value])) + 100;
  },
  middleSync(value: number): number {
    return Runtime.current().submit(nested.leaf, [value]).getSync() + 10;
  },
  /** Blocks for a task that goes on by promises. */
  topMixed(value: number): number {
    return Runtime.current().submit(nested.middle, [value]).getSync() + 100;
  },
  topSync(value: number): number {
    return Runtime.current().submit(nested.middleSync, [value]).getSync() + 100;
  },
});
