/** Why a create cannot be served: the reports that become its caller's error. */
import { describeHolders } from '../../pools/holders.ts';
import type { AllocationFailure, MemoryPool } from '../../pools/memory-pool.ts';
import type { ObjectTable } from '../../pools/object-table.ts';
import { formatByteSize } from '../../state/byte-size.ts';
import type { Holder } from '../../state/errors.ts';
import type { FailureReport } from '../protocol.ts';

/** What the reports tell of. */
export interface RefusalHost {
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool | undefined;
  readonly table: Pick<ObjectTable, 'hasFreeSlot'>;
  readonly spillDirectory: string;
  /** Who has the memory, the biggest first. */
  biggestHolders(): Holder[];
}

/** For what is larger than the memory and the disk; undefined for everything else. */
export function neverFits({ primary, fallback }: RefusalHost, sizeBytes: number): FailureReport | undefined {
  const fallbackBytes = fallback?.capacityBytes ?? 0;
  if (sizeBytes <= Math.max(primary.capacityBytes, fallbackBytes)) return undefined;
  return {
    error: 'ObjectStoreFullError',
    message:
      `an object of ${sizeBytes} bytes can never fit: the store has ` +
      `${primary.capacityBytes} bytes of memory and ${fallbackBytes} of disk`,
    values: { sizeBytes, primaryBytes: primary.capacityBytes, fallbackBytes },
  };
}

/** For a create that would not wait. */
export function notNow(host: RefusalHost, sizeBytes: number): FailureReport {
  const holders = host.biggestHolders();
  const what = host.table.hasFreeSlot ? 'no memory' : 'no slot of the object table';
  return {
    error: 'TimedOutError',
    message: `${what} is free now; held by ${describeHolders(holders)}`,
    values: { timeoutMs: 0, sizeBytes, holders },
  };
}

export function tableFull(sizeBytes: number): FailureReport {
  return {
    error: 'OutOfResourceError',
    message: 'the object table is full; create the store with a larger maxObjects',
    values: { sizeBytes },
  };
}

/** When everything was tried: how much there is, who has it, and why the disk did not help. */
export function noRoom(
  host: RefusalHost,
  sizeBytes: number,
  block: number | AllocationFailure,
): FailureReport {
  const { primary, fallback, spillDirectory } = host;
  const system = typeof block === 'object' && block.reason === 'system' ? block.error : undefined;
  const holders = host.biggestHolders();
  primary.merge();
  const values = {
    sizeBytes,
    primaryAllocatedBytes: primary.allocatedBytes,
    primaryBytes: primary.capacityBytes,
    largestFreeBytes: primary.largestFreeBytes,
    fallbackAllocatedBytes: fallback?.allocatedBytes ?? 0,
    fallbackBytes: fallback?.capacityBytes ?? 0,
    spillDirectory,
    systemCode: String(system?.values.systemCode ?? 'none'),
    holders,
  };
  const memory =
    `no room for an object of ${formatByteSize(sizeBytes)}: ` +
    `${formatByteSize(values.primaryAllocatedBytes)} of ${formatByteSize(values.primaryBytes)} of memory are in use, ` +
    `the largest free piece has ${formatByteSize(values.largestFreeBytes)}`;
  const held = `; held by ${describeHolders(holders)}`;
  if (fallback === undefined) return { error: 'ObjectStoreFullError', message: memory + held, values };
  const isOver = typeof block === 'object' && block.reason === 'overCapacity';
  const left = isOver ? 'the file system is nearly full' : 'no room is left there';
  const why = system === undefined ? left : system.message;
  const disk =
    `${formatByteSize(values.fallbackAllocatedBytes)} of ${formatByteSize(values.fallbackBytes)} on disk ` +
    `(${spillDirectory}): ${why}`;
  return { error: 'OutOfDiskError', message: `${memory}, ${disk}${held}`, values };
}
