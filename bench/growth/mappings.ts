/** How much of one mapping of this process is in memory: Linux only. */
import { readFileSync } from 'node:fs';

export const SMAPS = '/proc/self/smaps';
const PAGE_BYTES = 4096;

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly residentBytes: number;
}

function mappings(): Mapping[] {
  return readFileSync(SMAPS, 'latin1')
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .map((text) => {
      const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(text) ?? [];
      const residentBytes = Number(/^Rss: +(\d+) kB/m.exec(text)?.[1]) * 1024;
      return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), residentBytes };
    });
}

/**
 * Bytes in memory of the region of this size, which is one mapping or, with huge pages in the middle, several in a row;
 * undefined where there is no such region, or more than one.
 */
export function residentBytes(regionBytes: number): number | undefined {
  const rounded = Math.ceil(regionBytes / PAGE_BYTES) * PAGE_BYTES;
  const all = mappings();
  const found: number[] = [];
  for (const [first, { start }] of all.entries()) {
    let sum = 0;
    for (let at = first; at < all.length && all[at]!.end - start <= rounded; at++) {
      if (at > first && all[at]!.start !== all[at - 1]!.end) break;
      sum += all[at]!.residentBytes;
      if (all[at]!.end - start === rounded) found.push(sum);
    }
  }
  return found.length === 1 ? found[0] : undefined;
}
