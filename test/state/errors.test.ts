/** Every error class: its code is a status name of Ray, its values and cause travel, and it is known across copies. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as publicSurface from '../../src/index.ts';
import * as errors from '../../src/state/errors.ts';
import { PlasmoidError } from '../../src/state/errors.ts';

/** Ray's status names (`status.h`): ray-semantics.md §12. */
const RAY_STATUS_NAMES =
  `OK OutOfMemory KeyError TypeError Invalid IOError UnknownError NotImplemented RedisError TimedOut
  Interrupted IntentionalSystemExit UnexpectedSystemExit CreationTaskError NotFound Disconnected SchedulingCancelled
  AlreadyExists ObjectExists ObjectNotFound ObjectAlreadySealed ObjectStoreFull TransientObjectStoreFull OutOfDisk
  ObjectUnknownOwner RpcError OutOfResource ObjectRefEndOfStream Unauthenticated InvalidArgument ChannelError
  ChannelTimeoutError PermissionDenied`.split(/\s+/);

type ErrorClass = new (message: string, values?: errors.ErrorValues, options?: ErrorOptions) => PlasmoidError;

/** What a user may rely on: a change of one of these is a breaking change. */
const CODES: Readonly<Record<string, string>> = {
  ActorDiedError: 'Disconnected',
  ActorNameTakenError: 'AlreadyExists',
  ActorNotFoundError: 'NotFound',
  ChannelError: 'ChannelError',
  ChannelFinishedError: 'ChannelError',
  ChannelRoleTakenError: 'AlreadyExists',
  ChannelTimeoutError: 'ChannelTimeoutError',
  ChannelUsageError: 'Invalid',
  EndpointClosedError: 'Disconnected',
  ForeignRefError: 'Invalid',
  InfeasibleRequestError: 'OutOfResource',
  InterruptedError: 'Interrupted',
  InvalidArgumentError: 'InvalidArgument',
  InvariantError: 'UnknownError',
  NotAWindowError: 'InvalidArgument',
  NotSupportedError: 'NotImplemented',
  ObjectAbortedError: 'Invalid',
  ObjectAlreadySealedError: 'ObjectAlreadySealed',
  ObjectDamagedError: 'Invalid',
  ObjectExistsError: 'ObjectExists',
  ObjectNotFoundError: 'ObjectNotFound',
  ObjectNotSealedError: 'Invalid',
  ObjectStoreFullError: 'ObjectStoreFull',
  OutOfDiskError: 'OutOfDisk',
  OutOfResourceError: 'OutOfResource',
  RefReleasedError: 'Invalid',
  RuntimeClosedError: 'Disconnected',
  StoreClosedError: 'Disconnected',
  SystemError: 'IOError',
  TaskModuleError: 'NotFound',
  TimedOutError: 'TimedOut',
  UnstorableValueError: 'TypeError',
  WindowLostError: 'Invalid',
  WorkerDiedError: 'Disconnected',
  WorkerOutOfMemoryError: 'OutOfMemory',
  WorkerUnresponsiveError: 'TimedOut',
};

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value !== PlasmoidError && value.prototype instanceof PlasmoidError;
}

const classes = Object.entries(errors).flatMap(([name, value]: [string, unknown]) =>
  isErrorClass(value) ? [[name, value] as const] : [],
);

test('every class has the code it always had, and each is a status name of Ray', () => {
  const found = Object.fromEntries(classes.map(([name, Class]) => [name, new Class('').code]));
  assert.equal(found, CODES);
  for (const [name, code] of Object.entries(found)) assert.ok(RAY_STATUS_NAMES.includes(code), name);
});

test('every class is public', () => {
  const exported = new Map(Object.entries(publicSurface));
  for (const [name, Class] of classes) assert.is(exported.get(name), Class, name);
  assert.is(publicSurface.PlasmoidError, PlasmoidError);
});

test('every class has a name, a message, values, a cause and a stack', () => {
  for (const [name, Class] of classes) {
    const cause = new RangeError('first');
    const values = { sizeBytes: 12, path: '/tmp', isFull: true, nothing: undefined };
    const error = new Class('what happened', values, { cause });
    assert.is(error.name, name);
    assert.is(error.constructor.name, name);
    assert.is(error.message, 'what happened');
    assert.equal(error.values, values);
    assert.is(error.cause, cause);
    assert.is(String(error), `${name}: what happened`);
    assert.match(error.stack ?? '', /errors\.test\.js/);
    for (const Base of [Error, PlasmoidError, Class]) assert.instance(error, Base);
    for (const [otherName, Other] of classes) {
      assert.is(error instanceof Other, otherName === name, `${name} and ${otherName}`);
    }
    assert.equal(new Class('without').values, {});
    assert.not.ok('cause' in new Class('without'));
  }
});

test('values survive a structured clone, and the brand is not in the way', () => {
  for (const [name, Class] of classes) {
    const error = new Class('m', { sizeBytes: 3 });
    assert.equal(structuredClone(error.values), { sizeBytes: 3 });
    // What a program prints or compares: the brand is no property of its own that can be seen.
    assert.equal(Object.keys(error).sort(), ['code', 'name', 'values'], name);
    assert.equal(JSON.parse(JSON.stringify(error)), { name, code: error.code, values: { sizeBytes: 3 } });
  }
});

test('errors of the package are told from all others', () => {
  for (const [name, Class] of classes) assert.ok(PlasmoidError.is(new Class('')), name);
  const others = [
    new Error('x'),
    new TypeError('x'),
    { code: 'IOError' },
    null,
    undefined,
    'IOError',
    5,
    () => 0,
  ];
  for (const other of others) assert.not.ok(PlasmoidError.is(other));
});

test('an error of a second copy with the same brand is known', () => {
  const brand = Symbol.for('plasmoid.error');
  const foreign = Object.assign(new Error('from elsewhere'), { [brand]: true, code: 'OutOfDisk' });
  assert.ok(PlasmoidError.is(foreign));
  assert.not.instance(foreign, PlasmoidError);
  assert.ok(brand in new errors.OutOfDiskError('here'));
  assert.not.ok(Object.assign(new Error(''), { [Symbol('plasmoid.error')]: true }) instanceof PlasmoidError);
  assert.not.ok(PlasmoidError.is(Object.assign(new Error(''), { [Symbol('plasmoid.error')]: true })));
});

test('an error of a second installed copy is known, class by class', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-errors-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const original = fileURLToPath(new URL('../../src/state/errors.js', import.meta.url));
    cpSync(original, join(folder, 'errors.js'));
    const copy: typeof errors = await import(pathToFileURL(join(folder, 'errors.js')).href);
    const copies = Object.entries(copy).filter(([, value]) => typeof value === 'function');
    assert.is(copies.length, classes.length + 1);
    for (const [name, Class] of classes) {
      const Other: unknown = Reflect.get(copy, name);
      assert.is.not(Other, Class);
      if (typeof Other !== 'function') throw new Error(`${name} is missing in the copy`);
      const foreign: unknown = Reflect.construct(Other, ['from the copy', { sizeBytes: 1 }]);
      assert.not.instance(foreign, PlasmoidError);
      assert.ok(PlasmoidError.is(foreign), name);
      if (!PlasmoidError.is(foreign)) continue;
      assert.is(foreign.code, CODES[name]);
      assert.is(foreign.name, name);
      assert.ok(copy.PlasmoidError.is(new Class('')), 'and the other way round');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
