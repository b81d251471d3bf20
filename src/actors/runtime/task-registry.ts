/**
 * Tasks and actor classes by name. A module defines them while it is evaluated, in whatever thread imports it: so both sides
 * of a call know the same thing under the same name, and nothing but the name travels.
 */
import { InvalidArgumentError, TaskModuleError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';

/** What threads call a function or class: the module that defines it, and its name there. */
export interface DefinitionName {
  readonly module: string;
  readonly name: string;
}

type Callable = (...args: never[]) => unknown;
type Constructable = new (...args: never[]) => object;

/** A function that workers can run by its name. Called directly, it runs here as any other function. */
export type Task<Function extends Callable = Callable> = Function & { readonly [taskBrand]: true };
declare const taskBrand: unique symbol;

/** What {@link defineTasks} gives back. */
export type Tasks<Functions> = {
  readonly [Name in keyof Functions]: Functions[Name] extends Callable ? Task<Functions[Name]> : never;
};

/** What a definition is for: by which function it was made. */
type Maker = 'defineTasks' | 'defineActors' | 'defineErrors';

/** A definition as this thread knows it. */
export interface Definition extends DefinitionName {
  /** Number of the definition in this thread: what its links call it. */
  readonly number: number;
}

const values = new Map<string, Callable | Constructable>();
const definitions = new WeakMap<object, Definition & { readonly maker: Maker }>();
const methods = new Map<string, Definition>();
let lastNumber = 0;

const keyOf = ({ module, name }: DefinitionName): string => `${module}#${name}`;

/**
 * Defines the tasks of a module, which workers import in order to run them. Call it at the top level of the module, with
 * `import.meta.url`; names are unique within it.
 *
 *     export const tasks = defineTasks(import.meta.url, {
 *       histogram(pixels: Uint8Array): number[] { … },
 *     });
 *
 * Throws `InvalidArgumentError` for what is no function, and for a name that the module has defined before.
 */
export function defineTasks<const Functions extends { readonly [name: string]: Callable }>(
  moduleUrl: string,
  functions: Functions,
): Tasks<Functions> {
  define('defineTasks', moduleUrl, functions);
  return functions as unknown as Tasks<Functions>;
}

/**
 * Defines the actor classes of a module, as {@link defineTasks} does tasks. `runtime.spawn` takes the class itself.
 *
 *     export class Counter { … }
 *     defineActors(import.meta.url, { Counter });
 */
export function defineActors<const Classes extends { readonly [name: string]: Constructable }>(
  moduleUrl: string,
  classes: Classes,
): Classes {
  define('defineActors', moduleUrl, classes);
  return classes;
}

/**
 * Defines error classes of a module, so that an error thrown in a worker is an instance of its class at the caller as well,
 * if that has imported the module. Errors of the language and of Plasmoid need no definition.
 */
export function defineErrors<const Classes extends { readonly [name: string]: Constructable }>(
  moduleUrl: string,
  classes: Classes,
): Classes {
  define('defineErrors', moduleUrl, classes);
  return classes;
}

/** The definition that stands for an actor's method, whose class both sides know. */
export function methodDefinition(name: string): Definition {
  let definition = methods.get(name);
  if (definition === undefined) {
    definition = { module: '', name, number: ++lastNumber };
    methods.set(name, definition);
  }
  return definition;
}

function define(context: Maker, module: string, entries: { readonly [name: string]: unknown }): void {
  if (typeof module !== 'string' || !URL.canParse(module))
    throw invalidArgument('moduleUrl', module, 'the import.meta.url of the module', context);
  if (typeof entries !== 'object' || entries === null)
    throw invalidArgument('definitions', entries, 'an object of functions by name', context);
  for (const [name, value] of Object.entries(entries)) {
    if (!isCallable(value)) throw invalidArgument(name, value, 'a function', context);
    const key = keyOf({ module, name });
    if (values.has(key))
      throw new InvalidArgumentError(`${context}: ${key} is defined already`, { name, module });
    const known = definitions.get(value);
    if (known !== undefined)
      throw new InvalidArgumentError(`${context}: ${name} is defined already, as ${keyOf(known)}`, { name });
    values.set(key, value);
    definitions.set(value, { module, name, number: ++lastNumber, maker: context });
  }
}

function isCallable(value: unknown): value is Callable | Constructable {
  return typeof value === 'function';
}

/** What a task was defined as. Throws `InvalidArgumentError` when it is none. */
export function taskDefinition(task: unknown): Definition {
  return definitionOf(
    task,
    'task',
    'defineTasks',
    'export const tasks = defineTasks(import.meta.url, { … })',
  );
}

/** What an actor's class was defined as. Throws `InvalidArgumentError` when it is none. */
export function actorDefinition(actorClass: unknown): Definition {
  return definitionOf(actorClass, 'actorClass', 'defineActors', 'defineActors(import.meta.url, { … })');
}

/** What an error's class was defined as; undefined when it was not. */
export function errorDefinition(errorClass: object): Definition | undefined {
  return definitions.get(errorClass);
}

function definitionOf(value: unknown, name: string, maker: Maker, example: string): Definition {
  const definition = typeof value === 'function' ? definitions.get(value) : undefined;
  if (definition?.maker === maker) return definition;
  const made = definition === undefined ? '' : `, but ${definition.name} was made by ${definition.maker}`;
  throw new InvalidArgumentError(`${name} must be one that ${maker} made${made}: ${example}`, { name });
}

/** The function or class of a name, importing its module if need be. Throws `TaskModuleError`. */
export async function load(name: DefinitionName): Promise<Callable | Constructable> {
  const present = loaded(name);
  if (present !== undefined) return present;
  try {
    await import(name.module);
  } catch (cause) {
    throw new TaskModuleError(
      `the module ${name.module} of ${name.name} could not be imported: ${describe(cause)}`,
      { module: name.module, name: name.name },
      { cause },
    );
  }
  const found = loaded(name);
  if (found !== undefined) return found;
  throw new TaskModuleError(
    `the module ${name.module} does not define ${name.name}: call defineTasks or defineActors at its top level`,
    { module: name.module, name: name.name },
  );
}

/** The function or class of a name, if this thread has it. */
export function loaded(name: DefinitionName): Callable | Constructable | undefined {
  return values.get(keyOf(name));
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
