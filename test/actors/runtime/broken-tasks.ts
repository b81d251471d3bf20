/** Tasks that workers cannot have: their module fails in a worker, or defines something else there. */
import { isMainThread } from 'node:worker_threads';
import { defineTasks } from '../../../src/index.ts';

if (!isMainThread) throw new Error('this module works in the main thread only');

export const broken = defineTasks(import.meta.url, {
  task(): void {},
});

export const missing = defineTasks(new URL('./no-such-module.js', import.meta.url).href, {
  task(): void {},
});
