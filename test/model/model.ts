/** Plain objects that know what the store must answer. */
import { HOT_WINDOW_BYTES } from '../../src/state/slot-layout.ts';

export interface ModelObject {
  readonly key: number;
  readonly size: number;
  readonly id: number | undefined;
  readonly evictable: boolean;
  /** Undefined for versions of channels: nobody sees their ids. */
  readonly hex: string | undefined;
  /** Abandoned: its slot was forgotten, and the collection of the slot aborts it. */
  state: 'writing' | 'abandoned' | 'sealed' | 'gone';
  /** Keys of what holds it, a ref, a slot or the writer of a channel, with the thread that has it. */
  readonly holders: Map<number, number>;
  /** Some ref or slot was forgotten: nobody knows when its collection comes. */
  forgotten: boolean;
  views: number;
}

export interface Held {
  readonly thread: number;
  readonly object: ModelObject;
}

type NewObject = Pick<ModelObject, 'key' | 'size' | 'hex' | 'state'> &
  Partial<Pick<ModelObject, 'id' | 'evictable'>>;

export class Model {
  readonly objects: ModelObject[] = [];
  readonly refs = new Map<number, Held>();
  readonly slots = new Map<number, Held>();
  readonly views = new Map<number, Held>();
  /** Keys of refs that were released: calls that wait by them fail when they look again. */
  readonly released = new Set<number>();
  readonly evicted = { objects: 0, bytes: 0 };
  /** Bytes of all that was ever asked for: garbage and stocks, too, may still be somewhere. */
  #bytes = 0;
  readonly #crowdedBytes: number;
  readonly #bytesMax: number;
  #nextKey = 1;

  /** After more than `crowdedBytes` in all nobody knows whether memory was ever short; `bytesMax` is the end. */
  constructor(crowdedBytes: number, bytesMax: number) {
    this.#crowdedBytes = crowdedBytes;
    this.#bytesMax = bytesMax;
  }

  key(): number {
    return this.#nextKey++;
  }

  /** Whether there is room for so much more; memory is asked for also for what is refused then. */
  ask(size: number): boolean {
    if (this.#bytes + size > this.#bytesMax) return false;
    this.#bytes += size;
    return true;
  }

  /** A new object, with its first holder. */
  add(made: NewObject, thread: number, holder: number): ModelObject {
    const { id, evictable = false } = made;
    const object = {
      ...made,
      id,
      evictable,
      holders: new Map([[holder, thread]]),
      forgotten: false,
      views: 0,
    };
    this.objects.push(object);
    return object;
  }

  hold(key: number, thread: number, object: ModelObject): void {
    object.holders.set(key, thread);
    this.refs.set(key, { thread, object });
  }

  see(key: number, thread: number, object: ModelObject): void {
    object.views++;
    this.views.set(key, { thread, object });
  }

  /** The fewest windows that its views can lie on: a thread may look at a small object through one. */
  windowsOf(object: ModelObject): number {
    if (object.size > HOT_WINDOW_BYTES) return object.views;
    const seen = [...this.views.values()].filter((held) => held.object === object);
    return new Set(seen.map(({ thread }) => thread)).size;
  }

  unsee(key: number): void {
    const held = this.views.get(key);
    if (held === undefined) return;
    held.object.views--;
    this.views.delete(key);
  }

  /** The object that has the id, as far as is known. */
  named(id: number): ModelObject | undefined {
    return this.objects.find((object) => object.id === id && object.state !== 'gone');
  }

  /** Whether it must be there as it is: neither the collector nor the need for memory may have taken it. */
  isSure({ state, holders, evictable, forgotten, views }: ModelObject): boolean {
    if (state === 'gone') return true;
    if (state === 'abandoned') return false;
    if (holders.size > 0) return true;
    if (evictable) return views > 0 || this.#bytes <= this.#crowdedBytes;
    return !forgotten;
  }

  /** One of its holders is gone. */
  drop(key: number, object: ModelObject, forgotten: boolean): void {
    object.holders.delete(key);
    object.forgotten ||= forgotten;
    const isKept = object.evictable && object.state === 'sealed';
    if (object.holders.size === 0 && !object.forgotten && !isKept) object.state = 'gone';
  }

  /** It turned out not to be there, which was not sure. */
  lost(object: ModelObject): void {
    if (object.evictable && object.state === 'sealed') {
      this.evicted.objects++;
      this.evicted.bytes += object.size;
    }
    object.state = 'gone';
  }
}
