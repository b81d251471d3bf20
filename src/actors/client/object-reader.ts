/** Getting: values of sealed objects, and waiting for objects that are not sealed, or not even created, yet. */

import type { BridgeClient } from '../../pools/bridge.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import { ObjectNotSealedError, TimedOutError } from '../../state/errors.ts';
import { ObjectId } from '../../state/ids/object-id.ts';
import { isBeingWritten, isSealed } from '../../state/lifecycle/codes.ts';
import {
  decodeFormat,
  FORMAT,
  isStorableView,
  isViewFormat,
  type Sealed,
  type StorableView,
  viewOf,
} from '../../state/value-format.ts';
import { AWAIT_NAMES_MAX, AWAITED, MORE_FOLLOWS } from '../protocol.ts';
import type { AllocatorLink } from './allocator-link.ts';
import { type CopyTarget, isUnfit, unfitness } from './copy-target.ts';
import type { DebugAids } from './debug/debug-aids.ts';
import { statusToError } from './failures.ts';
import type { ObjectNames, Readable } from './object-names.ts';
import { describePlace, type ObjectPlace } from './object-place.ts';
import type { ObjectRef } from './object-ref.ts';
import { copied, decodeCopied, decodeValue } from './value-codec.ts';
import type { WaitLimits } from './wait-limits.ts';

/** The values of several objects. */
export type Values<Names extends readonly Readable[]> = {
  -readonly [Index in keyof Names]: Names[Index] extends ObjectRef<infer T> ? Sealed<T> : unknown;
};

/** Where a name leads: to a place, or to an id that nobody has created yet. */
type Target = ObjectPlace | ObjectId;

/** The result of a wait. */
export interface WaitResult<Name> {
  /** Sealed, in the order in which they were given; or deleted, which `get` will say. */
  readonly ready: Name[];
  readonly pending: Name[];
}

const NOT_YET: unique symbol = Symbol('not sealed yet');

export class ObjectReader {
  readonly #bridge: BridgeClient;
  readonly #control: ControlRegion;
  readonly #link: AllocatorLink;
  readonly #names: ObjectNames;
  readonly #debug: DebugAids | undefined;

  constructor(control: ControlRegion, link: AllocatorLink, names: ObjectNames, debug: DebugAids | undefined) {
    this.#bridge = link.bridge;
    this.#control = control;
    this.#link = link;
    this.#names = names;
    this.#debug = debug;
  }

  /** At once where the object is sealed; a promise only where it is to come. */
  get(name: Readable, limits: WaitLimits): unknown | Promise<unknown> {
    // The usual case, without a look at the clock.
    const now = this.#attempt(name);
    return now === NOT_YET ? this.#later(() => this.#attempt(name), name, limits) : now;
  }

  getSync(name: Readable, limits: WaitLimits): unknown {
    const now = this.#attempt(name);
    return now === NOT_YET ? this.#laterSync(() => this.#attempt(name), name, limits) : now;
  }

  /** The number of bytes that are in the target now: at once, as {@link get}. */
  getInto(name: Readable, target: CopyTarget, limits: WaitLimits): number | Promise<number> {
    const now = this.#attemptInto(name, target);
    return now === NOT_YET ? this.#later(() => this.#attemptInto(name, target), name, limits) : now;
  }

  getIntoSync(name: Readable, target: CopyTarget, limits: WaitLimits): number {
    const now = this.#attemptInto(name, target);
    return now === NOT_YET ? this.#laterSync(() => this.#attemptInto(name, target), name, limits) : now;
  }

