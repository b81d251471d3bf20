/**
 * Validation of the options of public calls. A table of readers describes what a call takes; `readOptions` checks what
 * was given against it and returns the values with their types, or throws an error that names the option.
 */
import { inspect } from 'node:util';
import { InvalidArgumentError } from './errors.ts';

/**
 * Checks one value and returns it in its final form, or throws an `InvalidArgumentError` with `name` in its message and
 * in `values.name`. An option that is absent arrives as `undefined`; `optional` and `withDefault` make that legal.
 * `context` is the public call, for the message.
 */
export type Reader<T> = (value: unknown, name: string, context?: string) => T;

/** What a call takes: option name → reader. */
export type OptionsSpec = { readonly [name: string]: Reader<unknown> };

/** What `readOptions` returns for a spec: every option is there, an absent optional one as `undefined`. */
export type OptionsOf<Spec extends OptionsSpec> = { readonly [Name in keyof Spec]: ReturnType<Spec[Name]> };

/** The error for a value that is not `expected`; it shows the name and the value, in the message and in the values. */
export function invalidArgument(
  name: string,
  value: unknown,
  expected: string,
  context?: string,
): InvalidArgumentError {
  const shown = inspect(value, { depth: 0, maxArrayLength: 3, maxStringLength: 80, customInspect: false });
  const plain = typeof value === 'number' || typeof value === 'boolean' || value === undefined;
  const prefix = context === undefined ? '' : `${context}: `;
  return new InvalidArgumentError(`${prefix}${name} must be ${expected}, but is ${shown}`, {
    name,
    value: plain ? value : typeof value === 'string' ? value.slice(0, 80) : shown,
    ...(context === undefined ? {} : { context }),
  });
}

/**
 * Reads the options of a call. `given` may be `undefined`; a name that the spec does not have is an error, with the
 * nearest known name as a suggestion. `context` is the public call as users write it, for instance `Store.create`.
 */
export function readOptions<Spec extends OptionsSpec>(
  spec: Spec,
  given: unknown,
  context: string,
): OptionsOf<Spec> {
  if (given !== undefined && !isPlainObject(given)) {
    throw invalidArgument('options', given, 'an object', context);
  }
  const source: { readonly [name: string]: unknown } = { ...given };
  for (const name of Object.keys(source)) {
    if (!Object.hasOwn(spec, name)) throw unknownOption(name, Object.keys(spec), context);
  }
  const values: Partial<Record<keyof Spec, unknown>> = {};
  for (const name of Object.keys(spec) as (keyof Spec & string)[]) {
    values[name] = spec[name]?.(Object.hasOwn(source, name) ? source[name] : undefined, name, context);
  }
  return values as OptionsOf<Spec>;
}

/** Makes `undefined` legal; it stays `undefined`. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, name, context) => (value === undefined ? undefined : reader(value, name, context));
}

/** Makes `undefined` legal; it becomes `fallback`. */
export function withDefault<T>(reader: Reader<T>, fallback: T): Reader<T> {
  return (value, name, context) => (value === undefined ? fallback : reader(value, name, context));
}

/** An integer between `minimum` and `maximum`, both included. */
export function integer(minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Reader<number> {
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return (value, name, context) => {
    if (Number.isSafeInteger(value) && typeof value === 'number' && value >= minimum && value <= maximum) {
      return value;
    }
    throw invalidArgument(name, value, `an integer ${range}`, context);
  };
}

/** A number from 0 to 1, both included. */
export const part: Reader<number> = (value, name, context) => {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalidArgument(name, value, 'a number from 0 to 1', context);
};

/** `true` or `false`, nothing that merely counts as one. */
export const boolean: Reader<boolean> = (value, name, context) => {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(name, value, 'true or false', context);
};

/** A string with at least one character. */
export const string: Reader<string> = (value, name, context) => {
  if (typeof value === 'string' && value.length > 0) return value;
  throw invalidArgument(name, value, 'a string that is not empty', context);
};

/** A plain object of values by name, each of which `reader` checks. */
export function record<T>(reader: Reader<T>): Reader<{ readonly [name: string]: T }> {
  return (value, name, context) => {
    if (!isPlainObject(value)) throw invalidArgument(name, value, 'a plain object', context);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, reader(entry, `${name}.${key}`, context)]),
    );
  };
}

/** One of a few strings; the result has their literal types. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Reader<Choice> {
  return (value, name, context) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const list = choices.map((choice) => `'${choice}'`).join(', ');
    throw invalidArgument(name, value, `one of ${list}`, context);
  };
}

/** An `AbortSignal`, also one from another realm. */
export const abortSignal: Reader<AbortSignal> = (value, name, context) => {
  if (isAbortSignal(value)) return value;
  throw invalidArgument(name, value, 'an AbortSignal', context);
};

/**
 * A time limit in milliseconds, 0 or more, fractions allowed. Absent and `Infinity` both mean "wait for ever" and are
 * returned as `undefined`.
 */
export const timeout: Reader<number | undefined> = (value, name, context) => {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return undefined;
  if (typeof value === 'number' && value >= 0) return value;
  throw invalidArgument(name, value, 'a number of milliseconds, 0 or more', context);
};

/** Plain objects only, of whatever realm: of an array, a signal, a map or an id given instead, nothing would be read. */
function isPlainObject(given: unknown): given is object {
  if (typeof given !== 'object' || given === null) return false;
  const prototype: object | null = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isAbortSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function'
  );
}

function unknownOption(name: string, known: readonly string[], context: string): InvalidArgumentError {
  const suggestion = nearestName(name, known);
  const hint =
    suggestion === undefined
      ? known.length === 0
        ? 'it takes no options'
        : `known are ${known.join(', ')}`
      : `did you mean ${suggestion}?`;
  return new InvalidArgumentError(`${context}: there is no option ${name.slice(0, 80)}; ${hint}`, {
    name,
    suggestion,
    context,
  });
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.slice(0, 40).toLowerCase();
  let nearest: string | undefined;
  let limit = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    const distance = wanted.length > 2 && lower.startsWith(wanted) ? 1 : editDistance(wanted, lower);
    if (distance < limit && distance < candidate.length) {
      nearest = candidate;
      limit = distance;
    }
  }
  return nearest;
}

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replace = row[column - 1]! + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(replace, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
