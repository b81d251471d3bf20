/** Putting: values copied into shared memory in one step, once there is a block for them. */
import type { BridgeClient } from '../../pools/bridge.ts';
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import type { Storable, StorableView } from '../../state/value-format.ts';
import type { AllocatorLink, Lease } from './allocator-link.ts';
import type { DebugAids } from './debug/debug-aids.ts';
import { statusToError } from './failures.ts';
import { ObjectRef, type RefHost } from './object-ref.ts';
import { encodeValue, sizeOf } from './value-codec.ts';
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

  async put<T extends Storable>(value: T, limits: SlotOptions & WaitLimits): Promise<ObjectRef<T>> {
    const { source, format } = encodeValue(value);
    const ref = new ObjectRef<T>(this.#host, limits.id);
    const id = this.#host.chosenId(limits.id);
    const caller = this.#debug?.caller();
    if (caller !== undefined) this.#debug?.announce(caller);
    let status = this.#bridge.put(source, format, ref, id);
    while (status === STATUS.NO_STOCK) {
      const lease = await this.#link.lease(sizeOf(source), limits);
      this.#assertStillThere(source, lease);
      if (caller !== undefined) this.#debug?.announce(caller);
      status = this.#bridge.put(source, format, ref, id, lease.slot, lease.generation);
    }
    return this.#made(ref, status, limits, caller);
  }

  putSync<T extends Storable>(value: T, limits: SlotOptions & WaitLimits): ObjectRef<T> {
    const { source, format } = encodeValue(value);
    const ref = new ObjectRef<T>(this.#host, limits.id);
    const id = this.#host.chosenId(limits.id);
    const caller = this.#debug?.caller();
    if (caller !== undefined) this.#debug?.announce(caller);
    let status = this.#bridge.put(source, format, ref, id);
    while (status === STATUS.NO_STOCK) {
      const lease = this.#link.leaseSync(sizeOf(source), limits);
      if (caller !== undefined) this.#debug?.announce(caller);
      status = this.#bridge.put(source, format, ref, id, lease.slot, lease.generation);
    }
    return this.#made(ref, status, limits, caller);
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
