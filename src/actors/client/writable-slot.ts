/** An object being written. */
import { STATUS } from '../../state/bridge-status.ts';
import { ObjectAbortedError, ObjectAlreadySealedError } from '../../state/errors.ts';
import type { ObjectId } from '../../state/ids/object-id.ts';
import type { ViewFormat } from '../../state/value-format.ts';
import { statusToError } from './failures.ts';
import type { ObjectToken } from './object-place.ts';
import { ObjectRef, type RefHost } from './object-ref.ts';
import { onlyItsTokenCanBeSent } from './uncloneable.ts';

/** What the bridge says about a slot it has just created. */
export interface CreatedSlot {
  readonly slot: number;
  readonly generation: number;
  readonly track: number;
  readonly writable: number;
}

/** What a slot becomes when it is sealed. */
export interface SlotOptions {
  readonly id: ObjectId | undefined;
  readonly evictable: boolean;
}

/**
 * Memory of an object that is not sealed yet, made by `store.create`. Write into {@link bytes} or {@link view}, then
 * {@link seal} it: from then on the object is immutable, and these views are empty. Its first contents are whatever lay
 * there before. Forgetting it without sealing aborts it.
 *
 * Belongs to the thread that made it. Its buffer may be passed to native operations (`fs.read`), but must not be
 * transferred to another thread before it is sealed.
 */
export class WritableSlot<View extends object = Uint8Array> implements Disposable {
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  readonly #store: RefHost;
  readonly #format: ViewFormat;
  readonly #id: ObjectId | undefined;
  readonly #evictable: boolean;
  #state: 'writing' | 'sealed' | 'aborted' = 'writing';
  #place: CreatedSlot = { slot: 0, generation: 0, track: -1, writable: 0 };
  #view: View | undefined;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** @internal Only stores make slots. */
  constructor(store: RefHost, format: ViewFormat, { id, evictable }: SlotOptions) {
    this.#store = store;
    this.#format = format;
    this.#id = id;
    this.#evictable = evictable;
  }

  /** @internal The second half of construction, when the bridge has made the window. */
  open(place: CreatedSlot, view: View, bytes: Uint8Array<ArrayBuffer>, caller: string | undefined): void {
    this.#place = place;
    this.#store.debug?.made(this, 'slot', caller);
    this.#view = view;
    this.#bytes = bytes;
  }

  /**
   * A cloneable name of the object for other threads, which may wait for its sealing: `store.ref(token).get()`. Throws
   * `ObjectAbortedError`, and `ObjectAlreadySealedError`: the ref has it then.
   */
  get token(): ObjectToken<View> {
    this.#assertWriting();
    return { store: this.#store.name, slot: this.#place.slot, generation: this.#place.generation };
  }

  /** Whether it was neither sealed nor aborted. */
  get isWriting(): boolean {
    return this.#state === 'writing';
  }

  /** The object's bytes. Empty after sealing or aborting. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** The object's bytes as the kind of value named at its creation. Throws after sealing or aborting. */
  get view(): View {
    this.#assertWriting();
    if (this.#view === undefined) throw statusToError(STATUS.NOT_WRITABLE, 'the slot');
    return this.#view;
  }

  /**
   * Makes the object immutable and readable for everybody, and returns its first ref.
   *
   * Throws `ObjectAlreadySealedError`, `ObjectAbortedError`, `StoreClosedError`, or `WindowLostError` when the buffer was
   * transferred away: a writable alias of a sealed object must not exist, so the object is aborted then.
   */
  seal(): ObjectRef<View> {
    this.#assertWriting();
    const { slot, generation, track, writable } = this.#place;
    const ref = new ObjectRef<View>(this.#store, this.#id);
    const status = this.#store.bridge.seal(slot, generation, track, writable, ref, this.#format);
    if (status === STATUS.WINDOW_LOST) this.#end('aborted');
    if (status !== STATUS.OK) throw statusToError(status, `the slot ${slot}`);
    this.#end('sealed');
    if (this.#evictable) this.#store.bridge.keep(slot, generation);
    ref.hold(slot, generation, track);
    this.#store.debug?.made(ref, 'ref');
    return ref;
  }

  /**
   * Gives the object up; its memory returns when no native operation can write into it any more, that is, when its
   * buffer is collected. Throws `ObjectAlreadySealedError`, `ObjectAbortedError` or `StoreClosedError`.
   */
  abort(): void {
    this.#assertWriting();
    const { slot, generation, track, writable } = this.#place;
    const status = this.#store.bridge.abort(slot, generation, track, writable);
    if (status !== STATUS.OK) throw statusToError(status, `the slot ${slot}`);
    this.#end('aborted');
  }

  /** Aborts unless sealed. */
  [Symbol.dispose](): void {
    if (this.#state === 'writing' && !this.#store.closed) this.abort();
  }

  #end(state: 'sealed' | 'aborted'): void {
    this.#state = state;
    this.#store.debug?.givenBack(this);
    this.#view = undefined;
    // Else a slot that is kept would keep its window's memory.
    this.#bytes = new Uint8Array(0);
  }

  #assertWriting(): void {
    const values = { slot: this.#place.slot };
    if (this.#state === 'sealed') throw new ObjectAlreadySealedError('the slot was sealed before', values);
    if (this.#state === 'aborted') throw new ObjectAbortedError('the slot was aborted before', values);
  }
}
