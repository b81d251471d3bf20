/** Memory of the caller's that an object's bytes are copied into. */
import { types } from 'node:util';
import { STATUS } from '../../state/bridge-status.ts';
import { InvalidArgumentError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';
import type { StorableView } from '../../state/value-format.ts';
import type { ObjectRef } from './object-ref.ts';

/** Anything with bytes, shared or not. */
export type CopyTarget = NodeJS.ArrayBufferView | ArrayBufferLike;

/** A ref to a view, or to what nobody has said: a structured value has no bytes to be copied. */
export type CopyableRef<T> = ObjectRef<T> &
  (unknown extends T ? unknown : T extends StorableView ? unknown : never);

/** Throws `InvalidArgumentError` for what has no bytes. */
export function assertTarget(target: CopyTarget, context: string): void {
  if (ArrayBuffer.isView(target) || types.isAnyArrayBuffer(target)) return;
  throw invalidArgument('target', target, 'a typed array, a DataView or a buffer', context);
}

const UNFIT: readonly number[] = [STATUS.TARGET_SEALED, STATUS.TARGET_TOO_SMALL, STATUS.NOT_A_VIEW];

/** Whether a status says that an object and a target do not fit each other. */
export function isUnfit(status: number): boolean {
  return UNFIT.includes(status);
}

/** Why they do not, by such a status. */
export function unfitness(
  status: number,
  { byteLength }: CopyTarget,
  sizeBytes: number,
  what: string,
): InvalidArgumentError {
  switch (status) {
    case STATUS.TARGET_SEALED:
      return new InvalidArgumentError(
        'target must not be memory of a store, but for a slot that this thread is writing',
        { name: 'target' },
      );
    case STATUS.TARGET_TOO_SMALL: {
      const values = { name: 'target', byteLength, sizeBytes };
      return new InvalidArgumentError(
        `target has room for ${byteLength} bytes, and ${what} has ${sizeBytes}`,
        values,
      );
    }
    default:
      return new InvalidArgumentError(
        `${what} is no view of bytes but a value in a form of the store's own: get it`,
        { name: 'ref', object: what },
      );
  }
}
