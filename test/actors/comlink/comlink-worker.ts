/** A thread that exposes something by comlink, on endpoints of this package or of comlink itself. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import {
  handOver,
  portEndpoint,
  registerProxyHandler,
  registerTransferHandlers,
} from '../../../src/comlink.ts';
import { type ObjectRef, Store, type StoreHandle } from '../../../src/index.ts';

export interface ComlinkWorkerData {
  readonly store: StoreHandle;
  /** Endpoints of comlink itself. */
  readonly plain: boolean;
}

const { store: handle, plain }: ComlinkWorkerData = workerData;
const store = Store.connectSync(handle);
registerTransferHandlers(Comlink, store);
if (!plain) registerProxyHandler(Comlink);

let finalized = 0;
let kept: ObjectRef | undefined;
const endpoint = (port: MessagePort) => (plain ? nodeEndpoint(port) : portEndpoint(port));

export const api = {
  add(one: number, other: number): number {
    return one + other;
  },
  /** The first element, read in place; and whether the view is all of a window. */
  async first(ref: ObjectRef<Float64Array>): Promise<{ readonly value: number; readonly inPlace: boolean }> {
    const view = await ref.get();
    ref.release();
    // A window begins at its object's own bytes, and a store gives it back; a copy it does not know.
    const value = view[0] ?? 0;
    store.release(view);
    return { value, inPlace: view.length === 0 };
  },
  /** A ref may come as a promise. */
  async size(ref: ObjectRef<Float64Array> | Promise<ObjectRef<Float64Array>>): Promise<number> {
    const held = await ref;
    const view = await held.get();
    const { length } = view;
    held.release();
    store.release(view);
    return length;
  },
  async make(length: number): Promise<ObjectRef<Float64Array>> {
    return handOver(await store.put(new Float64Array(length).fill(3)));
  },
  keep(ref: ObjectRef): void {
    kept = ref;
  },
  letGo(): void {
    kept?.release();
  },
  async call(callback: (value: number) => Promise<number>): Promise<number> {
    return callback(20);
  },
  async later(milliseconds: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return 'late';
  },
  /** Never answers. */
  block(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  exit(): void {
    process.exit();
  },
  crash(): void {
    setImmediate(() => {
      throw new RangeError('the worker is broken');
    });
  },
  /** An object on a port of its own. */
  open(port: MessagePort): void {
    const object = {
      hello: () => 'hello',
      later: (milliseconds: number) => api.later(milliseconds),
      never: () => new Promise<never>(() => {}),
      [Comlink.finalizer]: () => {
        finalized++;
      },
    };
    Comlink.expose(object, endpoint(port));
  },
  finalized: () => finalized,
};

export interface Opened {
  hello(): string;
  later(milliseconds: number): Promise<string>;
  never(): Promise<never>;
}

if (parentPort !== null) Comlink.expose(api, endpoint(parentPort));
