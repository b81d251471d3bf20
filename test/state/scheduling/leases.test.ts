/** Leases: who gets which, when, and what comes back. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../../src/state/errors.ts';
import { FallbackOption } from '../../../src/state/labels/fallback-strategy.ts';
import { CPU, classOf, selector, shape, World } from '../../support/scheduling.ts';

const ONE = { CPU: 1 };
const isInvalid = (error: unknown) => error instanceof InvalidArgumentError;

test('as many leases as are wanted, as far as there is room', () => {
  const world = World.of(ONE, ONE);
  world.ask(7, CPU, 3);
  assert.equal(world.workersOf(7), [0, 1]);
  assert.equal(world.scheduler.available(0), {}, 'nothing is left');
  world.give(world.of(7)[0]!);
  assert.is(world.of(7).length, 2, 'it is still wanted');
  world.ask(7, CPU, 0);
  for (const lease of world.of(7)) world.give(lease);
  assert.is(world.held.size, 0);
  assert.equal(
    [0, 1].map((worker) => world.scheduler.available(worker)),
    [ONE, ONE],
  );
  assert.equal(world.scheduler.stats().waitingRequests, 0);
});

test('the wish counts leases that are held: a lower one cancels, the same again changes nothing', () => {
  const world = World.of(ONE, ONE, ONE);
  world.ask(1, CPU, 1);
  world.ask(1, CPU, 1);
  assert.is(world.of(1).length, 1);
  world.ask(1, CPU, 2);
  assert.is(world.of(1).length, 2);
  world.ask(1, CPU, 1);
  assert.is(world.of(1).length, 2, 'what is held stays until it is returned');
  world.give(world.of(1)[0]!);
  assert.is(world.of(1).length, 1);
});

test('a lease is returned once', () => {
  const world = World.of(ONE);
  world.ask(1, CPU, 1);
  const [lease] = world.of(1);
  world.scheduler.request(1, CPU, 0);
  assert.ok(world.scheduler.returnLease(lease!.leaseId));
  assert.not(world.scheduler.returnLease(lease!.leaseId));
  assert.equal(world.scheduler.available(0), ONE);
});

test('clients in turn: a long queue stops nobody', () => {
  const world = World.of(ONE, ONE, ONE, ONE);
  world.scheduler.request(1, CPU, 100_000);
  world.scheduler.request(2, CPU, 1);
  world.scheduler.request(3, CPU, 100_000);
  world.run();
  assert.equal(
    [1, 2, 3].map((client) => world.of(client).length),
    [2, 1, 1],
  );
  for (let round = 0; round < 6; round++) world.give([...world.held.values()][0]!);
  assert.ok([1, 3].every((client) => world.of(client).length >= 1));
});

test('the classes of one client in turn as well', () => {
  const world = World.of(ONE, ONE, ONE, ONE);
  const other = classOf(ONE, { key: 'other' });
  world.scheduler.request(1, CPU, 100);
  world.scheduler.request(1, other, 100);
  world.run();
  assert.equal(
    world.of(1).map(({ classKey }) => classKey),
    [CPU.key, 'other', CPU.key, 'other'],
  );
});

test('the higher priority first', () => {
  const world = World.of(ONE);
  world.scheduler.request(1, CPU, 1);
  world.scheduler.request(2, classOf(ONE, { priority: 5 }), 1);
  world.run();
  assert.equal(world.workersOf(2), [0]);
  assert.equal(world.workersOf(1), []);
});

test('preferred workers first, in their order, if there is room', () => {
  const world = World.of(ONE, ONE, ONE, ONE);
  world.ask(1, CPU, 3, [9, 2, 1]);
  assert.equal(world.workersOf(1), [2, 1, 0]);
});

test('else the least busy, then the one with the fewest leases, then the first', () => {
  const world = World.of({ CPU: 2 }, { CPU: 4 }, { CPU: 2 });
  const half = classOf({ CPU: 1 }, { key: 'half' });
  world.ask(1, half, 6);
  // 0/2, 0/4, 0/2 → 1/2, 0/4, 0/2 → 1/2, 1/4, 0/2 → 1/2, 1/4, 1/2 → 1/2, 2/4, 1/2 → …
  assert.equal(world.workersOf(1), [0, 1, 2, 1, 0, 2]);
  const idle = World.of({ CPU: 1 }, { CPU: 1 });
  const nothing = (key: string) => classOf({}, { key });
  for (const key of ['a', 'b', 'c', 'd']) idle.ask(1, nothing(key), 1);
  assert.equal(idle.workersOf(1), [0, 1, 0, 1]);
});

test('workers with devices are left to those who use them', () => {
  const world = World.of({ CPU: 2, GPU: 1 }, { CPU: 1 });
  world.ask(1, CPU, 2);
  assert.equal(world.workersOf(1), [1, 0]);
  world.ask(2, classOf({ CPU: 1, GPU: 1 }), 1);
  assert.equal(world.workersOf(2), [0]);
});

test('of nothing at all one lease for each worker', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, classOf({}), 100_000);
  assert.equal(world.workersOf(1), [0, 1]);
  world.ask(1, CPU, 2);
  assert.is(world.of(1).length, 4);
  world.scheduler.addWorker(2, shape(ONE));
  world.run();
  assert.is(world.of(1).length, 5);
});

test('labels: the first selector before the fallbacks, in their order, before preferences', () => {
  const world = World.of(shape(ONE, { zone: 'a' }), shape(ONE, { zone: 'b' }), shape(ONE, { zone: 'c' }));
  const picky = classOf(ONE, {
    labelSelector: selector({ zone: 'b' }),
    fallbackStrategy: [new FallbackOption(selector({ zone: 'c' }))],
  });
  world.ask(1, picky, 3, [2, 0]);
  assert.equal(world.workersOf(1), [1, 2]);
});

test('a task that waits lends its CPU, and only that, and has it back at once', () => {
  const world = World.of({ CPU: 1, memory: 10 });
  const task = classOf({ CPU: 1, memory: 5 });
  world.ask(1, task, 1);
  const [outer] = world.of(1);
  world.ask(2, task, 2);
  assert.is(world.of(2).length, 0);
  assert.ok(world.scheduler.blocked(outer!.leaseId));
  assert.not(world.scheduler.blocked(outer!.leaseId));
  world.run();
  assert.is(world.of(2).length, 1);
  assert.equal(world.scheduler.available(0), {});
  assert.ok(world.scheduler.unblocked(outer!.leaseId));
  assert.not(world.scheduler.unblocked(outer!.leaseId));
  assert.equal(world.scheduler.available(0), { CPU: -1 });
  world.give(world.of(2)[0]!);
  assert.is(world.of(2).length, 0, 'there is no CPU until the first is done');
  world.give(outer!);
  assert.is(world.of(1).length + world.of(2).length, 1);
});

test('a lease that ends while its task waits gives back the rest', () => {
  const world = World.of({ CPU: 1, memory: 10 });
  world.ask(1, classOf({ CPU: 1, memory: 5 }), 1);
  const [lease] = world.of(1);
  world.scheduler.request(1, classOf({ CPU: 1, memory: 5 }), 0);
  world.scheduler.blocked(lease!.leaseId);
  world.give(lease!);
  assert.equal(world.scheduler.available(0), { CPU: 1, memory: 10 });
  assert.not(world.scheduler.unblocked(lease!.leaseId));
});

test('with a client everything goes that it had and wanted', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 5);
  world.ask(2, CPU, 1);
  assert.is(world.lose(world.scheduler.clientGone(1)).length, 2);
  assert.equal(world.workersOf(2), [0]);
  assert.is(world.scheduler.stats().waitingRequests, 0);
  assert.equal(world.scheduler.clientGone(1), []);
});

test('with a worker its leases are lost, and are wanted again elsewhere', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 2);
  const lost = world.lose(world.scheduler.removeWorker(0));
  assert.equal(
    lost.map(({ worker }) => worker),
    [0],
  );
  assert.not(world.scheduler.returnLease(lost[0]!.leaseId));
  assert.not(world.scheduler.blocked(lost[0]!.leaseId));
  assert.is(world.scheduler.available(0), undefined);
  world.scheduler.addWorker(3, shape(ONE));
  world.run();
  assert.equal(world.workersOf(1), [1, 3]);
  assert.equal(world.scheduler.removeWorker(0), []);
  assert.throws(() => world.scheduler.addWorker(3, shape(ONE)), isInvalid);
});

test('a worker that drains takes nothing new, and its leases are asked back, once', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 1);
  world.ask(2, classOf(ONE, { isLongLived: true }), 1);
  world.scheduler.setDraining(0);
  world.scheduler.setDraining(1);
  world.run();
  world.run();
  assert.equal(
    world.recalled.map(({ client }) => client),
    [1],
  );
  world.give(world.of(1)[0]!);
  assert.equal(world.workersOf(1), []);
  world.scheduler.setDraining(0, false);
  world.run();
  assert.equal(world.workersOf(1), [0]);
});

test('what is wanted is a number', () => {
  const world = World.of(ONE);
  for (const wanted of [-1, 0.5, Number.NaN]) {
    assert.throws(() => world.scheduler.request(1, CPU, wanted), isInvalid);
  }
});

test('a callback may call whatever it likes', () => {
  const world = World.of(ONE, ONE);
  const { scheduler } = world;
  scheduler.request(1, CPU, 2);
  const grants: number[] = [];
  const original = world.held.set.bind(world.held);
  world.held.set = (leaseId, lease) => {
    grants.push(leaseId);
    scheduler.request(1, CPU, 0);
    scheduler.returnLease(leaseId);
    return original(leaseId, lease);
  };
  world.run();
  assert.is(grants.length, 2);
  assert.equal(
    [0, 1].map((worker) => scheduler.available(worker)),
    [ONE, ONE],
  );
});

test('demand and statistics say what waits', () => {
  const world = World.of(ONE);
  world.scheduler.request(1, CPU, 3);
  world.scheduler.request(2, CPU, 2);
  world.scheduler.createPlacementGroup('ab', [classOf({ CPU: 4 }).resources]);
  world.run();
  assert.equal(world.scheduler.demand(), [
    { key: CPU.key, resources: ONE, labels: {}, priority: 0, count: 4, isGroup: false },
    { key: 'ab', resources: { CPU: 4 }, labels: {}, priority: 0, count: 1, isGroup: true },
  ]);
  world.scheduler.blocked(world.of(1)[0]!.leaseId);
  assert.equal(world.scheduler.stats(), {
    ...{ workers: 1, drainingWorkers: 0, claimedWorkers: 0 },
    ...{ leases: 1, blockedLeases: 1, recalledLeases: 0 },
    ...{ waitingRequests: 2, waitingLeases: 4, groups: 1, waitingGroups: 1 },
    ...{ grantedTotal: 1, endedTotal: 0, recalledTotal: 0 },
  });
});

test.run();
