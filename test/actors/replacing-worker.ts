/** A worker that reads what is under an id, in all ways, while another thread replaces it. */
import { parentPort, workerData } from 'node:worker_threads';
import { ObjectId, ObjectNotFoundError, Store, TimedOutError } from '../../src/index.ts';

/** How often it has read something, and what was not one object. */
export interface ReplacingNews {
  views: number;
  copies: number;
  refs: number;
  wrong: string[];
}

const store = Store.connectSync(workerData.store);
const id = ObjectId.fromHex(workerData.id);
const stop = new Int32Array(workerData.stop);
const target = new Uint8Array(workerData.bytes);
const news: ReplacingNews = { views: 0, copies: 0, refs: 0, wrong: [] };

/** Between two objects there is none: with no time to wait, that is all that may be wrong. */
function attempt(way: 'views' | 'copies' | 'refs', read: () => void): void {
  try {
    read();
    news[way]++;
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError || error instanceof TimedOutError)) throw error;
  }
}

function check(what: string, bytes: { readonly length: number; readonly [index: number]: number }): void {
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === bytes[0]) continue;
    news.wrong.push(`${what}: ${bytes[0]} and ${bytes[index]} at ${index}`);
    return;
  }
  if (bytes.length !== target.length) news.wrong.push(`${what}: ${bytes.length} bytes`);
}

parentPort?.postMessage('ready');
while (Atomics.load(stop, 0) === 0) {
  attempt('views', () => {
    const view = store.getSync<Uint8Array>(id, { timeout: 0 });
    check('view', view);
    store.release(view);
  });
  attempt('copies', () => {
    store.getIntoSync(id, target, { timeout: 0 });
    check('copy', target);
  });
  attempt('refs', () => {
    using ref = store.ref<Uint8Array>(id);
    const view = ref.getSync({ timeout: 0 });
    check('view of a ref', view);
    store.release(view);
  });
}
parentPort?.postMessage(news);
await store.close();
