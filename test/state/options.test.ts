import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseByteSize } from '../../src/state/byte-size.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import {
  abortSignal,
  boolean,
  integer,
  invalidArgument,
  oneOf,
  optional,
  type Reader,
  readOptions,
  string,
  timeout,
  withDefault,
} from '../../src/state/options.ts';

const SPEC = {
  memory: withDefault(parseByteSize, 1024),
  spillDirectory: optional(string),
  clients: withDefault(integer(1, 256), 16),
  debug: withDefault(boolean, false),
  mode: withDefault(oneOf('fast', 'safe'), 'safe'),
  signal: optional(abortSignal),
  timeout,
};

function failure(act: () => unknown): InvalidArgumentError {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
  return assert.unreachable('nothing was thrown') as never;
}

test('absent options become their defaults, or undefined', () => {
  const absent = {
    memory: 1024,
    spillDirectory: undefined,
    clients: 16,
    debug: false,
    mode: 'safe',
    signal: undefined,
    timeout: undefined,
  };
  assert.equal(readOptions(SPEC, undefined, 'Store.create'), absent);
  assert.equal(readOptions(SPEC, {}, 'Store.create'), absent);
  assert.equal(readOptions(SPEC, { memory: undefined, timeout: undefined }, 'Store.create'), absent);
});

test('given options arrive with their types, without a cast', () => {
  const { signal } = new AbortController();
  const given = {
    memory: '64KiB',
    spillDirectory: '/tmp',
    clients: 256,
    debug: true,
    mode: 'fast',
    signal,
    timeout: 0.5,
  };
  const options = readOptions(SPEC, given, 'Store.create');
  const typed: {
    readonly memory: number;
    readonly spillDirectory: string | undefined;
    readonly clients: number;
    readonly debug: boolean;
    readonly mode: 'fast' | 'safe';
    readonly signal: AbortSignal | undefined;
    readonly timeout: number | undefined;
  } = options;
  assert.equal(Object.keys(typed), Object.keys(SPEC));
  assert.is(typed.memory, 65_536);
  assert.is(typed.signal, signal);
  assert.is(typed.mode, 'fast');
  assert.is(typed.timeout, 0.5);
});

test('every reader refuses what is wrong, and its error names option, value and call', () => {
  const wrong: { readonly [Name in keyof typeof SPEC]: readonly unknown[] } = {
    memory: [-1, '5 parsecs', null, {}],
    spillDirectory: ['', 5, null],
    clients: [0, 257, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, null],
    debug: [0, 1, 'true', null],
    mode: ['Fast', '', 1, null],
    signal: [null, {}, 'abort', new AbortController(), { aborted: false }],
    timeout: [-1, Number.NaN, Number.NEGATIVE_INFINITY, '100', 5n, null, new Date(0)],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const error = failure(() => readOptions(SPEC, { [name]: value }, 'Store.create'));
      assert.match(error.message, new RegExp(`^Store\\.create: ${name} must be .+, but is .+`));
      assert.is(error.values.name, name);
      assert.is(error.values.context, 'Store.create');
      assert.ok('value' in error.values);
      assert.is(error.code, 'InvalidArgument');
    }
  }
});

test('an option without default is required', () => {
  assert.match(
    failure(() => readOptions({ path: string }, {}, 'open')).message,
    'open: path must be a string',
  );
});

test('an unknown option is refused, with the nearest name as a suggestion', () => {
  const cases = [
    ['memroy', 'memory'],
    ['MEMORY', 'memory'],
    ['spillDir', 'spillDirectory'],
    ['spill_directory', 'spillDirectory'],
    ['timeOut', 'timeout'],
    ['sginal', 'signal'],
  ] as const;
  for (const [name, suggestion] of cases) {
    const error = failure(() => readOptions(SPEC, { [name]: undefined }, 'Store.create'));
    assert.is(error.values.suggestion, suggestion, name);
    assert.is(error.message, `Store.create: there is no option ${name}; did you mean ${suggestion}?`);
    assert.is(error.values.name, name);
  }
  const error = failure(() => readOptions(SPEC, { telescope: 1 }, 'Store.create'));
  assert.match(error.message, 'there is no option telescope; known are memory, spillDirectory, clients');
  assert.match(
    failure(() => readOptions({}, { a: 1 }, 'close')).message,
    'close: there is no option a; it takes',
  );
});

test('names of Object.prototype are unknown options, and none is read from it', () => {
  for (const name of ['toString', 'constructor', 'hasOwnProperty']) {
    assert.is(failure(() => readOptions(SPEC, { [name]: 1 }, 'get')).values.name, name);
  }
  const given: unknown = JSON.parse('{"__proto__": 1}');
  assert.is(failure(() => readOptions(SPEC, given, 'get')).values.name, '__proto__');
  assert.equal(readOptions({ toString: optional(string) }, {}, 'get'), { toString: undefined });
});

test('options must be an object', () => {
  for (const given of [null, 5, 'memory', true, () => 1, [], new Uint8Array(0), new Float64Array(1 << 20)]) {
    const error = failure(() => readOptions(SPEC, given, 'Store.create'));
    assert.match(error.message, 'Store.create: options must be an object');
    assert.is(error.values.name, 'options');
  }
});

test('integers: exactly the range is accepted', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.integer(), (left, right, value) => {
      const [minimum, maximum] = [Math.min(left, right), Math.max(left, right)];
      const read = () => integer(minimum, maximum)(value, 'count');
      if (value >= minimum && value <= maximum) assert.is(read(), value);
      else assert.is(failure(read).values.name, 'count');
    }),
  );
  assert.match(
    failure(() => integer(2)(1, 'count')).message,
    'count must be an integer of at least 2, but is 1',
  );
});

test('timeout: absent and Infinity wait for ever, everything else from 0 is itself', () => {
  assert.is(timeout(undefined, 'timeout'), undefined);
  assert.is(timeout(Number.POSITIVE_INFINITY, 'timeout'), undefined);
  for (const limit of [0, 0.25, 100, 2 ** 31, 1e300]) assert.is(timeout(limit, 'timeout'), limit);
});

test('a signal of another implementation is accepted', () => {
  const foreign: unknown = Object.assign(new EventTarget(), { aborted: false });
  assert.is(abortSignal(foreign, 'signal'), foreign);
  assert.is(abortSignal(AbortSignal.abort(), 'signal').aborted, true);
});

test('errors show values briefly, never run code of the value, and stay cloneable', () => {
  const trap = {
    [Symbol.for('nodejs.util.inspect.custom')]: () => assert.unreachable('code of the value ran'),
    toString: () => assert.unreachable('code of the value ran'),
  };
  for (const value of [trap, 'x'.repeat(1e6), new Uint8Array(1e6), () => 1, Symbol('s'), 5n, null]) {
    const error = invalidArgument('name', value, 'better');
    assert.ok(error.message.length < 400, error.message);
    assert.equal(structuredClone(error.values), error.values);
  }
});

test("a reader of one's own fits in", () => {
  const port: Reader<`:${number}`> = (value, name) => `:${integer(1, 65_535)(value, name)}`;
  const typed: { readonly port: `:${number}` } = readOptions({ port }, { port: 80 }, 'listen');
  assert.is(typed.port, ':80');
});

test.run();
