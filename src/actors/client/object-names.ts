/** What names of objects lead to, in one store: refs, tokens and ids. */
import type { ControlRegion } from '../../pools/control-region.ts';
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import { ForeignRefError } from '../../state/errors.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import { invalidArgument } from '../../state/options.ts';
import { statusToError } from './failures.ts';
import { type ObjectPlace, type ObjectToken, readToken } from './object-place.ts';
import { ObjectRef, type RefHost } from './object-ref.ts';

/** How `get` and `wait` call an object. */
export type Readable = ObjectRef | ObjectId;
/** How all other calls may call one. */
export type ObjectName = Readable | ObjectToken;

export class ObjectNames {
  readonly #store: RefHost;
  readonly #control: ControlRegion;

  constructor(store: RefHost, control: ControlRegion) {
    this.#store = store;
    this.#control = control;
  }

  /**
   * The place of an object; undefined for an id under which there is none now. Throws `InvalidArgumentError`,
   * `RefReleasedError`, `ForeignRefError`, `StoreClosedError`.
   */
  placeOf(name: ObjectName): ObjectPlace | undefined {
    if (!(name instanceof ObjectRef || name instanceof ObjectId)) return readToken(name, this.#store.name);
    return this.readablePlaceOf(name);
  }

  /** As {@link placeOf}; a token is refused, because nothing says that its object is held. */
  readablePlaceOf(name: Readable): ObjectPlace | undefined {
    if (!(name instanceof ObjectRef)) {
      if (name instanceof ObjectId) return this.#placeOfId(name);
      throw invalidArgument(
        'ref',
        name,
        'an ObjectRef or an ObjectId (clones are neither: send token and hex)',
      );
    }
    if (name.store !== this.#store) {
      throw new ForeignRefError('the ref belongs to another store, or to another connection to this one', {
        store: name.store.name,
      });
    }
    name.assertHeld();
    return name;
  }

  /** Whether an id is of somebody's own choice, so that an object may be created under it later. */
  isChosen(id: ObjectId): boolean {
    return id.slotOf(this.#control.nonce) === undefined;
  }

  /** The id of the object at a place: the one chosen for it, or one that names the place. */
  idOf({ slot, generation }: ObjectPlace): ObjectId {
    if (this.#control.header(slot).named) return ObjectId.fromBinary(this.#control.idBytes(slot));
    return ObjectId.forSlot(this.#control.nonce, slot, generation);
  }

  /** The bytes of an id for a new object. Automatic ids are taken by their places, now and later. */
  chosenId(id: ObjectId | undefined): Uint8Array | undefined {
    if (id === undefined || this.isChosen(id)) return id?.bytes;
    throw invalidArgument('id', id.hex, 'an id of your own choice, not one that names a place of this store');
  }

  #placeOfId(id: ObjectId): ObjectPlace | undefined {
    // Nobody can create it: whoever waited for it would wait for ever.
    if (id.isNil) throw invalidArgument('ref', id.hex, 'an ObjectId that is not nil');
    const direct = id.slotOf(this.#control.nonce);
    if (direct !== undefined) return direct;
    const { bridge } = this.#store;
    const status = bridge.lookUp(id.bytes);
    if (status === STATUS.NOT_FOUND) return undefined;
    if (status !== STATUS.OK) throw statusToError(status, `object ${id.hex}`);
    return { slot: bridge.result[RESULT.SLOT] ?? 0, generation: bridge.result[RESULT.GENERATION] ?? 0 };
  }
}