  async #later<T>(attempt: () => T | typeof NOT_YET, name: Readable, limits: WaitLimits): Promise<T> {
    for (const wait = since(limits); ; ) {
      const value = attempt();
      if (value !== NOT_YET) return value;
      await this.#link.settled(this.#pending([name]).records(), wait([name]));
    }
  }

  #laterSync<T>(attempt: () => T | typeof NOT_YET, name: Readable, limits: WaitLimits): T {
    for (const wait = since(limits); ; ) {
      const value = attempt();
      if (value !== NOT_YET) return value;
      this.#assertNotOwn(name, limits);
      this.#link.settledSync(this.#pending([name]).records(), wait([name]));
    }
  }

  async getAll(names: readonly Readable[], limits: WaitLimits): Promise<unknown[]> {
    for (const wait = since(limits); ; ) {
      const values = this.#attemptAll(names);
      if (!(values instanceof Pending)) return values;
      await this.#link.settled(values.records(), wait(values.names));
    }
  }

  getAllSync(names: readonly Readable[], limits: WaitLimits): unknown[] {
    for (const wait = since(limits); ; ) {
      const values = this.#attemptAll(names);
      if (!(values instanceof Pending)) return values;
      for (const name of values.names) this.#assertNotOwn(name, limits);
      this.#link.settledSync(values.records(), wait(values.names));
    }
  }

  /** As soon as `count` are ready, or the time is over. */
  async wait<Name extends Readable>(
    names: readonly Name[],
    count: number,
    limits: WaitLimits,
  ): Promise<WaitResult<Name>> {
    for (const wait = since(limits); ; ) {
      const result = this.#partition(names);
      const missing = count - result.ready.length;
      if (missing <= 0) return result;
      try {
        await this.#link.settled(this.#pending(result.pending).records(missing), wait(result.pending));
      } catch (error) {
        if (error instanceof TimedOutError) return this.#partition(names);
        throw error;
      }
    }
  }

  waitSync<Name extends Readable>(
    names: readonly Name[],
    count: number,
    limits: WaitLimits,
  ): WaitResult<Name> {
    for (const wait = since(limits); ; ) {
      const result = this.#partition(names);
      const missing = count - result.ready.length;
      if (missing <= 0) return result;
      const own = result.pending.filter((name) => this.#isOwn(name));
      if (own[0] !== undefined && result.pending.length - own.length < missing)
        this.#assertNotOwn(own[0], limits);
      try {
        this.#link.settledSync(this.#pending(result.pending).records(missing), wait(result.pending));
      } catch (error) {
        if (error instanceof TimedOutError) return this.#partition(names);
        throw error;
      }
    }
  }

  /** Lets a view go early. Throws `NotAWindowError`; in debug mode `ObjectDamagedError`, and the view has gone. */
  release(view: StorableView): void {
    const damaged = this.#debug?.damageOf(windowOf(view));
    const status = this.#bridge.releaseWindow(view);
    if (status !== STATUS.OK) throw statusToError(status, 'the view');
    if (damaged !== undefined) throw damaged;
  }

  /** Lets a view go early whose user may have released it already. */
  releaseQuietly(view: StorableView): void {
    // Told as a warning and an event.
    this.#debug?.damageOf(windowOf(view));
    this.#bridge.releaseWindow(view);
  }

  /** The value of the object at a place, without waiting. Throws `ObjectNotFoundError`, `ObjectNotSealedError`. */
  take(place: ObjectPlace): unknown {
    const answer = this.#bridge.get(place.slot, place.generation, copied.target, copied.format);
    if (typeof answer !== 'number') return this.#decode(answer, place);
    if (answer > 0) return decodeCopied(answer);
    throw this.#failed(answer, place, describePlace(place));
  }

  /** The value, or {@link NOT_YET}. */
  #attempt(name: Readable): unknown {
    const place = this.#names.readablePlaceOf(name);
    if (place === undefined) return NOT_YET;
    const answer = this.#bridge.get(place.slot, place.generation, copied.target, copied.format);
    if (typeof answer !== 'number') return this.#decode(answer, place);
    return answer > 0 ? decodeCopied(answer) : this.#notYet(answer, place, name);
  }

  /** The number of bytes that were copied, or {@link NOT_YET}. */
  #attemptInto(name: Readable, target: CopyTarget): number | typeof NOT_YET {
    const place = this.#names.readablePlaceOf(name);
    if (place === undefined) return NOT_YET;
    const answer = this.#bridge.getInto(place.slot, place.generation, target, FORMAT.serialized);
    if (answer >= 0) return answer;
    if (isUnfit(answer)) throw unfitness(answer, target, this.#control.sizeBytes(place.slot), describe(name));
    return this.#notYet(answer, place, name);
  }

  /** {@link NOT_YET} for a status that a wait may change; throws the error for any other. */
  #notYet(status: number, place: ObjectPlace, name: Readable): typeof NOT_YET {
    if (status === STATUS.NOT_SEALED) return NOT_YET;
    // Deleted between the two steps; who chose the id may use it again.
    if (status === STATUS.NOT_FOUND && name instanceof ObjectId && this.#names.isChosen(name)) return NOT_YET;
    throw this.#failed(status, place, describe(name));
  }

  #failed(status: number, place: ObjectPlace, what: string): Error {
    const damaged = status === STATUS.DAMAGED ? this.#debug?.damaged(place) : undefined;
    return damaged ?? statusToError(status, what);
  }

  /** All values, or what they wait for. */
  #attemptAll(names: readonly Readable[]): unknown[] | Pending {
    const { ready, pending } = this.#partition(names);
    if (pending.length > 0) {
      // Who waits for the others would wait in vain.
      for (const name of ready) this.#assertNotGone(name);
      return this.#pending(pending);
    }
    const values: unknown[] = [];
    try {
      for (const name of names) {
        const value = this.#attempt(name);
        if (value === NOT_YET) {
          this.#letGo(values);
          return this.#pending([name]);
        }
        values.push(value);
      }
      return values;
    } catch (error) {
      this.#letGo(values);
      throw error;
    }
  }

  /** Values that nobody has seen. */
  #letGo(values: readonly unknown[]): void {
    for (const value of values) if (isStorableView(value)) this.releaseQuietly(value);
  }

  #partition<Name extends Readable>(names: readonly Name[]): WaitResult<Name> {
    this.#link.assertOpen();
    const ready: Name[] = [];
    const pending: Name[] = [];
    for (const name of names) (this.#isPending(name) ? pending : ready).push(name);
    return { ready, pending };
  }

  #isPending(name: Readable): boolean {
    const place = this.#names.readablePlaceOf(name);
    return place === undefined || isBeingWritten(this.#control.stateAt(place));
  }

  #assertNotGone(name: Readable): void {
    const place = this.#names.readablePlaceOf(name);
    // An id of somebody's choice may be used again.
    if (place === undefined || (name instanceof ObjectId && this.#names.isChosen(name))) return;
    const state = this.#control.stateAt(place);
    if (!isBeingWritten(state) && !isSealed(state)) throw statusToError(STATUS.NOT_FOUND, describe(name));
  }

  #pending(names: readonly Readable[]): Pending {
    return new Pending(
      names,
      names.map((name) => this.#names.readablePlaceOf(name) ?? idOf(name)),
    );
  }

  /** Whether only this thread can seal it. */
  #isOwn(name: Readable): boolean {
    const place = this.#names.readablePlaceOf(name);
    return (
      place !== undefined && this.#isPending(name) && this.#control.owner(place.slot) === this.#bridge.index
    );
  }

  #assertNotOwn(name: Readable, { timeoutMs }: WaitLimits): void {
    if (timeoutMs !== undefined || !this.#isOwn(name)) return;
    const object = describe(name);
    throw new ObjectNotSealedError(
      `${object} is still being written, by this very thread: a synchronous wait for it would never end`,
      { object },
    );
  }

  #decode(window: ArrayBuffer, place: ObjectPlace): unknown {
    this.#debug?.viewed(window, place);
    const format = decodeFormat(this.#bridge.result[RESULT.FORMAT] ?? 0);
    if (isViewFormat(format)) return viewOf(format, window);
    const value = decodeValue(window, format);
    this.releaseQuietly(window);
    return value;
  }
}

