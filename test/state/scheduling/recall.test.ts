/** Recalls: leases come back for those who have less, after their time; and nobody is passed over for ever. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CPU, classOf, selector, shape, World } from '../../support/scheduling.ts';

const ONE = { CPU: 1 };

/** Returns whatever was recalled. */
function obey(world: World): number {
  const recalled = world.recalled.splice(0);
  for (const lease of recalled) if (world.held.has(lease.leaseId)) world.give(lease);
  return recalled.length;
}

test('after its time, not before, a lease is asked back once for somebody who has none', () => {
  const world = World.of(ONE);
  world.ask(1, CPU, 10);
  world.run(50);
  world.ask(2, CPU, 1);
  assert.equal(world.recalled, []);
  assert.is(world.run(25), 100, 'when to look again');
  world.run(25);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [1],
  );
  world.run(50);
  world.run(500);
  assert.is(world.recalled.length, 1);
  assert.is(world.of(1).length, 1, 'it counts as held until it is returned');
  world.give(world.of(1)[0]!);
  assert.equal([world.of(1).length, world.of(2).length], [0, 1]);
});

test('nobody waits, nobody is disturbed; nobody is disturbed for what does not help', () => {
  const world = World.of(shape(ONE, { zone: 'a' }));
  world.ask(1, CPU, 1);
  assert.is(world.run(1000), undefined);
  world.ask(2, classOf(ONE, { labelSelector: selector({ zone: 'b' }) }), 1);
  world.ask(3, classOf({ CPU: 2 }), 1);
  world.run(1000);
  assert.equal(world.recalled, []);
});

test('shares become even, and then stay', () => {
  const world = World.of(ONE, ONE, ONE, ONE);
  world.ask(1, CPU, 100);
  world.ask(2, CPU, 100);
  world.run(200);
  while (obey(world) > 0) world.run(200);
  assert.equal([world.of(1).length, world.of(2).length], [2, 2]);
  world.run(1000);
  assert.equal(world.recalled, []);
});

test('one worker is shared by time', () => {
  const world = World.of(ONE);
  world.scheduler.request(1, CPU, 100);
  world.scheduler.request(2, CPU, 100);
  world.scheduler.request(3, CPU, 100);
  world.run();
  const holders: number[] = [];
  for (let round = 0; round < 9; round++) {
    holders.push([...world.held.values()][0]!.client);
    world.run(200);
    obey(world);
  }
  assert.equal(holders, [1, 2, 3, 1, 2, 3, 1, 2, 3]);
});

test('a class without a lease gets one from another of the same client', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, CPU, 100);
  world.ask(1, classOf(ONE, { key: 'other' }), 100);
  world.run(200);
  assert.is(obey(world), 1);
  assert.equal(
    world
      .of(1)
      .map(({ classKey }) => classKey)
      .sort(),
    [CPU.key, 'other'],
  );
});

test('who has most gives first', () => {
  const world = World.of(ONE, ONE, ONE);
  world.ask(1, CPU, 1);
  world.ask(2, CPU, 2);
  world.ask(3, CPU, 1);
  world.run(200);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [2],
  );
});

test('a lower priority gives way, however little it has; a higher one never does', () => {
  const world = World.of(ONE, ONE);
  const urgent = classOf(ONE, { priority: 1 });
  world.ask(1, CPU, 1);
  world.ask(2, urgent, 5);
  world.run(200);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [1],
  );
  obey(world);
  assert.is(world.of(2).length, 2);
  world.ask(3, CPU, 5);
  world.run(500);
  assert.equal(world.recalled, []);
  // What it was urgent for is done; two clients wait without a lease.
  for (const { leaseId } of world.of(2)) world.scheduler.setLeasePriority(leaseId, 0);
  world.run(200);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [2, 2],
  );
});

test('actors stay', () => {
  const world = World.of(ONE, ONE);
  world.ask(1, classOf(ONE, { isLongLived: true }), 2);
  world.ask(2, CPU, 1);
  world.run(500);
  assert.equal(world.recalled, []);
});

test('an actor that waits has a task’s lease recalled', () => {
  const world = World.of(ONE);
  world.ask(1, CPU, 100);
  world.ask(1, classOf(ONE, { key: 'actor', isLongLived: true }), 1);
  world.run(200);
  obey(world);
  assert.equal(
    world.of(1).map(({ classKey }) => classKey),
    ['actor'],
  );
});

test('several leases of one worker, if one is not enough, and no more', () => {
  const world = World.of({ CPU: 4 }, { CPU: 1 });
  world.ask(1, CPU, 5);
  world.ask(2, classOf({ CPU: 3 }), 1);
  world.run(200);
  assert.equal(
    world.recalled.map(({ worker }) => worker),
    [0, 0, 0],
  );
});

test('of a task that waits only what it still holds would come back', () => {
  const world = World.of({ CPU: 1, memory: 1 });
  world.ask(1, classOf({ CPU: 1, memory: 1 }), 1);
  world.scheduler.blocked(world.of(1)[0]!.leaseId);
  world.ask(2, classOf({ CPU: 1 }), 1);
  world.ask(3, classOf({ CPU: 1 }), 1);
  world.run(200);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [2],
    'the CPU of the first is with the second',
  );
  world.ask(4, classOf({ memory: 1 }), 1);
  world.run(200);
  assert.equal(
    world.recalled.map(({ client }) => client),
    [2, 1],
  );
});

test('small requests that fit into every gap do not keep out a large one', () => {
  const world = World.of({ CPU: 2 });
  const small = (client: number) => world.scheduler.request(client, classOf({ CPU: 1 }), 100);
  small(1);
  small(2);
  world.run();
  world.ask(3, classOf({ CPU: 2 }), 1);
  let returns = 0;
  // Leases come back one by one, before their time.
  while (world.of(3).length === 0 && returns < 20) {
    world.give([...world.held.values()][0]!);
    returns++;
  }
  assert.ok(returns <= 6, `${returns}`);
  assert.is(world.scheduler.stats().claimedWorkers, 0);
});

test('a claim ends with the request, the client or the worker', () => {
  for (const end of [
    (world: World) => world.ask(3, classOf({ CPU: 2 }), 0),
    (world: World) => world.lose(world.scheduler.clientGone(3)),
    (world: World) => world.scheduler.setDraining(0),
  ]) {
    const world = World.of({ CPU: 2 });
    world.ask(1, CPU, 100);
    world.ask(3, classOf({ CPU: 2 }), 1);
    for (let round = 0; world.scheduler.stats().claimedWorkers === 0; round++) {
      assert.ok(round < 10);
      world.give(world.of(1)[0]!);
    }
    end(world);
    world.run();
    assert.is(world.scheduler.stats().claimedWorkers, 0);
    world.scheduler.setDraining(0, false);
    world.run();
    assert.is(world.of(1).length, 2);
  }
});

test.run();
