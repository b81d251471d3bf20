/** Compile-time test of the public surface: every `@ts-expect-error` fails the build when the line compiles. */
import {
  Channel,
  type ChannelReader,
  type ChannelToken,
  type ChannelWriter,
  type ObjectId,
  ObjectRef,
  type ObjectToken,
  type Sealed,
  type SealedView,
  Store,
  type StoreHandle,
  type WritableSlot,
} from '../../src/index.ts';

type Same<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
/** Compiles only for a value of exactly this type. */
function exactly<Expected>() {
  return <Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void => {};
}

declare const store: Store;
declare const floats: ObjectRef<Float64Array>;
declare const id: ObjectId;

export async function onlyBytesAreCopied(texts: ObjectRef<string>): Promise<void> {
  exactly<number>()(await store.getInto(floats, new Float64Array(8)));
  exactly<number>()(store.getIntoSync(id, new SharedArrayBuffer(64), { timeout: 5 }));
  exactly<number>()(store.getIntoSync(store.ref(id), new Uint8Array(8)));
  exactly<number>()(store.getIntoSync(store.ref<Float64Array>(id), new Uint8Array(8)));
  const { ready } = await store.wait([floats, store.ref(id)]);
  for (const ref of ready) await store.getInto(ref, new Uint8Array(8));
  // @ts-expect-error a text has no bytes
  store.getIntoSync(texts, new Uint8Array(8));
  // @ts-expect-error no memory
  store.getIntoSync(floats, [0]);
  // @ts-expect-error one object
  store.getIntoSync([floats], new Uint8Array(8));
}

export async function putAndGetKeepTheType(bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
  const ref = await store.put(new Float64Array(8));
  exactly<ObjectRef<Float64Array<ArrayBuffer>>>()(ref);
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(await store.get(ref));
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(await ref.get({ timeout: 5 }));
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(store.getSync(ref));
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(ref.getSync());
  exactly<SealedView<Uint8Array<ArrayBuffer>>>()(await store.putSync(bytes).get());
  exactly<SealedView<Buffer<ArrayBuffer>>>()(await store.putSync(Buffer.from('text')).get());
  exactly<ArrayBuffer>()(await store.putSync(new ArrayBuffer(8)).get());
  exactly<string>()(await store.putSync('text' as string, { id }).get());
  exactly<{ a: number[] }>()(await (await store.put({ a: [1] })).get());
  exactly<Map<string, Date>>()(store.putSync(new Map<string, Date>()).getSync());
  const lines: Float64Array = await store.get(floats);
  const sum: number = await store.use(floats, (view) =>
    view.reduce((total, value) => total + value, lines.length),
  );
  exactly<string>()(await store.use(floats, async (view) => `${view.length + sum}`));
}

export async function createKnowsTheKindOfView(): Promise<void> {
  const plain = await store.create(8);
  exactly<WritableSlot<Uint8Array<ArrayBuffer>>>()(plain);
  const slot = await store.create(8, { as: 'Float64Array' });
  exactly<Float64Array<ArrayBuffer>>()(slot.view);
  exactly<Uint8Array<ArrayBuffer>>()(slot.bytes);
  slot.view[0] = 1;
  const ref = slot.seal();
  exactly<ObjectRef<Float64Array<ArrayBuffer>>>()(ref);
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(await ref.get());
  exactly<DataView<ArrayBuffer>>()(store.createSync(8, { as: 'DataView', id }).view);
  exactly<ArrayBuffer>()(store.createSync(8, { as: 'ArrayBuffer' }).view);
  exactly<Uint8Array<ArrayBuffer>>()(store.createSync(8, {}).view);
  // @ts-expect-error no kind of view
  store.create(8, { as: 'serialized' });
  // @ts-expect-error a number of bytes
  store.create('8');
}

export async function tokensCarryTheTypeToOtherThreads(
  handle: StoreHandle,
  token: ObjectToken<Float64Array>,
): Promise<void> {
  const other = await Store.connect(handle);
  exactly<Store>()(Store.connectSync(other.handle));
  exactly<ObjectToken<Float64Array>>()(floats.token);
  exactly<ObjectRef<Float64Array>>()(other.ref(token));
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(await other.ref(floats.token).get());
  exactly<ObjectRef<unknown>>()(other.ref(id));
  exactly<ObjectRef<Int32Array>>()(other.ref<Int32Array>(id));
  exactly<unknown>()(await other.ref(id).get());
  const cloned: ObjectToken<Float64Array> = structuredClone(token);
  other.delete(cloned);
  // @ts-expect-error another type of object
  const wrong: ObjectToken<Int8Array> = token;
  other.contains(wrong);
}

