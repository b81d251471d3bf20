/** Waiting for what others do in their own time. */
import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 20_000;

/** Looks again and again; fails when it never comes. */
export async function until(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS;
  while (!(await reached())) {
    if (performance.now() > limitMs) throw new Error(`never came: ${what}`);
    await delay(1);
  }
}
