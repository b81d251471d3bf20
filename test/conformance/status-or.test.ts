/** Ray's status_or_test: ray-semantics.md §12. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { Status } from '../../src/state/status.ts';
import { StatusOr } from '../../src/state/status-or.ts';

const isInvariantError = (error: unknown): boolean => error instanceof InvariantError;
const failed = (message = 'msg'): StatusOr<number> =>
  StatusOr.error(Status.error('InvalidArgument', message));

class Base {
  readonly name: string = 'base';
}
class Derived extends Base {
  override readonly name = 'derived';
}

test('AssignTest', () => {
  const error = failed();
  assert.not.ok(error.ok);
  assert.is(error.status.code, 'InvalidArgument');
  assert.throws(() => error.value, isInvariantError);
  assert.throws(() => error.value, /InvalidArgument: msg/);
  const value = StatusOr.of(20);
  assert.ok(value.ok);
  assert.is(value.value, 20);
  assert.is(value.status, Status.OK);
  assert.is(StatusOr.of(undefined).value, undefined, 'undefined is a value');
});

test('CopyTest, MoveTest, CopyAssignment, MoveAssignment: an original and its copies are one', () => {
  for (const original of [failed(), StatusOr.of(20)]) {
    const [copy] = [original];
    assert.is(copy.ok, original.ok);
    assert.is(copy.code, original.code);
    assert.is(copy.valueOr(-1), original.valueOr(-1));
  }
});

test('OperatorTest', () => {
  assert.is(StatusOr.of({ val: 10 }).value.val, 10);
});

test('EqualityTest: two errors are compared by their codes', () => {
  const twenty = StatusOr.of(20);
  assert.not.ok(failed().equals(twenty));
  assert.not.ok(twenty.equals(failed()));
  assert.ok(twenty.equals(StatusOr.of(20)));
  assert.not.ok(StatusOr.of(40).equals(twenty));
  assert.ok(failed('one').equals(failed('another')));
  assert.not.ok(failed().equals(StatusOr.error(Status.error('Invalid', 'msg'))));
  const sameLength = (one: string, other: string): boolean => one.length === other.length;
  assert.ok(StatusOr.of('ab').equals(StatusOr.of('cd'), sameLength));
  assert.not.ok(StatusOr.of('ab').equals(StatusOr.of('cd')));
});

test('ValueOrTest', () => {
  assert.is(StatusOr.of(10).valueOr(100), 10);
  assert.is(failed().valueOr(100), 100);
});

test('StatusOrConversion', () => {
  const derived = StatusOr.of(new Derived());
  const base: StatusOr<Base> = derived;
  assert.is(base.value.name, 'derived');
  assert.is(base.value, derived.value);
  const error: StatusOr<Derived> = StatusOr.error(Status.error('InvalidArgument', 'msg'));
  const baseError: StatusOr<Base> = error;
  assert.is(baseError.code, 'InvalidArgument');
});

test('StatusOrDefaultTest', () => {
  const zero = (): number => 0;
  assert.is(failed().valueOrDefault(zero), 0);
  assert.is(StatusOr.of(10).valueOrDefault(zero), 10);
});

test('AndThen', () => {
  const plusTen = (value: number): StatusOr<number> => StatusOr.of(value + 10);
  assert.is(failed().andThen(plusTen).code, 'InvalidArgument');
  assert.is(failed().andThen(plusTen).status.message, 'msg');
  assert.is(StatusOr.of(10).andThen(plusTen).value, 20);
  assert.is(StatusOr.of(20).andThen(() => failed('later')).status.message, 'later');
});

test('OrElse', () => {
  const number = (status: Status): StatusOr<number> => StatusOr.of(status.codeNumber);
  assert.is(failed().orElse(number).value, 34);
  assert.is(StatusOr.of(10).orElse(number).value, 10);
});

test('AssignOrReturn', () => {
  const second = (first: StatusOr<number>): StatusOr<string> => {
    if (!first.ok) return first.asError();
    return StatusOr.of(`value ${first.value}`);
  };
  assert.is(second(StatusOr.of(1)).value, 'value 1');
  assert.is(second(StatusOr.error(Status.error('Invalid', 'Invalid error status.'))).code, 'Invalid');
  assert.throws(() => StatusOr.of(20).asError(), isInvariantError);
});

test('AssignmentAcrossStates: an assignment changes the variable, not what it held', () => {
  for (const [from, to] of [
    [failed(), StatusOr.of(1)],
    [StatusOr.of(2), failed()],
    [StatusOr.of(4), StatusOr.of(5)],
  ] as const) {
    let held: StatusOr<number> = from;
    held = to;
    assert.is(held.ok, to.ok);
    assert.is(held.valueOr(-1), to.valueOr(-1));
    assert.not.ok(from.equals(to));
  }
});

test('Swap', () => {
  const notFound: StatusOr<number> = StatusOr.error(Status.error('NotFound', 'b'));
  for (const [one, other] of [
    [StatusOr.of(1), failed()],
    [failed(), StatusOr.of(1)],
    [StatusOr.of(1), StatusOr.of(2)],
    [failed('a'), notFound],
  ] as const) {
    let [a, b]: [StatusOr<number>, StatusOr<number>] = [one, other];
    [a, b] = [b, a];
    assert.ok(a.equals(other) && b.equals(one));
    assert.not.ok(a.equals(b));
  }
});

test.run();
