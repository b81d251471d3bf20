/** Ray's status_test, and the table of codes: ray-semantics.md §12. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError, OutOfDiskError, TimedOutError } from '../../src/state/errors.ts';
import { GRPC_CODE, grpcStatusToRayStatus, rayStatusToGrpcStatus } from '../../src/state/grpc-status.ts';
import { Status } from '../../src/state/status.ts';
import {
  codeAsString,
  codeString,
  isStatusName,
  STATUS_CODE,
  STATUS_NAMES,
  type StatusName,
  statusNameOf,
  stringToCode,
} from '../../src/state/status-codes.ts';
import {
  hasError,
  type StatusSet,
  type StatusSetOr,
  SUCCESS,
  successWith,
  typedError,
  visit,
} from '../../src/state/status-set.ts';

/** Number → name, copied from the digest and not from the code. */
const TABLE: readonly (readonly [number, StatusName])[] = [
  [0, 'OK'],
  [1, 'OutOfMemory'],
  [2, 'KeyError'],
  [3, 'TypeError'],
  [4, 'Invalid'],
  [5, 'IOError'],
  [9, 'UnknownError'],
  [10, 'NotImplemented'],
  [11, 'RedisError'],
  [12, 'TimedOut'],
  [13, 'Interrupted'],
  [14, 'IntentionalSystemExit'],
  [15, 'UnexpectedSystemExit'],
  [16, 'CreationTaskError'],
  [17, 'NotFound'],
  [18, 'Disconnected'],
  [19, 'SchedulingCancelled'],
  [20, 'AlreadyExists'],
  [21, 'ObjectExists'],
  [22, 'ObjectNotFound'],
  [23, 'ObjectAlreadySealed'],
  [24, 'ObjectStoreFull'],
  [25, 'TransientObjectStoreFull'],
  [28, 'OutOfDisk'],
  [29, 'ObjectUnknownOwner'],
  [30, 'RpcError'],
  [31, 'OutOfResource'],
  [32, 'ObjectRefEndOfStream'],
  [33, 'Unauthenticated'],
  [34, 'InvalidArgument'],
  [35, 'ChannelError'],
  [36, 'ChannelTimeoutError'],
  [37, 'PermissionDenied'],
];
const SPELLED = new Map<StatusName, string>([
  ['OutOfMemory', 'Out of memory'],
  ['KeyError', 'Key error'],
  ['TypeError', 'Type error'],
  ['UnknownError', 'Unknown error'],
]);

const isInvariantError = (error: unknown): boolean => error instanceof InvariantError;

/** Any status of this name. */
function statusNamed(name: StatusName, message = 'm'): Status {
  return name === 'OK' ? Status.OK : Status.error(name, message);
}

test('codes have the numbers of Ray, and no others exist', () => {
  assert.equal(
    STATUS_NAMES.map((name) => [STATUS_CODE[name], name]),
    TABLE,
  );
  for (const [code, name] of TABLE) assert.is(statusNameOf(code), name);
  for (const unused of [6, 7, 8, 26, 27, 38, -1, 0.5, Number.NaN]) assert.is(statusNameOf(unused), undefined);
  assert.ok(isStatusName('OutOfDisk'));
  for (const name of ['toString', '', 'ok', 'Out of memory']) assert.not.ok(isStatusName(name), name);
});

test('code strings are the names, but for four', () => {
  for (const [code, name] of TABLE) {
    const expected = SPELLED.get(name) ?? name;
    assert.is(codeString(name), expected);
    assert.is(codeAsString(code), expected);
    assert.is(stringToCode(expected), name);
  }
});

test('an unknown code is "Unknown", an unknown string an IOError', () => {
  for (const code of [6, 7, 8, 26, 27, 38, -1]) assert.is(codeAsString(code), 'Unknown');
  for (const text of ['foobar', '', 'ok', 'OutOfMemory', 'Unknown', 'toString', '__proto__']) {
    assert.is(stringToCode(text), 'IOError', text);
  }
});

