/** One `create` call: validated once, tried until the bridge has a block for it. */
import { RESULT, STATUS } from '../../state/bridge-status.ts';
import { integer, invalidArgument } from '../../state/options.ts';
import { elementBytes, FORMAT, type ViewByName, viewOf } from '../../state/value-format.ts';
import type { Lease } from './allocator-link.ts';
import { statusToError } from './failures.ts';
import type { RefHost } from './object-ref.ts';
import { type CreateOptions, readCreateOptions } from './store-options.ts';
import type { WaitLimits } from './wait-limits.ts';
import { WritableSlot } from './writable-slot.ts';

const readSize = integer(0);

/** The call under way. */
export interface SlotWriter<View extends object> {
  readonly limits: WaitLimits;
  /** Tries with a block that this thread has or takes, or with one from the actor; `undefined` when that was not to be had. */
  open(lease: Lease | undefined): WritableSlot<View> | undefined;
}

/** Validates a call. Throws `InvalidArgumentError`. */
export function prepareWriter<Name extends keyof ViewByName>(
  host: RefHost,
  byteLength: number,
  options: CreateOptions<Name> | undefined,
  context: string,
): SlotWriter<ViewByName[Name]> {
  readSize(byteLength, 'byteLength', context);
  const limits = readCreateOptions(options, context);
  const format = FORMAT[limits.as];
  const unit = elementBytes(format);
  if (byteLength % unit !== 0) {
    throw invalidArgument('byteLength', byteLength, `a multiple of ${unit} for ${limits.as}`, context);
  }
  const slot = new WritableSlot<ViewByName[Name]>(host, format, limits);
  const id = host.chosenId(limits.id);
  const caller = host.debug?.caller();
  const open = (lease: Lease | undefined): WritableSlot<ViewByName[Name]> | undefined => {
    if (caller !== undefined) host.debug?.announce(caller);
    const window = host.bridge.create(byteLength, format, slot, id, lease?.slot, lease?.generation);
    if (window === STATUS.NO_BLOCK) return undefined;
    if (typeof window === 'number') {
      throw statusToError(window, limits.id === undefined ? 'the object' : `object ${limits.id.hex}`);
    }
    const { result } = host.bridge;
    const created = {
      slot: result[RESULT.SLOT] ?? 0,
      generation: result[RESULT.GENERATION] ?? 0,
      track: result[RESULT.TRACK] ?? 0,
      writable: result[RESULT.WRITABLE] ?? 0,
    };
    // The reader of options has checked that `as` names this format.
    const view = viewOf(format, window) as ViewByName[Name];
    slot.open(created, view, new Uint8Array(window), caller);
    return slot;
  };
  return { limits, open };
}
