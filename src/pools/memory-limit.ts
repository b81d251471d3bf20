/** How much memory a store takes when nothing is said, and how much it may take at most. Ray's rule. */
import { totalmem } from 'node:os';
import { formatByteSize } from '../state/byte-size.ts';
import { InvalidArgumentError } from '../state/errors.ts';
import { UNIT_BYTES } from '../state/slot-layout.ts';

/** Ray: 30 % of the available memory, at least 75 MiB, at most 200 GB; and never more than there is. */
const DEFAULT_PART = 0.3;
const DEFAULT_MIN_BYTES = 75 * 2 ** 20;
const DEFAULT_MAX_BYTES = 200e9;
/** Offsets are 32 bits of 64-byte units. */
const ADDRESSABLE_BYTES = (2 ** 32 - 1) * UNIT_BYTES;

/** What the machine, or the control group this process runs in, has. */
export interface MachineMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Asks the system. A control group's limit counts as the machine's size, for it is what the OOM killer obeys. */
export function machineMemory(): MachineMemory {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  // Without a limit the answer is 0 or a number near 2^64.
  const limit = constrained > 0 && constrained < total ? constrained : total;
  // What the control group uses already is not available either.
  return { totalBytes: limit, availableBytes: Math.min(limit, process.availableMemory()) };
}

/** The limit for a store for which none was given. */
export function defaultMemoryBytes(machine: MachineMemory): number {
  const wanted = Math.floor(machine.availableBytes * DEFAULT_PART);
  return Math.min(Math.max(wanted, DEFAULT_MIN_BYTES), DEFAULT_MAX_BYTES, machine.totalBytes);
}

/**
 * Checks a limit against the machine and rounds it down to whole units. A full disk can be turned into an error later,
 * the OOM killer cannot: so too large a store is refused at the start.
 */
export function checkMemoryBytes(bytes: number, machine: MachineMemory): number {
  if (bytes < UNIT_BYTES || bytes > ADDRESSABLE_BYTES || bytes > machine.totalBytes) {
    const most = Math.min(machine.totalBytes, ADDRESSABLE_BYTES);
    throw new InvalidArgumentError(
      `Store.create: memory must be from ${UNIT_BYTES} bytes to the ${formatByteSize(most)} that this machine or its ` +
        `control group allows, but is ${formatByteSize(bytes)}`,
      { name: 'memory', value: bytes, mostBytes: most },
    );
  }
  return Math.floor(bytes / UNIT_BYTES) * UNIT_BYTES;
}
