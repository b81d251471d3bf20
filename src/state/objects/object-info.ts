/** What is known of an object: what its creator said, where its bytes are, and how far its life has come. */
import { OBJECT_STATE, type ObjectSource, type ObjectState } from './plasma-error.ts';

/** What names an object: its id in hexadecimal, or the number of its slot. */
export type ObjectKey = string | number;

/** What the creator says of an object; never changes. */
export interface ObjectInfo<Key extends ObjectKey> {
  readonly objectId: Key;
  /** A channel: rewritten in place, behind a header that its writer and readers share. */
  readonly isMutable: boolean;
  readonly dataBytes: number;
  /** Always right behind the data. */
  readonly metadataBytes: number;
  readonly ownerNodeId: string;
  readonly ownerIpAddress: string;
  readonly ownerPort: number;
  readonly ownerWorkerId: string;
}

/** Room for the header of a mutable object: whole units, so that the data behind it is aligned as well. */
export const MUTABLE_HEADER_BYTES = 128;

/** Ray's `GetObjectSize`: what is asked of the allocator, and what every statistic counts. */
export function objectSizeBytes(info: ObjectInfo<ObjectKey>): number {
  return info.dataBytes + info.metadataBytes + (info.isMutable ? MUTABLE_HEADER_BYTES : 0);
}

/** Ray's equality: whether an object is mutable is no part of it. */
export function sameObjectInfo<Key extends ObjectKey>(one: ObjectInfo<Key>, other: ObjectInfo<Key>): boolean {
  return (
    one.objectId === other.objectId &&
    one.dataBytes === other.dataBytes &&
    one.metadataBytes === other.metadataBytes &&
    one.ownerNodeId === other.ownerNodeId &&
    one.ownerIpAddress === other.ownerIpAddress &&
    one.ownerPort === other.ownerPort &&
    one.ownerWorkerId === other.ownerWorkerId
  );
}

/** A block of memory. Whoever has it gives it back once. */
export interface Allocation {
  /** The allocator's own handle of the block (Ray: its address). */
  readonly address: number;
  /** As asked for, not as rounded. */
  readonly sizeBytes: number;
  /** The mapping that the block lies in: a number that is never used again (Ray: descriptor and a unique id, for that). */
  readonly region: number;
  /** Where the block starts in its mapping. */
  readonly offsetBytes: number;
  readonly mmapBytes: number;
  /** Outside the primary region, on disk. */
  readonly fallbackAllocated: boolean;
}

/** An object as everybody but the store sees it. */
export interface LocalObject<Key extends ObjectKey> {
  readonly objectInfo: ObjectInfo<Key>;
  readonly allocation: Allocation;
  readonly source: ObjectSource;
  readonly createTimeMs: number;
  /** From creation to sealing; -1 until then. */
  readonly constructDurationMs: number;
  readonly state: ObjectState;
  /** Clients that use it. Nobody evicts or deletes what is used. */
  readonly refCount: number;
}

/** Whether it is immutable, and may be read. */
export function isSealed({ state }: LocalObject<ObjectKey>): boolean {
  return state === OBJECT_STATE.PLASMA_SEALED;
}

/** An object as the store has it. The store seals it; whoever manages its life counts the references. */
export interface StoredObject<Key extends ObjectKey> extends LocalObject<Key> {
  constructDurationMs: number;
  state: ObjectState;
  refCount: number;
}