export function anyRefIsTakenWhereTheTypeDoesNotMatter(
  text: ObjectRef<string>,
  plain: ObjectRef<{ readonly a: number }>,
  either: ObjectRef<Float64Array> | ObjectRef<string>,
): ObjectRef[] {
  const answers: boolean[] = [floats, text, plain, either, floats.token, id].map((name) =>
    store.contains(name),
  );
  const deleted: boolean[] = [floats, text, plain, either, text.token, id].map((name) => store.delete(name));
  const all: ObjectRef[] = [floats, text, plain, either];
  const unknown: ObjectRef<unknown> = floats;
  const wider: ObjectRef<Float64Array | string> = floats;
  // @ts-expect-error a ref to anything is no ref to numbers
  const narrower: ObjectRef<Float64Array> = unknown;
  // @ts-expect-error an object of another kind
  const other: ObjectRef<Int32Array> = floats;
  return [...all, wider, narrower, other].filter((_ref, index) => answers[index] === deleted[index]);
}

export async function sealedViewsAreReadonly(
  slot: WritableSlot<Uint8Array>,
  sealed: Sealed<Float64Array>,
): Promise<void> {
  const view = await floats.get();
  // @ts-expect-error elements are readonly
  view[0] = 1;
  // @ts-expect-error
  view.fill(0);
  // @ts-expect-error
  view.subarray(1).set([1]);
  // @ts-expect-error the result of sealing is readonly too
  slot.seal().getSync()[0] = 1;
  // @ts-expect-error
  await store.use(floats, (values) => values.sort());
  // @ts-expect-error
  (await store.create(8, { as: 'DataView' })).seal().getSync().setInt8(0, 1);
  store.release(view);
  store.release(sealed);
  store.release(view.subarray(1).buffer);
}

export function whatCannotBeStoredOrGiven(symbol: symbol): void {
  // @ts-expect-error a function
  store.put(() => 1);
  // @ts-expect-error a class
  store.putSync(Store);
  // @ts-expect-error a symbol
  store.put(symbol);
  // @ts-expect-error no such option
  Store.create({ memroy: 5 });
  // @ts-expect-error
  Store.create({ maxObjects: '5' });
  // @ts-expect-error no such option
  store.put(1, { timeuot: 5 });
  // @ts-expect-error an id is an ObjectId
  store.put(1, { id: 'x' });
  // @ts-expect-error
  store.get(floats, { id });
  // @ts-expect-error reading needs a ref
  store.get(floats.token);
  // @ts-expect-error refs are not views
  store.release(floats);
  // @ts-expect-error
  store.contains('x');
  // @ts-expect-error not a handle
  Store.connect({});
  // @ts-expect-error only stores make refs
  new ObjectRef();
  // @ts-expect-error only Store.create makes stores
  new Store();
}

export async function everythingClosableIsDisposable(): Promise<void> {
  await using made = await Store.create({ memory: '64MiB', spillLimit: 0, signal: undefined } as {
    memory: string;
  });
  using ref = await made.put(1);
  using slot = await made.create(8);
  const value: number = await ref.get();
  slot.bytes[0] = value;
}

export async function channelsCarryTheirType(token: ChannelToken<Float64Array>): Promise<void> {
  const channel = Channel.connect(store, token);
  exactly<Channel<Float64Array>>()(channel);
  exactly<ChannelToken<Float64Array>>()(channel.token);
  const writer = channel.openWriter();
  exactly<ChannelWriter<Float64Array>>()(writer);
  await writer.write(new Float64Array(3), { timeout: 5 });
  // @ts-expect-error: the channel carries other values
  writer.writeSync('text');
  exactly<WritableSlot<Float64Array<ArrayBuffer>>>()(await writer.writeAcquire(8, { as: 'Float64Array' }));
  // @ts-expect-error: versions are found by their channel, not by ids
  await writer.writeAcquire(8, { id });
  const reader = channel.openReader();
  exactly<ChannelReader<Float64Array>>()(reader);
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(await reader.read());
  exactly<SealedView<Float64Array<ArrayBuffer>>>()(reader.readAcquireSync());
  for await (const values of reader) exactly<SealedView<Float64Array<ArrayBuffer>>>()(values);
  for (const values of reader.valuesSync()) exactly<SealedView<Float64Array<ArrayBuffer>>>()(values);
  const frames = Channel.create<{ width: number; pixels: Uint8Array }>(store, { readers: 2, depth: 4 });
  exactly<Promise<{ width: number; pixels: Uint8Array }>>()(frames.openReader().read());
}
