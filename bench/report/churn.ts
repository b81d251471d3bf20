/** Reads what the long run of churn wrote down: samples of memory over time. */
import { existsSync, readFileSync } from 'node:fs';

/** One quantity at one time, as the plot wants it. */
export interface ChurnPoint {
  readonly minute: number;
  /** The sample's own name of it. */
  readonly quantity: string;
  /** MiB of names that end in Bytes, else the number as it is. */
  readonly value: number;
  readonly isMemory: boolean;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Takes a list of samples, or an object with one in `samples`. Whatever is a finite number in a sample is a quantity;
 * samples without a `minute` (or `atSeconds`, or `atMs`) are left out. Fragmentation is added where it can be told. No points when there is no such file.
 */
export function readChurn(path: string): ChurnPoint[] {
  if (!existsSync(path)) return [];
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const samples: unknown = isRecord(parsed) ? parsed.samples : parsed;
  if (!Array.isArray(samples)) throw new TypeError(`${path} holds no list of samples`);
  return samples.filter(isRecord).flatMap(toPoints);
}

const CLOCKS = { minute: 1, atSeconds: 60, atMs: 60_000 } as const;

function toPoints(sample: Record<string, unknown>): ChurnPoint[] {
  const clock = Object.entries(CLOCKS).find(([name]) => Number.isFinite(sample[name]));
  if (clock === undefined) return [];
  const minute = Number(sample[clock[0]]) / clock[1];
  return Object.entries({ ...fragmentationOf(sample), ...sample }).flatMap(([name, value]) => {
    if (name in CLOCKS || typeof value !== 'number' || !Number.isFinite(value)) return [];
    const isMemory = name.endsWith('Bytes');
    const quantity = isMemory ? name.slice(0, -'Bytes'.length) : name;
    return [{ minute, quantity, value: isMemory ? value / 2 ** 20 : value, isMemory }];
  });
}

/** The part of the free memory that is not in its largest piece. */
function fragmentationOf({ freeBytes, largestFreeBytes }: Record<string, unknown>): {
  readonly fragmentation?: number;
} {
  if (typeof freeBytes !== 'number' || typeof largestFreeBytes !== 'number' || !(freeBytes > 0)) return {};
  return { fragmentation: 1 - largestFreeBytes / freeBytes };
}
