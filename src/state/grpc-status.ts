/**
 * How Ray's statuses travel over gRPC: a failure as ABORTED, with the code string for a message and the text in the details.
 * Every other failure is gRPC's own and arrives as an RpcError, but for a deadline that has passed: that is TimedOut.
 */

import { Status } from './status.ts';
import { stringToCode } from './status-codes.ts';

/** Numbers of gRPC, as far as the mapping knows them. */
export const GRPC_CODE = Object.freeze({
  OK: 0,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  ABORTED: 10,
  UNAVAILABLE: 14,
} as const);

/** A status of gRPC; all values are plain and cloneable. */
export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
  readonly details: string;
}

/** The form in which a status travels. An RpcError loses its number: what went wrong on the way was another call's. */
export function rayStatusToGrpcStatus(status: Status): GrpcStatus {
  if (status.ok) return { code: GRPC_CODE.OK, message: '', details: '' };
  return { code: GRPC_CODE.ABORTED, message: status.codeString, details: status.message };
}

/** The status that arrived. */
export function grpcStatusToRayStatus({ code, message, details }: GrpcStatus): Status {
  if (code === GRPC_CODE.OK) return Status.OK;
  if (code !== GRPC_CODE.ABORTED) {
    const text = `RPC Error message: ${message}; RPC Error details: ${details}`;
    return code === GRPC_CODE.DEADLINE_EXCEEDED
      ? Status.error('TimedOut', text)
      : Status.rpcError(text, code);
  }
  const name = stringToCode(message);
  // An aborted call that says "OK" cannot be believed. What comes from outside never trips an invariant.
  return Status.error(name === 'OK' ? 'IOError' : name, details);
}
