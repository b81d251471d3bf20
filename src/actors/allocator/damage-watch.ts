/** In debug mode: objects whose bytes have changed since they were sealed, each told once. */
import type { BridgeActor } from '../../pools/bridge.ts';
import { CallSites } from '../../pools/call-sites.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import { ACTOR } from '../../state/control-layout.ts';
import { InvariantError } from '../../state/errors.ts';
import type { ObjectState } from '../../state/lifecycle/codes.ts';
import type { Tell } from './event-outbox.ts';

const HAVE_BYTES: readonly ObjectState[] = ['sealed', 'referenced', 'deleting'];

export class DamageWatch {
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #sites: CallSites;
  readonly #tell: Tell;
  /** Objects that were told, as `slot.generation`. */
  readonly #told = new Set<string>();
  #seen = 0;

  constructor(control: ControlRegion, bridge: BridgeActor, tell: Tell) {
    this.#control = control;
    this.#bridge = bridge;
    this.#sites = new CallSites(control);
    this.#tell = tell;
  }

  /** Whether somebody has found one since the last look. */
  get hasNews(): boolean {
    return this.#control.actorWord(ACTOR.DAMAGED) !== this.#seen;
  }

  /** Tells of those that were found; how many. */
  serve(): number {
    if (!this.hasNews) return 0;
    // Read before the table: what is found meanwhile is looked for again.
    this.#seen = this.#control.actorWord(ACTOR.DAMAGED);
    let news = 0;
    for (const slot of this.#damaged()) if (this.#tellOf(slot)) news++;
    return news;
  }

  /** Checks every object that was sealed, viewed or not, deleted or not, and tells. */
  lookAtAll(): void {
    for (let slot = 0; slot < this.#control.objectHighWater; slot++) {
      if (HAVE_BYTES.includes(this.#control.header(slot).state)) this.#bridge.check(slot);
    }
    this.serve();
  }

  /** As {@link lookAtAll}. Throws `InvariantError` when one has changed. */
  verify(): void {
    this.lookAtAll();
    const [slot] = this.#damaged();
    if (slot === undefined) return;
    const callSite = this.#sites.ofSlot(slot);
    throw new InvariantError(`the bytes of slot ${slot} have changed since they were sealed`, {
      slot,
      callSite,
    });
  }

  *#damaged(): Generator<number> {
    for (let slot = 0; slot < this.#control.objectHighWater; slot++) {
      // In other states the word is of the slot's object before.
      const hasBytes = HAVE_BYTES.includes(this.#control.header(slot).state);
      if (hasBytes && this.#control.isDamaged(slot)) yield slot;
    }
  }

  #tellOf(slot: number): boolean {
    const control = this.#control;
    const key = `${slot}.${control.header(slot).generation}`;
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    this.#tell('damage', {
      id: control.idOf(slot).hex,
      sizeBytes: control.sizeBytes(slot),
      creator: control.owner(slot) ?? -1,
      callSite: this.#sites.ofSlot(slot),
    });
    return true;
  }
}
