/** What `hot-paths-process.ts` submits. */
import { defineTasks } from '../../src/index.ts';

export const tasks = defineTasks(import.meta.url, {
  nothing(): void {},
});
