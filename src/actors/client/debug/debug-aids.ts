/** What debug mode adds to one thread's connection: call sites, leaks, and which object a view belongs to. */
import type { BridgeClient } from '../../../pools/bridge.ts';
import { CallSites } from '../../../pools/call-sites.ts';
import type { ControlRegion } from '../../../pools/control-region.ts';
import { RESULT, STATUS } from '../../../state/bridge-status.ts';
import { ObjectDamagedError } from '../../../state/errors.ts';
import { publishEvent } from '../diagnostics.ts';
import { describePlace, type ObjectPlace } from '../object-place.ts';
import { callSite } from './call-site.ts';
import { describeLeaks, LeakWatch } from './leak-watch.ts';

export class DebugAids {
  readonly #sites: CallSites;
  readonly #bridge: BridgeClient;
  readonly #leaks = new LeakWatch();
  readonly #places = new WeakMap<object, ObjectPlace>();

  constructor(control: ControlRegion, bridge: BridgeClient) {
    this.#sites = new CallSites(control);
    this.#bridge = bridge;
  }

  /** The text of the line that called Plasmoid. */
  caller(): string {
    return callSite();
  }

  /** Says who makes the object that the bridge creates next. */
  announce(caller: string): void {
    this.#bridge.result[RESULT.CALL_SITE] = this.#sites.numberOf(caller);
  }

  made(object: object, what: 'ref' | 'slot', caller = callSite()): void {
    this.#leaks.made(object, what, caller);
  }

  givenBack(object: object): void {
    this.#leaks.givenBack(object);
  }

  /** The thread leaves the store: names the lines whose refs and slots it has not given back. */
  report(store: string): void {
    const leaks = this.#leaks.leaks();
    if (leaks.length === 0) return;
    publishEvent(store, 'leak', { client: this.#bridge.index, leaks });
    process.emitWarning(
      `client ${this.#bridge.index} leaves the store with refs or slots that it has not given back:\n${describeLeaks(leaks)}`,
      'PlasmoidLeakWarning',
    );
  }

  /** A window was made on the object at a place. */
  viewed(window: ArrayBuffer, { slot, generation }: ObjectPlace): void {
    this.#places.set(window, { slot, generation });
  }

  /** The line that made the object in a slot. */
  callSiteOf(slot: number): string | undefined {
    return this.#sites.ofSlot(slot);
  }

  /** Looks whether a window shows other bytes than were sealed. */
  damageOf(window: ArrayBufferLike): ObjectDamagedError | undefined {
    const place = this.#places.get(window) ?? this.#placeOf(window);
    if (place === undefined) return undefined;
    const isDamaged = this.#bridge.check(place.slot, place.generation) === STATUS.DAMAGED;
    return isDamaged ? this.damaged(place) : undefined;
  }

  /** For windows that came from other threads or connections. */
  #placeOf(window: ArrayBufferLike): ObjectPlace | undefined {
    const { result } = this.#bridge;
    if (this.#bridge.placeOf(window) !== STATUS.OK) return undefined;
    return { slot: result[RESULT.SLOT] ?? 0, generation: result[RESULT.GENERATION] ?? 0 };
  }

  /** The error about an object whose bytes have changed. */
  damaged(place: ObjectPlace): ObjectDamagedError {
    const callSite = this.callSiteOf(place.slot);
    const object = describePlace(place);
    const made = callSite === undefined ? '' : `, made by ${callSite},`;
    return new ObjectDamagedError(`the bytes of ${object}${made} have changed since it was sealed`, {
      object,
      callSite,
    });
  }
}
