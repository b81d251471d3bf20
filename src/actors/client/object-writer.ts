/** Putting: values copied into shared memory in one step, once there is a block for them. */
import type { BridgeClient } from '../../pools/bridge.ts';
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import type { ObjectId } from '../../state/ids/object-id.ts';
import type { FormatCode, Storable, StorableView } from '../../state/value-format.ts';
import type { AllocatorLink, Lease } from './allocator-link.ts';
import type { DebugAids } from './debug/debug-aids.ts';
import { statusToError } from './failures.ts';
import { ObjectRef, type RefHost } from './object-ref.ts';
import { type EncodedValue, encodeValue, keepSource, sizeOf } from './value-codec.ts';
import type { WaitLimits } from './wait-limits.ts';
import type { SlotOptions } from './writable-slot.ts';

export class ObjectWriter {
  readonly #bridge: BridgeClient;
  readonly #link: AllocatorLink;
  readonly #host: RefHost;
  readonly #debug: DebugAids | undefined;

  constructor(link: AllocatorLink, host: RefHost, debug: DebugAids | undefined) {
    this.#bridge = link.bridge;
    this.#link = link;
    this.#host = host;
    this.#debug = debug;
  }

  /** At once where this thread has or takes a block; a promise only where the actor is asked for one. */
  put<T extends Storable>(value: T, limits: SlotOptions & WaitLimits): ObjectRef<T> | Promise<ObjectRef<T>> {
    const caller = this.#debug?.caller();
    const encoded = encodeValue(value);
    const { source, format } = encoded;
    const ref = new ObjectRef<T>(this.#host, limits.id);
    const status = this.#attempt(source, format, ref, limits.id, caller, undefined);
    return status === STATUS.NO_BLOCK
      ? this.#putLater(encoded, ref, limits, caller)
      : this.#made(ref, status, limits, caller);
  }

  async #putLater<T>(
    encoded: EncodedValue,
    ref: ObjectRef<T>,
    limits: SlotOptions & WaitLimits,
    caller: string | undefined,
  ): Promise<ObjectRef<T>> {
    const { format } = encoded;
    const source = keepSource(encoded);
    for (;;) {
      const lease = await this.#link.lease(sizeOf(source), limits);
      this.#assertStillThere(source, lease);
      const status = this.#attempt(source, format, ref, limits.id, caller, lease);
      if (status !== STATUS.NO_BLOCK) return this.#made(ref, status, limits, caller);
    }
  }

  putSync<T extends Storable>(value: T, limits: SlotOptions & WaitLimits): ObjectRef<T> {
    const caller = this.#debug?.caller();
    const encoded = encodeValue(value);
    const { format } = encoded;
    const ref = new ObjectRef<T>(this.#host, limits.id);
    let status = this.#attempt(encoded.source, format, ref, limits.id, caller, undefined);
    const source = status === STATUS.NO_BLOCK ? keepSource(encoded) : encoded.source;
    while (status === STATUS.NO_BLOCK) {
      const lease = this.#link.leaseSync(sizeOf(source), limits);
      status = this.#attempt(source, format, ref, limits.id, caller, lease);
    }
    return this.#made(ref, status, limits, caller);
  }

  /** Into the leased block, or into one that this thread has or takes: `NO_BLOCK` when there is none. */
  #attempt(
    source: StorableView,
    format: FormatCode,
    ref: object,
    id: ObjectId | undefined,
    caller: string | undefined,
    lease: Lease | undefined,
  ): number {
    if (caller !== undefined) this.#debug?.announce(caller);
    return this.#bridge.put(source, format, ref, this.#host.chosenId(id), lease?.slot, lease?.generation);
  }

  /** While a put waits, its caller may transfer the buffer away. */
  #assertStillThere(source: StorableView, { slot, generation }: Lease): void {
    try {
      sizeOf(source);
    } catch (error) {
      this.#bridge.handBack(slot, generation);
      throw error;
    }
  }

  #made<T>(
    ref: ObjectRef<T>,
    status: number,
    { id, evictable }: SlotOptions,
    caller: string | undefined,
  ): ObjectRef<T> {
    if (status !== STATUS.OK) {
      throw statusToError(status, id === undefined ? 'the object' : `object ${id.hex}`);
    }
    const { result } = this.#bridge;
    ref.hold(result[RESULT.SLOT] ?? 0, result[RESULT.GENERATION] ?? 0, result[RESULT.TRACK] ?? 0);
    this.#debug?.made(ref, 'ref', caller);
    if (evictable) this.#bridge.keep(ref.slot, ref.generation);
    return ref;
  }
}
