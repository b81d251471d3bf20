/** Errors on their way between threads: they keep class, message, stack, cause and properties. */
import { serialize } from 'node:v8';
import * as plasmoidErrors from '../../../state/errors.ts';
import { errorDefinition, loaded } from '../task-registry.ts';

/** An error as plain data. */
export interface ErrorParts {
  /** Name of a class that both sides know without asking; or where it is defined. */
  readonly className: string;
  readonly module: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** There when the error has one. */
  readonly cause?: unknown;
  /** Its own properties beside these, those that can be cloned. */
  readonly properties: { readonly [name: string]: unknown };
}

/** Causes beyond this depth are left out: an error may be its own cause. */
const CAUSES_MAX = 8;

const KEPT_APART: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);

const knownClasses = new Map<string, { readonly prototype: Error }>();
for (const known of [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
])
  knownClasses.set(known.name, known);
for (const [name, known] of Object.entries(plasmoidErrors)) knownClasses.set(name, known);

/** Classes of errors that came through a thread which has not imported them: who gets the error from there may have. */
const originsOf = new WeakMap<Error, { readonly className: string; readonly module: string }>();

/** An error inside of another, in a message that is cloned as it is. */
interface PackedError {
  readonly packedError: ErrorParts;
}

/**
 * Takes an error apart for a message that is cloned, its causes as well: clones of errors lose what they are if the engine
 * did not make them itself.
 */
export function packError(error: Error): ErrorParts {
  const parts = encodeError(error);
  const { cause } = parts;
  return cause instanceof Error ? { ...parts, cause: { packedError: packError(cause) } } : parts;
}

/** Takes an error apart. Errors among its parts are taken apart by whoever encodes these. */
export function encodeError(error: Error): ErrorParts {
  const { className, module } = originsOf.get(error) ?? classOf(error);
  const properties: { [name: string]: unknown } = {};
  for (const name of Object.keys(error)) {
    const value: unknown = Reflect.get(error, name);
    if (!KEPT_APART.has(name) && isCloneable(value)) properties[name] = value;
  }
  // Own, and not enumerable.
  if (error instanceof AggregateError) properties.errors = error.errors;
  return {
    className,
    module,
    name: error.name,
    message: String(error.message),
    stack: typeof error.stack === 'string' ? error.stack : undefined,
    properties,
    ...(Object.hasOwn(error, 'cause') && !hasEndlessCauses(error) ? { cause: error.cause } : {}),
  };
}

/** The nearest of its classes that another thread can know. */
function classOf(error: Error): { readonly className: string; readonly module: string | undefined } {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (isErrorPrototype(prototype)) {
    const definition = errorDefinition(prototype.constructor);
    if (definition !== undefined) return { className: definition.name, module: definition.module };
    const { name } = prototype.constructor;
    if (knownClasses.get(name)?.prototype === prototype) return { className: name, module: undefined };
    prototype = Object.getPrototypeOf(prototype);
  }
  return { className: 'Error', module: undefined };
}

/** Puts an error together again: an instance of its class where this thread has that, else an `Error` of its name. */
export function decodeError(parts: ErrorParts): Error {
  const { className, module, name, message, stack, properties } = parts;
  // Made as an error, so that the engine knows it as one, whatever the constructor of its class takes.
  const error = new Error(message, 'cause' in parts ? { cause: unpacked(parts.cause) } : undefined);
  const known = module === undefined ? knownClasses.get(className) : loaded({ module, name: className });
  if (known !== undefined && isErrorPrototype(known.prototype)) Object.setPrototypeOf(error, known.prototype);
  else if (module !== undefined) originsOf.set(error, { className, module });
  Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  if (error.name !== name)
    Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  for (const [key, value] of Object.entries(properties)) {
    const enumerable = key !== 'errors';
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
  }
  return error;
}

function unpacked(cause: unknown): unknown {
  const isPacked = typeof cause === 'object' && cause !== null && 'packedError' in cause;
  return isPacked ? decodeError((cause as PackedError).packedError) : cause;
}

function isErrorPrototype(prototype: unknown): prototype is Error {
  return prototype === Error.prototype || prototype instanceof Error;
}

/** An error may be its own cause. */
function hasEndlessCauses(error: Error): boolean {
  let cause: unknown = error.cause;
  for (let depth = 0; depth < CAUSES_MAX; depth++) {
    if (!(cause instanceof Error)) return false;
    cause = cause.cause;
  }
  return true;
}

/** What of an error's own properties can travel: a socket or a function stays behind. */
function isCloneable(value: unknown): boolean {
  if (
    value === null ||
    (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
  )
    return true;
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
