/** Makes calls of tasks: waits for what their arguments name, encodes them, hands them to their scheduling class. */
import { type RuntimeClosedError, TimedOutError } from '../../../state/errors.ts';
import { invalidArgument } from '../../../state/options.ts';
import { onAbort } from '../../client/abort-listener.ts';
import { interrupted } from '../../client/failures.ts';
import { decodeError } from '../link/error-codec.ts';
import type { Demands, SchedulerMessage } from '../link/messages.ts';
import type { Participant } from '../link/participant.ts';
import { Payload } from '../link/payload.ts';
import { PendingResults } from '../link/payload-codec.ts';
import type { PeerLink } from '../link/peer-link.ts';
import { type Definition, taskDefinition } from '../task-registry.ts';
import { Call, type CallRoute, type CallSink, type StreamRoom } from './call.ts';
import type { CallPlan } from './call-options.ts';
import { PendingArguments } from './pending-arguments.ts';
import { TaskClass } from './task-class.ts';

const TIMER_MAX_MS = 2 ** 31 - 1;

/** A route as calls come to it. */
export interface SubmitRoute extends CallRoute {
  /** The call's arguments are there. */
  submit(call: Call): void;
  /** The call waits for its arguments, and keeps its place meanwhile if the route has an order. */
  expect?(call: Call): void;
}

export class Submitter {
  readonly #participant: Participant;
  readonly #classes = new Map<string, TaskClass>();
  readonly #classList: TaskClass[] = [];
  /** The class of the last call: most calls are of the same. */
  #lastDemands: Demands | undefined;
  #lastClass: TaskClass | undefined;
  /** Calls that wait for their arguments. */
  #preparing = 0;
  #closed: Error | undefined;
  #refusal: Error | undefined;
  readonly #pending: PendingArguments;

  constructor(participant: Participant) {
    this.#participant = participant;
    this.#pending = new PendingArguments(participant);
  }

