/** Numbers of bytes as people write them. */
import { invalidArgument } from './options.ts';

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ['B', 1n],
  ['kB', 10n ** 3n],
  ['KB', 10n ** 3n],
  ['MB', 10n ** 6n],
  ['GB', 10n ** 9n],
  ['TB', 10n ** 12n],
  ['KiB', 1n << 10n],
  ['MiB', 1n << 20n],
  ['GiB', 1n << 30n],
  ['TiB', 1n << 40n],
]);
const UNIT_NAMES = [...UNITS.keys()].filter((unit) => unit !== '').join(', ');
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Digits are limited, so that a hostile string costs nothing. */
const BYTE_SIZE = /^(\d{1,20})(?:\.(\d{1,20}))?\s{0,8}([A-Za-z]*)$/;

/**
 * Reads a size: a number of bytes, or a string such as `'512MiB'`, `'64 KiB'`, `'1.5GiB'`, `'100MB'` or `'4096'`.
 *
 * KiB, MiB, GiB, TiB are powers of 1024; kB, MB, GB, TB powers of 1000. Units are case-sensitive, so that `Mb` is not
 * guessed at. Decimals are exact and must come out as whole bytes. Anything else, below zero or above 2^53 - 1, is an
 * `InvalidArgumentError` that names `name`. Fits as a `Reader` in `readOptions`.
 */
export function parseByteSize(value: unknown, name: string, context?: string): number {
  const bytes = typeof value === 'string' ? parseText(value, name, context) : value;
  if (typeof bytes !== 'number') {
    throw invalidArgument(name, value, "a number of bytes or a string such as '512MiB'", context);
  }
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw invalidArgument(name, value, 'a whole number of bytes from 0 to 2^53 - 1', context);
  }
  return bytes;
}

/** Shows a number of bytes for people, in powers of 1024 and with at most two decimals: `1.5 GiB`. */
export function formatByteSize(bytes: number): string {
  if (!Number.isFinite(bytes)) return `${bytes} B`;
  let amount = bytes;
  let unit = 0;
  // Rounding may reach 1024, so the limit is what still rounds to 1023.99.
  while (Math.abs(amount) >= (unit === 0 ? 1024 : 1023.995) && unit < BINARY_UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${Math.round(amount * 100) / 100} ${BINARY_UNITS[unit]}`;
}

/** The size in `text`; NaN when it does not come out as whole bytes. */
function parseText(text: string, name: string, context: string | undefined): number {
  const [, whole, fraction = '', unit = ''] = BYTE_SIZE.exec(text.trim()) ?? [];
  if (whole === undefined) throw invalidArgument(name, text, "a size such as '512MiB'", context);
  const factor = UNITS.get(unit);
  if (factor === undefined) {
    throw invalidArgument(name, text, `a size with one of the units ${UNIT_NAMES}`, context);
  }
  const scaled = BigInt(whole + fraction) * factor;
  const divisor = 10n ** BigInt(fraction.length);
  return scaled % divisor === 0n ? Number(scaled / divisor) : Number.NaN;
}
