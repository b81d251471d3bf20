import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatByteSize, parseByteSize } from '../../src/state/byte-size.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';

const UNITS = [
  ['', 1],
  ['B', 1],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
] as const;

test('sizes as people write them', () => {
  const cases: readonly (readonly [number | string, number])[] = [
    [0, 0],
    [4096, 4096],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['4096', 4096],
    ['512MiB', 536_870_912],
    ['64 KiB', 65_536],
    ['1.5GiB', 1_610_612_736],
    ['100MB', 100_000_000],
    [' 1 B ', 1],
    ['1.1GB', 1_100_000_000],
    ['0.0009765625KiB', 1],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ];
  for (const [given, bytes] of cases) {
    assert.is(parseByteSize(given, 'memory'), bytes, String(given));
  }
});

test('every whole number with every unit', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 8000 }),
      fc.constantFrom(...UNITS),
      fc.nat({ max: 3 }),
      (count, unit, spaces) => {
        const [name, factor] = unit;
        assert.is(parseByteSize(`${count}${' '.repeat(spaces)}${name}`, 'memory'), count * factor);
      },
    ),
  );
});

test('exact decimals: thousandths of a power of 1000 are whole bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (bytes) => {
      assert.is(
        parseByteSize(`${Math.floor(bytes / 1e6)}.${String(bytes % 1e6).padStart(6, '0')}MB`, 'memory'),
        bytes,
      );
    }),
  );
});

test('anything else is an error with the name and the value in message and values', () => {
  const numbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 2 ** 60];
  const texts = [
    '',
    ' ',
    'MiB',
    '-1',
    '-1MiB',
    '+1',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '.5GiB',
    '1.GiB',
    '1..5GiB',
    '1,5GiB',
    '0.1KiB',
    '1.5',
    '1.5 B',
    '5 parsecs',
    '512Mb',
    '512mib',
    '512M',
    '1 MiB MiB',
    '9007199254740992',
    '8192TiB',
    '99999999999999999999TiB',
  ];
  for (const value of [...numbers, ...texts]) {
    assert.throws(
      () => parseByteSize(value, 'memory', 'Store.create'),
      (error: unknown) => {
        if (!(error instanceof InvalidArgumentError)) return false;
        assert.match(error.message, 'Store.create: memory must be');
        assert.match(error.message, String(value));
        assert.equal(error.values, { name: 'memory', value, context: 'Store.create' });
        return true;
      },
    );
  }
  for (const value of [undefined, null, true, 10n, {}, [1]]) {
    assert.throws(() => parseByteSize(value, 'memory'), /^memory must be a number of bytes or a string/);
  }
  assert.throws(() => parseByteSize('5 parsecs', 'memory'), /one of the units B, kB, KB, MB/);
});

test('a hostile string is refused at once', () => {
  const begin = performance.now();
  assert.throws(() => parseByteSize('9'.repeat(10_000_000), 'memory'), /^memory must be/);
  assert.throws(() => parseByteSize(`1${' '.repeat(1_000_000)}x1`, 'memory'), /^memory must be/);
  assert.ok(performance.now() - begin < 1000);
});

test('formatted for people', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [65_536, '64 KiB'],
    [1_048_575, '1 MiB'],
    [536_870_912, '512 MiB'],
    [1_100_000_000, '1.02 GiB'],
    [2 ** 50, '1 PiB'],
    [-2048, '-2 KiB'],
    [Number.NaN, 'NaN B'],
    [Number.POSITIVE_INFINITY, 'Infinity B'],
  ];
  for (const [bytes, text] of cases) assert.is(formatByteSize(bytes), text);
});

test('whole units up to TiB survive formatting and parsing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1023 }), fc.integer({ min: 0, max: 4 }), (count, power) => {
      assert.is(parseByteSize(formatByteSize(count * 1024 ** power), 'memory'), count * 1024 ** power);
    }),
  );
});

test.run();