  /** Calls made and not settled. */
  get underWay(): number {
    let calls = this.#preparing;
    for (const one of this.#classList) calls += one.underWay;
    return calls;
  }

  get queued(): number {
    let calls = this.#preparing;
    for (const one of this.#classList) calls += one.queued;
    return calls;
  }

  /** Throws `InvalidArgumentError` for what is no task, `UnstorableValueError`, `RuntimeClosedError`. */
  submit(task: object, values: readonly unknown[], plan: CallPlan, sink: CallSink, ahead?: StreamRoom): Call {
    const definition = taskDefinition(task);
    if (!Array.isArray(values)) throw invalidArgument('args', values, 'an array of arguments');
    return this.make(definition, values, plan, this.#classOf(plan.demands), sink, ahead);
  }

  /** Encodes values when what they name is there. Rejects with what failed among them. */
  encodeWhenReady(values: readonly unknown[]): Promise<Payload> {
    return new Promise((resolve, reject) => {
      this.#pending.wait([...values], {
        isOver: () => false,
        encoded: (payload = Payload.EMPTY) => resolve(payload),
        failed: reject,
      });
    });
  }

  /** As {@link submit}, of anything that has a route. */
  make(
    definition: Definition,
    values: readonly unknown[],
    plan: CallPlan,
    route: SubmitRoute,
    sink: CallSink,
    ahead?: StreamRoom,
  ): Call {
    if (this.#refusal !== undefined) throw this.#refusal;
    const call = new Call(definition, Payload.EMPTY, route, sink, plan.policy, plan.priority);
    call.ahead = ahead;
    if (plan.signal !== undefined || plan.deadlineMs !== undefined) limit(call, plan);
    if (call.isSettled) return call;
    let isReady: boolean;
    try {
      isReady = values.length === 0 || this.#encode(call, values);
    } catch (error) {
      // It was never made: nothing is left to be ended.
      call.whenSettled?.();
      throw error;
    }
    if (isReady) route.submit(call);
    else this.#prepare(call, [...values], route);
    return call;
  }

  /** Handles mail if it is for the maker of calls. */
  mail(message: SchedulerMessage): boolean {
    switch (message.type) {
      case 'lease': {
        const link = this.#participant.link(message.thread);
        const taskClass = this.#classList[message.classNumber];
        if (link === undefined || taskClass === undefined)
          this.#participant.tell({ type: 'returnLease', lease: message.lease });
        else taskClass.granted(message.lease, link, message.client);
        return true;
      }
      case 'infeasible':
        this.#classList[message.classNumber]?.infeasible(decodeError(message.error));
        return true;
      default:
        return false;
    }
  }

  /** Behind a batch of answers or submissions. */
  advance(): void {
    for (const one of this.#classList) one.advance();
  }

  linkLost(link: PeerLink): void {
    for (const one of this.#classList) one.linkLost(link);
  }

  /** Makes no more calls; those that are made go on. */
  refuse(error: RuntimeClosedError): void {
    this.#refusal = error;
  }

  /** Fails whatever waits, and whatever comes later. */
  end(error: RuntimeClosedError): void {
    this.#closed = error;
    this.#refusal = error;
    for (const one of this.#classList) one.end(error);
  }

  #classOf(demands: Demands): TaskClass {
    if (demands === this.#lastDemands && this.#lastClass !== undefined) return this.#lastClass;
    const key = JSON.stringify(demands);
    let found = this.#classes.get(key);
    if (found === undefined) {
      found = new TaskClass(this.#classList.length, demands, this.#participant, () =>
        this.#classList.some((one) => one.queued > 0),
      );
      this.#classes.set(key, found);
      this.#classList.push(found);
    }
    this.#lastDemands = demands;
    this.#lastClass = found;
    return found;
  }

  /** Encodes the arguments if everything that they name is there; whether the call can be sent. */
  #encode(call: Call, values: readonly unknown[]): boolean {
    if (!this.#pending.areThere(values)) return false;
    try {
      call.payload = this.#participant.codec.encode(values);
    } catch (error) {
      if (error instanceof PendingResults) return false;
      throw error;
    }
    return call.payload.ready === undefined;
  }

  /** Waits for what the arguments name. The first failure among them is the call's own. */
  #prepare(call: Call, values: unknown[], route: SubmitRoute): void {
    this.#preparing++;
    route.expect?.(call);
    let isOver = false;
    const finish = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#preparing--;
      settle();
      this.#participant.nudge();
    };
    const waiter = {
      isOver: () => isOver || call.isSettled,
      encoded: (payload: Payload = Payload.EMPTY) =>
        finish(() => {
          call.payload = payload;
          if (call.isSettled) payload.release();
          else if (this.#closed !== undefined) call.reject(this.#closed);
          else route.submit(call);
        }),
      failed: (error: unknown) => finish(() => call.reject(error)),
    };
    // What is encoded already waits for memory alone.
    if (call.payload.ready === undefined) this.#pending.wait(values, waiter);
    else this.#pending.waitForMemory(call.payload, waiter);
    this.#participant.nudge();
  }
}

/** Ends a call by its signal, or by its time. */
function limit(call: Call, { signal, deadlineMs }: CallPlan): void {
  if (signal?.aborted === true) {
    call.cancel(interrupted(signal));
    return;
  }
  const endListening = onAbort(signal, () => call.cancel(interrupted(signal)));
  let timer: NodeJS.Timeout | undefined;
  if (deadlineMs !== undefined && deadlineMs <= TIMER_MAX_MS) {
    const name = call.definition.name;
    const giveUp = () =>
      call.cancel(
        new TimedOutError(`${name} was not done within ${deadlineMs} ms`, {
          timeoutMs: deadlineMs,
          call: name,
        }),
      );
    timer = setTimeout(giveUp, deadlineMs);
  }
  call.whenSettled = () => {
    endListening();
    clearTimeout(timer);
  };
}
