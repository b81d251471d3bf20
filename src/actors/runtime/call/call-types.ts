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

/** Functions that give items one by one. */
export type GeneratorFunction = (
  ...values: never[]
) => Generator<unknown, unknown, unknown> | AsyncGenerator<unknown, unknown, unknown>;

/** An actor as its callers see it: each method gives the ref to its result at once. */
export type ActorHandle<Instance> = {
  readonly [Name in keyof Instance as Instance[Name] extends AnyFunction
    ? Name extends string
      ? Name
      : never
    : never]: Instance[Name] extends (...values: infer Parameters) => infer Result
    ? (...values: Arguments<Parameters>) => ResultRef<Awaited<Result>>
    : never;
} & AsyncDisposable;

/** What a waiter may read of a result. */
export type ValueOf<Ref> = Ref extends ResultRef<infer T> | ObjectRef<infer T> ? Sealed<T> : never;
