/** How much memory a store takes and may take, on machines that are described to it. */
import { totalmem } from 'node:os';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkMemoryBytes,
  defaultMemoryBytes,
  type MachineMemory,
  machineMemory,
} from '../../src/pools/memory-limit.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import { UNIT_BYTES } from '../../src/state/slot-layout.ts';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const TEBIBYTE = 2 ** 40;
/** Offsets are 32 bits of 64-byte units. */
const ADDRESSABLE_BYTES = (2 ** 32 - 1) * UNIT_BYTES;

function machine(availableBytes: number, totalBytes = availableBytes): MachineMemory {
  return { availableBytes, totalBytes };
}

/** The error of a limit that is refused. */
function refusal(bytes: number, described: MachineMemory): InvalidArgumentError {
  try {
    checkMemoryBytes(bytes, described);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
  throw new Error(`${bytes} bytes were taken`);
}

test("the default is Ray's: 30 % of what is available", () => {
  assert.is(defaultMemoryBytes(machine(10 * GIBIBYTE)), 3 * GIBIBYTE);
  assert.is(defaultMemoryBytes(machine(1_000_000_001)), 300_000_000, 'whole bytes');
  assert.is(
    defaultMemoryBytes(machine(GIBIBYTE, 64 * GIBIBYTE)),
    Math.floor(0.3 * GIBIBYTE),
    'of what is free, not of what there is',
  );
});

test("the default has Ray's limits: 75 MiB and 200 GB", () => {
  for (const bytes of [0, MEBIBYTE, 100 * MEBIBYTE, 250 * MEBIBYTE]) {
    assert.is(defaultMemoryBytes(machine(bytes, GIBIBYTE)), 75 * MEBIBYTE, `of ${bytes} bytes`);
  }
  assert.is(defaultMemoryBytes(machine(20 * MEBIBYTE, 64 * MEBIBYTE)), 64 * MEBIBYTE, 'of a small group');
  assert.is(defaultMemoryBytes(machine(251 * MEBIBYTE)), Math.floor(0.3 * 251 * MEBIBYTE));
  for (const bytes of [TEBIBYTE, 100 * TEBIBYTE]) assert.is(defaultMemoryBytes(machine(bytes)), 200e9);
  assert.ok(defaultMemoryBytes(machine(100 * TEBIBYTE)) <= ADDRESSABLE_BYTES);
});

test('a default is always one that is taken', () => {
  const sizes = fc.integer({ min: UNIT_BYTES, max: 64 * TEBIBYTE });
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (totalBytes, part) => {
      const described = machine(Math.floor(totalBytes * part), totalBytes);
      const wanted = defaultMemoryBytes(described);
      const taken = checkMemoryBytes(wanted, described);
      assert.ok(taken > wanted - UNIT_BYTES && taken <= wanted);
      assert.is(taken % UNIT_BYTES, 0);
    }),
  );
});

test('a limit is rounded down to whole units', () => {
  const described = machine(GIBIBYTE);
  for (const [bytes, taken] of [
    [64, 64],
    [65, 64],
    [127, 64],
    [128, 128],
    [MEBIBYTE + 1, MEBIBYTE],
    [GIBIBYTE, GIBIBYTE],
    [GIBIBYTE - 1, GIBIBYTE - UNIT_BYTES],
  ] as const) {
    assert.is(checkMemoryBytes(bytes, described), taken, String(bytes));
  }
});

test('what is free at the moment does not limit what may be asked for', () => {
  assert.is(checkMemoryBytes(GIBIBYTE, machine(MEBIBYTE, 2 * GIBIBYTE)), GIBIBYTE);
});

test("more than the machine's or the control group's memory is refused, with the sizes", () => {
  const error = refusal(8 * GIBIBYTE, machine(4 * GIBIBYTE));
  assert.is(error.code, 'InvalidArgument');
  assert.equal(error.values, { name: 'memory', value: 8 * GIBIBYTE, mostBytes: 4 * GIBIBYTE });
  assert.match(error.message, 'Store.create');
  assert.match(error.message, '4 GiB');
  assert.match(error.message, '8 GiB');
  refusal(4 * GIBIBYTE + 1, machine(4 * GIBIBYTE));
});

test('more than can be addressed is refused on the largest machine', () => {
  const large = machine(4 * TEBIBYTE);
  assert.is(checkMemoryBytes(ADDRESSABLE_BYTES, large), ADDRESSABLE_BYTES);
  assert.is(refusal(ADDRESSABLE_BYTES + 1, large).values.mostBytes, ADDRESSABLE_BYTES);
  refusal(2 ** 53, large);
  refusal(Number.POSITIVE_INFINITY, large);
});

test('less than one unit is refused', () => {
  for (const bytes of [0, 1, 63, -1, -GIBIBYTE])
    assert.is(refusal(bytes, machine(GIBIBYTE)).values.value, bytes);
});

test('this machine is described in bytes, and a control group limits both numbers', () => {
  const here = machineMemory();
  assert.ok(here.totalBytes > 0 && here.totalBytes <= totalmem());
  assert.ok(here.availableBytes > 0 && here.availableBytes <= here.totalBytes);
  const constrained = process.constrainedMemory();
  if (constrained > 0 && constrained < totalmem()) assert.is(here.totalBytes, constrained);
  else assert.ok(Math.abs(here.availableBytes - process.availableMemory()) < here.totalBytes / 2);
  assert.ok(checkMemoryBytes(UNIT_BYTES, here) === UNIT_BYTES);
});

test.run();