test('StreamAppend', () => {
  const invalid = Status.error('Invalid', 'bad').append(' because of ', 42);
  assert.ok(invalid.is('Invalid'));
  assert.is(invalid.message, 'bad because of 42');
  assert.is(Status.OK.append('ignored'), Status.OK);
  assert.is(Status.OK.message, '');
  const lost = Status.rpcError('gone', 14);
  assert.ok(lost.append(', again').equals(Status.rpcError('gone, again', 14)));
  assert.is(lost.message, 'gone', 'the original stays as it was');
});

test('StringToCode', () => {
  for (const status of [
    Status.OK,
    Status.error('Invalid', 'invalid'),
    Status.error('TransientObjectStoreFull', ''),
  ]) {
    assert.is(stringToCode(status.codeString), status.code);
  }
  assert.is(stringToCode('foobar'), 'IOError');
});

test('CopyAndMoveForOkStatus, CopyAndMoveErrorStatus', () => {
  for (const original of [Status.OK, Status.error('Invalid', 'invalid')]) {
    const { code } = original;
    let assigned: Status = Status.error('IOError', 'overwritten');
    assigned = original;
    const travelled = grpcStatusToRayStatus(structuredClone(rayStatusToGrpcStatus(original)));
    for (const copy of [assigned, travelled]) {
      assert.is(copy.code, code);
      assert.ok(copy.equals(original));
    }
    assert.ok(Object.isFrozen(original), 'a copy and its original may be one');
  }
});

test('rendering: "OK", or code string, colon, message', () => {
  assert.is(String(Status.OK), 'OK');
  assert.is(String(Status.error('Invalid', 'not now')), 'Invalid: not now');
  assert.is(String(Status.error('OutOfMemory', '3 bytes')), 'Out of memory: 3 bytes');
  assert.is(String(Status.error('OutOfDisk', '')), 'OutOfDisk: ');
});

test('an error status with code OK is an assertion failure', () => {
  const fromElsewhere = (name: StatusName) => Status.error(name as 'Invalid', 'm');
  assert.throws(() => fromElsewhere('OK'), isInvariantError);
  assert.is(fromElsewhere('KeyError').code, 'KeyError');
});

test('one predicate per code', () => {
  for (const [number, name] of TABLE) {
    const status = statusNamed(name);
    assert.is(status.codeNumber, number);
    assert.is(status.ok, name === 'OK');
    for (const [, other] of TABLE) assert.is(status.is(other), name === other);
  }
});

test('ShouldExitWorker: system exits and errors of creation tasks', () => {
  const exits = TABLE.map(([, name]) => name).filter((name) => statusNamed(name).shouldExitWorker);
  assert.equal(exits, ['IntentionalSystemExit', 'UnexpectedSystemExit', 'CreationTaskError']);
});

test('statuses are equal when code, message and RPC code are', () => {
  const one = Status.rpcError('gone', 14);
  assert.ok(one.equals(Status.rpcError('gone', 14)));
  assert.not.ok(one.equals(Status.rpcError('gone', 2)));
  assert.not.ok(one.equals(Status.rpcError('here', 14)));
  assert.not.ok(one.equals(Status.error('RpcError', 'gone')));
  assert.not.ok(Status.error('Invalid', 'm').equals(Status.error('IOError', 'm')));
  assert.ok(Status.OK.equals(Status.OK));
});

test('the errors of the package are statuses', () => {
  assert.is(String(Status.fromError(new OutOfDiskError('no room'))), 'OutOfDisk: no room');
  assert.is(Status.fromError(new TimedOutError('late')).code, 'TimedOut');
});

test('GrpcStatusToRayStatus', () => {
  assert.ok(grpcStatusToRayStatus(rayStatusToGrpcStatus(Status.OK)).ok);
  const invalid = Status.error('Invalid', 'not now');
  assert.equal(rayStatusToGrpcStatus(invalid), { code: 10, message: 'Invalid', details: 'not now' });
  assert.ok(grpcStatusToRayStatus(rayStatusToGrpcStatus(invalid)).equals(invalid));
  for (const [code, expected] of [
    [GRPC_CODE.UNAVAILABLE, 14],
    [GRPC_CODE.UNKNOWN, 2],
  ] as const) {
    const status = grpcStatusToRayStatus({ code, message: 'foo', details: 'bar' });
    assert.ok(status.is('RpcError'));
    assert.is(status.rpcCode, expected);
    assert.is(status.message, 'RPC Error message: foo; RPC Error details: bar');
  }
  const late = grpcStatusToRayStatus({ code: GRPC_CODE.DEADLINE_EXCEEDED, message: 'foo', details: 'bar' });
  assert.is(String(late), 'TimedOut: RPC Error message: foo; RPC Error details: bar');
  const foo = grpcStatusToRayStatus({ code: GRPC_CODE.ABORTED, message: 'foo', details: 'bar' });
  assert.is(String(foo), 'IOError: bar');
});

