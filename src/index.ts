/** Plasmoid's public surface; nothing else is public. */
export { Channel, type ChannelOptions, type ChannelToken } from './actors/client/channel/channel.ts';
export type { ChannelReader } from './actors/client/channel/channel-reader.ts';
export type { ChannelWriter, WriteAcquireOptions } from './actors/client/channel/channel-writer.ts';
export { onStoreEvent } from './actors/client/diagnostics.ts';
export type { ObjectEntry } from './actors/client/object-list.ts';
export type { ObjectToken } from './actors/client/object-place.ts';
export { ObjectRef } from './actors/client/object-ref.ts';
export {
  type CopyableRef,
  type CopyTarget,
  type CreateOptions,
  type PutOptions,
  type Readable,
  Store,
  type StoreHandle,
  type StoreOptions,
  type Values,
  type WaitForOptions,
  type WaitOptions,
  type WaitResult,
} from './actors/client/store.ts';
export { WritableSlot } from './actors/client/writable-slot.ts';
export type {
  CallLimits,
  CallOptions,
  GroupOfBundles,
  LabelSelector,
  PlacementOptions,
  Resources,
} from './actors/runtime/call/call-options.ts';
export type { ActorHandle, ActorStream, Argument, Arguments } from './actors/runtime/call/call-types.ts';
export type { MapOptions } from './actors/runtime/call/map.ts';
export { ResultRef } from './actors/runtime/call/result-ref.ts';
export type { ResultStream } from './actors/runtime/call/result-stream.ts';
export type { RuntimeStatistics } from './actors/runtime/link/messages.ts';
export {
  PlacementGroup,
  type PlacementGroupOptions,
  type PlacementStrategy,
} from './actors/runtime/placement-group.ts';
export { type CloseOptions, Runtime } from './actors/runtime/runtime.ts';
export type { RuntimeOptions, SpawnOptions, WorkerCount } from './actors/runtime/runtime-options.ts';
export type { WorkerLimits } from './actors/runtime/scheduler/worker-threads.ts';
export {
  defineActors,
  defineErrors,
  defineTasks,
  type Task,
  type Tasks,
} from './actors/runtime/task-registry.ts';
export { currentTask, type TaskContext } from './actors/runtime/worker/task-context.ts';
export type { PoolStatistics, StoreStatistics } from './pools/statistics.ts';
export * from './state/errors.ts';
export type { Leak, StoreEventName, StoreEvents, StoreMessage } from './state/events.ts';
export type { ObjectLocation } from './state/header-word.ts';
export { ObjectId } from './state/ids/object-id.ts';
export type { ObjectState } from './state/lifecycle/codes.ts';
export { type MeasuredPool, type MeasuredStore, type StoreMetric, storeMetrics } from './state/metrics.ts';
export type { Sealed, SealedView, Storable, StorableView } from './state/value-format.ts';
