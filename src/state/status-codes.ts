/**
 * Ray's status codes (`status.h`): the one list of their names, which errors, statuses and queues share. A leaf: it imports
 * nothing, so that `errors.ts` can take its names from here.
 */

/** Name → number, as Ray counts. 6 to 8, 26 and 27 are nobody's: the last two once were codes of gRPC. */
export const STATUS_CODE = Object.freeze({
  OK: 0,
  OutOfMemory: 1,
  KeyError: 2,
  TypeError: 3,
  Invalid: 4,
  IOError: 5,
  UnknownError: 9,
  NotImplemented: 10,
  RedisError: 11,
  TimedOut: 12,
  Interrupted: 13,
  IntentionalSystemExit: 14,
  UnexpectedSystemExit: 15,
  CreationTaskError: 16,
  NotFound: 17,
  Disconnected: 18,
  SchedulingCancelled: 19,
  AlreadyExists: 20,
  ObjectExists: 21,
  ObjectNotFound: 22,
  ObjectAlreadySealed: 23,
  ObjectStoreFull: 24,
  TransientObjectStoreFull: 25,
  OutOfDisk: 28,
  ObjectUnknownOwner: 29,
  RpcError: 30,
  OutOfResource: 31,
  ObjectRefEndOfStream: 32,
  Unauthenticated: 33,
  InvalidArgument: 34,
  ChannelError: 35,
  ChannelTimeoutError: 36,
  PermissionDenied: 37,
} as const);

/** Name of a status code. */
export type StatusName = keyof typeof STATUS_CODE;
/** Name of a status code that tells of a failure. */
export type ErrorName = Exclude<StatusName, 'OK'>;

/** The few names that Ray writes with spaces. */
const SPELLED: { readonly [N in StatusName]?: string } = Object.freeze({
  OutOfMemory: 'Out of memory',
  KeyError: 'Key error',
  TypeError: 'Type error',
  UnknownError: 'Unknown error',
});

/** What stands for a number that is no code. */
const UNKNOWN = 'Unknown';

/** Whether this is the name of a status code. */
export function isStatusName(name: string): name is StatusName {
  return Object.hasOwn(STATUS_CODE, name);
}

/** All names, in the order of their numbers. */
export const STATUS_NAMES: readonly StatusName[] = Object.freeze(
  Object.keys(STATUS_CODE).filter(isStatusName),
);

const NAME_BY_CODE: ReadonlyMap<number, StatusName> = new Map(
  STATUS_NAMES.map((name) => [STATUS_CODE[name], name]),
);
const NAME_BY_STRING: ReadonlyMap<string, StatusName> = new Map(
  STATUS_NAMES.map((name) => [codeString(name), name]),
);

/** How Ray writes this code: in renderings, and on the wire. */
export function codeString(name: StatusName): string {
  return SPELLED[name] ?? name;
}

/** The name of the code with this number. */
export function statusNameOf(code: number): StatusName | undefined {
  return NAME_BY_CODE.get(code);
}

/** How Ray writes the code with this number; "Unknown" when there is none. */
export function codeAsString(code: number): string {
  const name = statusNameOf(code);
  return name === undefined ? UNKNOWN : codeString(name);
}

/** The code that Ray writes so. A string it does not know is an IOError: it came from outside. */
export function stringToCode(text: string): StatusName {
  return NAME_BY_STRING.get(text) ?? 'IOError';
}