test('every failure round-trips over gRPC; an aborted call that says OK is no success', () => {
  for (const [, name] of TABLE) {
    const status = statusNamed(name, 'the text');
    assert.ok(grpcStatusToRayStatus(rayStatusToGrpcStatus(status)).equals(status), name);
  }
  assert.is(grpcStatusToRayStatus({ code: 10, message: 'OK', details: '' }).code, 'IOError');
  assert.is(rayStatusToGrpcStatus(Status.rpcError('gone', 14)).code, 10, 'also an RpcError');
});

const OOMING = 'ooming because Ray Data is making too many objects';
type IoOrMemory = 'IOError' | 'OutOfMemory';

test('TestStatusSetAPI', () => {
  const outcome: StatusSet<IoOrMemory> = typedError('OutOfMemory', OOMING);
  assert.ok(hasError<IoOrMemory>(outcome));
  const seen = visit<IoOrMemory, string>(outcome, {
    IOError: () => 'the wrong one',
    OutOfMemory: ({ message }) => message,
  });
  assert.is(seen, OOMING);
  const ok: StatusSet<IoOrMemory> = SUCCESS;
  assert.not.ok(hasError<IoOrMemory>(ok));
});

test('TestStatusSetOrAPI', () => {
  const outcomes: readonly StatusSetOr<number, IoOrMemory>[] = [
    typedError('OutOfMemory', OOMING),
    successWith(100),
  ];
  const seen = outcomes.map((outcome) =>
    outcome.code === 'OK'
      ? outcome.value
      : visit<IoOrMemory, string>(outcome, { IOError: () => 'wrong', OutOfMemory: ({ message }) => message }),
  );
  assert.equal(seen, [OOMING, 100]);
  assert.equal(
    outcomes.map((outcome) => hasError<IoOrMemory>(outcome)),
    [true, false],
  );
});

type MemoryOrDisk = 'OutOfMemory' | 'OutOfDisk';

test('StatusSet: an error of a closed list is visited', () => {
  const outcome: StatusSet<MemoryOrDisk> = typedError('OutOfMemory', 'ray::oom');
  const seen = (one: StatusSet<MemoryOrDisk>): string =>
    visit<MemoryOrDisk, string>(one, {
      OutOfMemory: (error) => `memory ${error.code} ${error.message}`,
      OutOfDisk: (error) => `disk ${error.code} ${error.message}`,
    });
  assert.ok(hasError<MemoryOrDisk>(outcome));
  assert.is(seen(outcome), 'memory OutOfMemory ray::oom');
  assert.is(seen(typedError('OutOfDisk', 'full')), 'disk OutOfDisk full');
  assert.not.ok(hasError<MemoryOrDisk>(SUCCESS));
  assert.throws(() => seen(SUCCESS), isInvariantError);
});

test('StatusSetOr: a value, or an error of a closed list', () => {
  const read = (outcome: StatusSetOr<number, MemoryOrDisk>): number | string => {
    switch (outcome.code) {
      case 'OK':
        return outcome.value;
      case 'OutOfMemory':
        return `memory ${outcome.message}`;
      case 'OutOfDisk':
        return `disk ${outcome.message}`;
    }
  };
  assert.is(read(successWith(100)), 100);
  assert.is(read(typedError('OutOfMemory', 'ray::oom')), 'memory ray::oom');
  assert.ok(hasError<MemoryOrDisk>(typedError('OutOfMemory', 'ray::oom')));
  assert.not.ok(hasError<MemoryOrDisk>(successWith(100)));
});

test.run();
