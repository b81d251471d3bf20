/** Entry of the allocator actor's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { Allocator } from '../../pools/allocator/allocator.ts';
import { attachActor } from '../../pools/arena.ts';
import { ControlRegion } from '../../pools/control-region.ts';
import { MemoryPool, openFallback } from '../../pools/memory-pool.ts';
import { statRegionDisk } from '../../pools/stat-disk.ts';
import { DiskMonitor } from '../../state/queues/disk-monitor.ts';
import { AllocatorActor } from './allocator-actor.ts';
import { EventOutbox } from './event-outbox.ts';
import { type AllocatorThreadData, EVENTS_HEARD } from './thread-data.ts';

const data: AllocatorThreadData = workerData;

const primaryAllocator = new Allocator(data.primaryAllocator);
const primary = new MemoryPool('primary', data.primaryRegion, primaryAllocator, data.populateAheadBytes);
const diskMonitor = new DiskMonitor({
  paths: [data.spillDirectory],
  capacityThreshold: data.diskThreshold,
  // By the file and not by its folder, which may be removed.
  statDisk: () => statRegionDisk(data.fallbackRegion),
});
const fallback =
  data.fallbackRegion === 0
    ? undefined
    : openFallback(data.fallbackRegion, data.fallbackBytes, data.maxObjects, diskMonitor);

const outbox = new EventOutbox((events) => parentPort?.postMessage(events));
let actor: AllocatorActor | undefined;
const side = attachActor(data.arena, () => actor?.onRing());
actor = new AllocatorActor({
  control: new ControlRegion(data.control),
  bridge: side,
  primary,
  fallback,
  spillDirectory: data.spillDirectory,
  nowMs: () => performance.now(),
  tell: outbox.tell,
  onClosed: () => {
    outbox.close();
    parentPort?.close();
  },
});
parentPort?.on('message', (message) => {
  if (message === EVENTS_HEARD) outbox.acknowledged();
});
// The doorbell keeps this thread's loop alive; the thread itself does not keep the process alive.
side.keepAlive(true);
actor.onRing();
parentPort?.postMessage('ready');
