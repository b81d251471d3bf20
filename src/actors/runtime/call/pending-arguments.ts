/** Arguments that name what is still to come: results of other calls, objects that are being written, memory for big bytes. */
import { ObjectRef } from '../../client/object-ref.ts';
import type { Participant } from '../link/participant.ts';
import type { Payload } from '../link/payload.ts';
import { PendingResults } from '../link/payload-codec.ts';
import { ResultRef } from './result-ref.ts';

/** Who waits for arguments. */
export interface ArgumentsWaiter {
  /** Nobody wants them any more: then nothing is encoded, and `encoded` is called without a payload. */
  isOver(): boolean;
  /** Once, when all is there; or else `failed`. */
  encoded(payload: Payload | undefined): void;
  /** With the first failure among what they name. */
  failed(error: unknown): void;
}

export class PendingArguments {
  readonly #participant: Participant;
  /** What is to be done for those whose arguments have come; the first of them is being done. */
  #steps: (() => void)[] = [];

  constructor(participant: Participant) {
    this.#participant = participant;
  }

  /** Whether everything that the values name is there, as far as can be seen without encoding them. */
  areThere(values: readonly unknown[]): boolean {
    return !values.some((value) => value instanceof ResultRef || this.#isUnsealed(value));
  }

  /**
   * Waits for what the values name, and encodes them; the list is the waiter's to give away. Not by promises: their jobs stand
   * still while the thread blocks, for this very call perhaps.
   */
  wait(values: unknown[], waiter: ArgumentsWaiter): void {
    const { store } = this.#participant;
    /** Undefined when it is over, in one way or the other. */
    let held: ObjectRef[] | undefined = [];
    const finish = (end: () => void): void => {
      for (const ref of held ?? []) ref.release();
      held = undefined;
      end();
    };
    const own: ArgumentsWaiter = {
      isOver: () => waiter.isOver(),
      encoded: (payload) => finish(() => waiter.encoded(payload)),
      failed: (error) => this.#inTurn(() => finish(() => waiter.failed(error))),
    };
    /** A ref of the call's own: whoever made the call may release his. Throws `ObjectNotFoundError`. */
    const share = (ref: ObjectRef): ObjectRef => {
      const shared = store.ref(ref.token);
      held?.push(shared);
      return shared;
    };
    /** As the value of a result that has come. */
    const place = (index: number, object: ObjectRef | undefined, result: unknown): void => {
      if (held !== undefined) values[index] = object === undefined ? result : share(object);
    };
    const resolved = (): void => {
      const unsealed = values.filter((value) => this.#isUnsealed(value)) as ObjectRef[];
      const encode = (): void => this.#encode(values, own);
      if (unsealed.length === 0) encode();
      // Deleted ones count as there: who reads them is told.
      else store.wait(unsealed, { count: unsealed.length }).then(encode, own.failed);
    };
    try {
      for (const [index, value] of values.entries())
        if (value instanceof ObjectRef) values[index] = share(value);
    } catch (error) {
      own.failed(error);
      return;
    }
    putResultsInPlace(values, place, () => this.#inTurn(resolved), own.failed);
  }

  /** Waits for memory for the bytes of a payload. */
  waitForMemory(payload: Payload, waiter: ArgumentsWaiter): void {
    if (payload.ready === undefined) {
      waiter.encoded(payload);
      return;
    }
    payload.ready.then(
      () => waiter.encoded(payload),
      (error: unknown) => this.#inTurn(() => waiter.failed(error)),
    );
  }

  #encode(values: readonly unknown[], waiter: ArgumentsWaiter): void {
    if (waiter.isOver()) {
      waiter.encoded(undefined);
      return;
    }
    let payload: Payload;
    try {
      payload = this.#participant.codec.encode(values);
    } catch (error) {
      if (!(error instanceof PendingResults)) {
        waiter.failed(error);
        return;
      }
      // Some inside of other values: again, when they are there.
      let missing = error.refs.length;
      const arrived = (): void => {
        if (--missing === 0) this.#inTurn(() => this.#encode(values, waiter));
      };
      for (const ref of error.refs) ref.observe({ resolved: arrived, rejected: waiter.failed });
      return;
    }
    this.waitForMemory(payload, waiter);
  }

  /** One behind the other, not one inside of the other: a failure may run through a graph of any depth. */
  #inTurn(step: () => void): void {
    this.#steps.push(step);
    if (this.#steps.length > 1) return;
    try {
      for (let index = 0; index < this.#steps.length; index++) this.#steps[index]!();
    } finally {
      this.#steps = [];
    }
  }

  #isUnsealed(value: unknown): boolean {
    return value instanceof ObjectRef && !this.#participant.store.contains(value);
  }
}

/** Puts the results among the values in their places as they come, and calls back when none is missing, or one failed. */
function putResultsInPlace(
  values: unknown[],
  place: (index: number, object: ObjectRef | undefined, result: unknown) => void,
  resolved: () => void,
  failed: (error: unknown) => void,
): void {
  let missing = 1;
  const arrived = (): void => {
    if (--missing === 0) resolved();
  };
  for (const [index, value] of values.entries()) {
    if (!(value instanceof ResultRef)) continue;
    missing++;
    const settled = (result: unknown): void => {
      try {
        place(index, value.object, result);
      } catch (error) {
        // Deleted meanwhile.
        failed(error);
        return;
      }
      arrived();
    };
    value.observe({ resolved: settled, rejected: failed });
  }
  arrived();
}
