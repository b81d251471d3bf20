/** What must not compile, and what must: checked by the compiler with all other sources. Nothing here runs. */
import type { ObjectRef, ResultRef, Runtime, SealedView } from '../../../src/index.ts';
import { Journal } from './actor-samples.ts';
import { Counter, tasks } from './sample-tasks.ts';

/** Fails to compile unless both types are the same. */
type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
function same<One, Other>(isSame: Same<One, Other>): void {
  void isSame;
}

export async function typesOfTasks(runtime: Runtime, array: ObjectRef<Float64Array>): Promise<void> {
  const sum = runtime.submit(tasks.sum, [array]);
  same<typeof sum, ResultRef<number>>(true);
  const value = await sum;
  same<typeof value, number>(true);

  // A view comes back readonly, on memory of its own.
  const ones = await runtime.submit(tasks.ones, [5]);
  same<typeof ones, SealedView<Float64Array<ArrayBuffer>>>(true);
  // @ts-expect-error results are readonly
  ones[0] = 1;

  // Values, refs and results may be given alike.
  runtime.submit(tasks.add, [1, sum]);
  runtime.submit(tasks.sum, [new Float64Array(1)]);
  runtime.submit(tasks.sum, [runtime.submit(tasks.ones, [5])]);

  // @ts-expect-error an argument is missing
  runtime.submit(tasks.add, [1]);
  // @ts-expect-error an argument too many
  runtime.submit(tasks.add, [1, 2, 3]);
  // @ts-expect-error an argument of another type
  runtime.submit(tasks.add, [1, '2']);
  // @ts-expect-error a ref to another type
  runtime.submit(tasks.add, [1, array]);
  // @ts-expect-error the result of another type
  runtime.submit(tasks.sum, [sum]);
  // @ts-expect-error a function that is no task
  runtime.submit((one: number) => one, [1]);
  // @ts-expect-error arguments come as a list
  runtime.submit(tasks.sum, array);
  // @ts-expect-error the value is not there before it is awaited
  sum.toFixed();
  // @ts-expect-error there is no such option
  runtime.submit(tasks.nothing, [], { retry: 1 });

  // Streams are generators', by their items.
  for await (const item of runtime.stream(tasks.count, [5])) same<typeof item, number>(true);
  for await (const item of runtime.stream(tasks.arrays, [1, 5])) {
    same<typeof item, SealedView<Float64Array<ArrayBuffer>>>(true);
  }
  // @ts-expect-error not a generator
  runtime.stream(tasks.add, [1, 2]);

  for await (const total of runtime.map(tasks.sum, [new Float64Array(1), array]))
    same<typeof total, number>(true);
  // @ts-expect-error values of another type
  runtime.map(tasks.sum, ['text']);

  const { ready } = await runtime.wait([sum, sum], { count: 2 });
  same<typeof ready, ResultRef<number>[]>(true);
  // @ts-expect-error what is waited for is a result
  await runtime.wait([5]);
}

export async function typesOfActors(runtime: Runtime, amount: ResultRef<number>): Promise<void> {
  const counter = await runtime.spawn(Counter, [10]);
  const added = counter.add(amount);
  same<typeof added, ResultRef<number>>(true);
  await using other = await runtime.spawn(Counter, [amount]);
  other.add(1);

  const journal = await runtime.spawn(Journal, []);
  for await (const line of runtime.stream(journal.numbered, [amount])) same<typeof line, string>(true);
  // @ts-expect-error an argument is missing
  runtime.stream(journal.numbered, []);
  // @ts-expect-error a generator's items come from a stream
  journal.numbered(1);
  // @ts-expect-error not a generator
  runtime.stream(journal.note, ['line']);
  const failing = journal.fail();
  same<typeof failing, ResultRef<never>>(true);

  // @ts-expect-error the constructor takes a number
  await runtime.spawn(Counter, ['ten']);
  // @ts-expect-error the constructor's argument is missing
  await runtime.spawn(Counter, []);
  // @ts-expect-error there is no such method
  counter.subtract(1);
  // @ts-expect-error a method's argument of another type
  counter.add('1');
  // @ts-expect-error fields stay where the actor lives
  counter.value;
}
