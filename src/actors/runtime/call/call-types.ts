/** The types of calls: what may be given for a parameter, and what comes back. */
import type { Sealed } from '../../../state/value-format.ts';
import type { ObjectRef } from '../../client/object-ref.ts';
import type { ResultRef } from './result-ref.ts';

/** What may be given for a parameter of type `T`: a value, or a ref to one, which arrives as what it names. */
export type Argument<T> = T extends ObjectRef | ResultRef
  ? // A parameter that is itself a ref would be resolved: pass it inside of an object.
    never
  : T | ObjectRef<T> | ResultRef<T>;

/** What may be given for a list of parameters. */
export type Arguments<Parameters extends readonly unknown[]> = {
  [Index in keyof Parameters]: Argument<Parameters[Index]>;
};

// Parameters are compared contrariwise: `never` is what every function accepts.
type AnyFunction = (...values: never[]) => unknown;

/** What the result of a function is, once it is there. */
export type ResultOf<Function extends AnyFunction> = Awaited<ReturnType<Function>>;

/** The items of a generator. */
export type ItemOf<Function extends AnyFunction> =
  ReturnType<Function> extends Iterable<infer Item>
    ? Item
    : ReturnType<Function> extends AsyncIterable<infer Item>
      ? Item
      : never;

type AnyGenerator = Generator<unknown, unknown, unknown> | AsyncGenerator<unknown, unknown, unknown>;

/** Functions that give items one by one. */
export type GeneratorFunction = (...values: never[]) => AnyGenerator;

/** Whether a function of this result is a generator: not one whose result is unknown to the compiler, or that only throws. */
type GivesItems<Result> = 0 extends 1 & Result
  ? false
  : [Result] extends [never]
    ? false
    : Result extends AnyGenerator
      ? true
      : false;

/** A generator of an actor: `runtime.stream(actor.lines, ['log.txt'])` gives its items. */
export interface ActorStream<Function extends GeneratorFunction> {
  readonly [streamBrand]: Function;
}
declare const streamBrand: unique symbol;

/** An actor as its callers see it: each method gives the ref to its result at once; generators are for `runtime.stream`. */
export type ActorHandle<Instance> = {
  readonly [Name in keyof Instance as Instance[Name] extends AnyFunction
    ? Name extends string
      ? Name
      : never
    : never]: Instance[Name] extends (...values: infer Parameters) => infer Result
    ? GivesItems<Result> extends true
      ? ActorStream<Extract<Instance[Name], GeneratorFunction>>
      : (...values: Arguments<Parameters>) => ResultRef<Awaited<Result>>
    : never;
} & AsyncDisposable;

/** What a waiter may read of a result. */
export type ValueOf<Ref> = Ref extends ResultRef<infer T> | ObjectRef<infer T> ? Sealed<T> : never;
