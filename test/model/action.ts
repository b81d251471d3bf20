/** What the model tells a thread to do, and what comes of it. Keys name refs, slots, views, calls and ends; the model gives them out. */
import { type ChannelToken, ObjectId, type ObjectToken } from '../../src/index.ts';

/** How an object is called: by a ref, or by an id of our own choice. */
export type Name = { readonly ref: number } | { readonly id: number };

/** A view that a call gives: the key it gets, the object that it must show, and how many bytes that has. */
export interface Seen {
  readonly view: number;
  readonly object: number;
  readonly size: number;
}

interface Making {
  readonly key: number;
  readonly object: number;
  readonly size: number;
  readonly id: number | undefined;
  readonly evictable: boolean;
  readonly sync: boolean;
}

export type ObjectAction =
  | ({ readonly do: 'put' | 'create' } & Making)
  | { do: 'seal' | 'abort' | 'forgetSlot' | 'token' | 'forgetRef' | 'forgetView'; key: number }
  | { do: 'delete' | 'contains' | 'releaseView'; key: number }
  | { do: 'releaseRef'; key: number; sync: boolean }
  | { do: 'get'; key: number; seen: Seen; sync: boolean; timeout: number }
  | { do: 'getInto'; key: number; object: number; size: number; sync: boolean; timeout: number }
  | { do: 'blockedGet' | 'use'; key: number; seen: Seen }
  | { do: 'byId' | 'deleteId' | 'containsId'; key: number; id: number }
  | { do: 'byToken'; key: number; token: ObjectToken<Uint8Array> }
  | { do: 'collect'; minor: boolean }
  | { do: 'nothing' | 'dropAll' | 'look' | 'trim' };

export type CallAction =
  | { do: 'startGet'; key: number; names: readonly Name[]; list: boolean }
  | { do: 'startWait'; key: number; names: readonly Name[]; count: number }
  | { do: 'getNow' | 'waitNow'; names: readonly Name[]; count: number; seen: readonly Seen[] }
  | { do: 'startRead'; key: number; end: number; acquire: boolean }
  | { do: 'startWrite'; key: number; end: number; object: number; size: number }
  | { do: 'startClose'; key: number; end: number }
  | { do: 'cancel'; key: number }
  | { do: 'settle'; key: number; seen: readonly Seen[] };

export type ChannelAction =
  | { do: 'channel'; key: number; readers: number; depth: number }
  | { do: 'connect'; key: number; token: ChannelToken<Uint8Array> }
  | { do: 'openReader' | 'openWriter'; key: number; end: number }
  | { do: 'closeChannel' | 'isOpen'; key: number }
  | { do: 'read'; end: number; seen: Seen; sync: boolean; acquire: boolean; timeout: number | undefined }
  | { do: 'readAll'; end: number; seen: readonly Seen[]; sync: boolean; toEnd: boolean }
  | { do: 'unread'; end: number }
  | { do: 'readRelease'; end: number; acquired: number | undefined }
  | { do: 'closeReader'; end: number; acquired: number | undefined; sync: boolean }
  | { do: 'abortWriter'; end: number; sync: boolean }
  | { do: 'closeWriter'; end: number; sync: boolean; timeout: number | undefined }
  | ({ do: 'write'; end: number; object: number; size: number } & WriteHow);

interface WriteHow {
  readonly sync: boolean;
  readonly acquire: boolean;
  readonly timeout: number | undefined;
}

export type Action = ObjectAction | CallAction | ChannelAction;

export type Answer = string | boolean | number | ObjectToken<Uint8Array> | ChannelToken<Uint8Array>;

export interface Outcome {
  readonly answer: Answer;
  /** Views that are wrong: the key and the first byte that is. */
  readonly wrong: readonly string[];
  /** Calls that are over, and that nobody has asked for yet. */
  readonly settled: readonly number[];
}

/** Bytes that tell which object they belong to, and where they stand in it. */
export function pattern(object: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = object * 37 + index * 11 + (index >>> 8);
  return bytes;
}

export function idOf(which: number): ObjectId {
  return ObjectId.fromBinary(new Uint8Array(28).fill(which + 1));
}
