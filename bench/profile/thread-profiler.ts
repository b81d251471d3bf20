/**
 * CPU profiles of all threads of this process, also of workers that are terminated in the end: the main thread's
 * inspector reaches each worker while it runs. (`--cpu-prof` writes when a thread ends by itself, and workers with
 * `execArgv: []` do not inherit it.)
 */
import { type InspectorNotification, type NodeWorker, type Profiler, Session } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one thread did. */
export interface ThreadProfile {
  readonly thread: string;
  readonly profile: Profiler.Profile;
}

const SAMPLING_MICROSECONDS = 500;
/** A thread that does not answer for so long is asleep in native code, and has no profile. */
const ANSWER_MS = 2_000;

interface Attached {
  readonly thread: string;
  readonly sessionId: string;
}

/** A worker's answer, as text: `{id, result: {profile}}`. */
interface Answer {
  readonly id?: number;
  readonly result?: { readonly profile?: Profiler.Profile };
}

const STOP_ID = 100;

export class ThreadProfiler {
  readonly #session = new Session();
  readonly #workers: Attached[] = [];
  #isOn = false;
  readonly #waiting = new Map<string, (profile: Profiler.Profile | undefined) => void>();

  /** Workers that begin from now on are noticed. */
  attach(): void {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => this.#attached(params));
    this.#session.on('NodeWorker.receivedMessageFromWorker', (message) => this.#received(message));
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      this.#waiting.get(params.sessionId)?.(undefined);
    });
    this.#post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /** All threads, and those that come later from their beginning. */
  start(): void {
    this.#isOn = true;
    this.#post('Profiler.enable');
    this.#post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
    this.#post('Profiler.start');
    for (const { sessionId } of this.#workers) this.#startWorker(sessionId);
  }

  /** Nothing when nothing was started. The main thread first, then the workers in the order they began. Before the workers are terminated. */
  async stop(): Promise<ThreadProfile[]> {
    if (!this.#isOn) {
      this.#session.disconnect();
      return [];
    }
    const own = await new Promise<Profiler.Profile>((resolve, reject) => {
      this.#session.post('Profiler.stop', (error, { profile }) => (error ? reject(error) : resolve(profile)));
    });
    const others = await Promise.all(this.#workers.map((worker) => this.#stopWorker(worker)));
    this.#session.disconnect();
    return [{ thread: 'main', profile: own }, ...others.flat()];
  }

  #post(method: string, params?: object): void {
    this.#session.post(method, params, (error) => {
      if (error !== null) process.emitWarning(`${method}: ${error.message}`);
    });
  }

  #attached({ sessionId, workerInfo }: NodeWorker.AttachedToWorkerEventDataType): void {
    const file = workerInfo.url.slice(workerInfo.url.lastIndexOf('/') + 1).replace(/\.m?js$/, '');
    this.#workers.push({ thread: `worker-${workerInfo.workerId}-${file}`, sessionId });
    if (this.#isOn) this.#startWorker(sessionId);
  }

  #startWorker(sessionId: string): void {
    this.#tell(sessionId, 1, 'Profiler.enable');
    this.#tell(sessionId, 2, 'Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
    this.#tell(sessionId, 3, 'Profiler.start');
  }

  #tell(sessionId: string, id: number, method: string, params: object = {}): void {
    const message = JSON.stringify({ id, method, params });
    // A worker that has ended meanwhile cannot be told, and needs not.
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, () => {});
  }

  #received({ params }: InspectorNotification<NodeWorker.ReceivedMessageFromWorkerEventDataType>): void {
    const answer: Answer = JSON.parse(params.message);
    if (answer.id === STOP_ID) this.#waiting.get(params.sessionId)?.(answer.result?.profile);
  }

  async #stopWorker({ thread, sessionId }: Attached): Promise<ThreadProfile[]> {
    const answer = new Promise<Profiler.Profile | undefined>((resolve) => {
      this.#waiting.set(sessionId, resolve);
    });
    this.#tell(sessionId, STOP_ID, 'Profiler.stop');
    const giveUp = new AbortController();
    const late = sleep(ANSWER_MS, undefined, { signal: giveUp.signal }).catch(() => undefined);
    const profile = await Promise.race([answer, late]);
    giveUp.abort();
    this.#waiting.delete(sessionId);
    return profile === undefined ? [] : [{ thread, profile }];
  }
}