/** What is still to come, of what was asked for. */
class Pending {
  readonly names: readonly Readable[];
  readonly #targets: readonly Target[];

  constructor(names: readonly Readable[], targets: readonly Target[]) {
    this.names = names;
    this.#targets = targets;
  }

  /**
   * The words of the requests that wait for `needed` of them. The actor counts what is named twice once: so many it may
   * have to see less, and the caller looks again.
   */
  records(needed = this.#targets.length): number[][] {
    const twins = this.#targets.length - new Set(this.#targets.map(keyOf)).size;
    const seen = Math.max(1, needed - twins);
    const records: number[][] = [];
    for (let start = 0; start < this.#targets.length; start += AWAIT_NAMES_MAX) {
      const isLast = start + AWAIT_NAMES_MAX >= this.#targets.length;
      const names = this.#targets.slice(start, start + AWAIT_NAMES_MAX).flatMap(encode);
      records.push([isLast ? seen : MORE_FOLLOWS, ...names]);
    }
    return records;
  }
}

function keyOf(target: Target): string {
  return target instanceof ObjectId ? target.hex : describePlace(target);
}

function encode(target: Target): number[] {
  if (!(target instanceof ObjectId)) return [AWAITED.PLACE, target.slot, target.generation];
  return [AWAITED.ID, ...new Uint32Array(target.toBinary().buffer)];
}

/** The limits of each wait of one call, whose time began now. */
function since(limits: WaitLimits): (names: readonly Readable[]) => WaitLimits {
  const startedMs = performance.now();
  return (names) => {
    const [first] = names;
    const isOne = names.length === 1 && first !== undefined;
    const purpose = isOne ? `${describe(first)} was not sealed` : `${names.length} objects were not sealed`;
    return { ...limits, startedMs, purpose };
  };
}

function describe(name: Readable): string {
  return name instanceof ObjectId ? `object ${name.hex}` : describePlace(name);
}

function idOf(name: Readable): ObjectId {
  return name instanceof ObjectId ? name : name.id;
}

function windowOf(view: StorableView): ArrayBufferLike {
  return ArrayBuffer.isView(view) ? view.buffer : view;
}

/** Tells a list of names from one name. */
export function isList(names: Readable | readonly Readable[]): names is readonly Readable[] {
  return Array.isArray(names);
}
