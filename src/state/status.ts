/** The outcome of an operation as a value, as in Ray: nothing is thrown, so it may be stored, compared and sent. */

import { InvariantError, type PlasmoidError } from './errors.ts';
import { codeString, type ErrorName, STATUS_CODE, type StatusName } from './status-codes.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** A status: a code, and for all but OK a message. Immutable, so copies and originals are the same. */
export class Status<Code extends StatusName = StatusName> {
  /** Success. There is one object of it. */
  static readonly OK: Status<'OK'> = new Status('OK', '', undefined);

  readonly code: Code;
  readonly message: string;
  /** The number of the RPC layer behind an RpcError. */
  readonly rpcCode: number | undefined;

  private constructor(code: Code, message: string, rpcCode: number | undefined) {
    this.code = code;
    this.message = message;
    this.rpcCode = rpcCode;
    Object.freeze(this);
  }

  /**
   * A failure. The type shuts OK out where the code is known when compiling, the check where it comes from elsewhere.
   */
  static error<Code extends ErrorName>(code: Code, message: string): Status<Code> {
    checkIsError(code);
    return new Status(code, message, undefined);
  }

  /** A failure of the RPC layer, with its own number. */
  static rpcError(message: string, rpcCode: number): Status<'RpcError'> {
    return new Status('RpcError', message, rpcCode);
  }

  /** The status that an error of this package stands for: its code is one of these names already. */
  static fromError(error: PlasmoidError): Status<ErrorName> {
    return Status.error(error.code, error.message);
  }

  /** Whether this is OK. */
  get ok(): boolean {
    return this.is('OK');
  }

  /** Ray's number for the code. */
  get codeNumber(): number {
    return STATUS_CODE[this.code];
  }

  /** How Ray writes the code. */
  get codeString(): string {
    return codeString(this.code);
  }

  /** Ray has a predicate per code, `IsOutOfDisk()`; here the name is the argument. */
  is(code: StatusName): boolean {
    return this.code === code;
  }

  /** Whether a worker that got this from a task has to exit. */
  get shouldExitWorker(): boolean {
    return (
      this.is('IntentionalSystemExit') || this.is('UnexpectedSystemExit') || this.is('CreationTaskError')
    );
  }

  /** Ray's `<<`: the same failure with more said about it. OK has no message, and stays as it is. */
  append(...more: readonly (string | number | bigint | boolean)[]): Status<Code> {
    return this.ok ? this : new Status(this.code, [this.message, ...more].join(''), this.rpcCode);
  }

  /** Whether both tell the same: code, message and RPC code. */
  equals(other: Status): boolean {
    return this.is(other.code) && this.message === other.message && this.rpcCode === other.rpcCode;
  }

  /** "OK", or code string and message. */
  toString(): string {
    return this.ok ? this.codeString : `${this.codeString}: ${this.message}`;
  }

  /** What `console.log` shows. */
  [INSPECT](): string {
    return `Status(${this.toString()})`;
  }
}

function checkIsError(code: StatusName): void {
  if (code === 'OK')
    throw new InvariantError('OK is no failure: a status with a message needs an error code');
}
