/** The actors that live in a worker. */
import { TaskModuleError } from '../../../state/errors.ts';
import { packError } from '../link/error-codec.ts';
import type { ActorPlan, SchedulerMessage } from '../link/messages.ts';
import type { Participant } from '../link/participant.ts';
import { laneOfActor } from '../link/protocol.ts';
import { load } from '../task-registry.ts';
import type { Executor } from './executor.ts';
import { WorkerLane } from './worker-lane.ts';

/** An actor of this worker, from when it is asked for until it is gone. */
interface ActorLife {
  /** Undefined while it is being made. */
  instance: object | undefined;
  /** How it was told to end; undefined while it was not. */
  end: 'drained' | 'killed' | undefined;
}

export class ActorHost {
  readonly #participant: Participant;
  readonly #executor: Executor;
  readonly #actors = new Map<number, ActorLife>();

  constructor(participant: Participant, executor: Executor) {
    this.#participant = participant;
    this.#executor = executor;
  }

  mail(message: SchedulerMessage): boolean {
    if (message.type === 'makeActor') this.#make(message.actor, message.plan);
    else if (message.type === 'endActor') this.#end(message.actor, message.drain);
    else return false;
    return true;
  }

  #make(actor: number, plan: ActorPlan): void {
    const life: ActorLife = { instance: undefined, end: undefined };
    this.#actors.set(actor, life);
    this.#construct(actor, plan, life).then(
      () => this.#participant.tell({ type: 'actorMade', actor }),
      (error: unknown) => {
        this.#actors.delete(actor);
        this.#participant.tell({ type: 'actorMade', actor, error: packError(asError(error)) });
      },
    );
  }

  async #construct(actor: number, plan: ActorPlan, life: ActorLife): Promise<void> {
    const Class = await load(plan);
    if (!isClass(Class)) {
      throw new TaskModuleError(`${plan.name} of ${plan.module} is a task, not an actor's class`, {
        module: plan.module,
        name: plan.name,
      });
    }
    const { values } = this.#participant.codec.decodeStored(plan.payload);
    const instance = new Class(...(values as never[]));
    life.instance = instance;
    if (life.end !== undefined) {
      // It was ended while its module was imported.
      this.#dispose(actor, life);
      return;
    }
    this.#executor.addLane(WorkerLane.ofActor(laneOfActor(actor), plan.maxConcurrency, instance));
  }

  /** Lets it end, having done what it was asked for or not. */
  #end(actor: number, drain: boolean): void {
    const life = this.#actors.get(actor);
    if (life === undefined) {
      this.#participant.tell({ type: 'actorGone', actor });
      return;
    }
    const lane = laneOfActor(actor);
    const before = life.end;
    // It may be told again; only a kill is more than a stop.
    if (before === 'killed' || (before === 'drained' && (drain || !this.#executor.hasLane(lane)))) return;
    life.end = drain ? 'drained' : 'killed';
    if (life.instance !== undefined)
      this.#executor.endActorLane(lane, drain, () => this.#dispose(actor, life));
  }

  #dispose(actor: number, life: ActorLife): void {
    this.#actors.delete(actor);
    disposeOf(life.instance)
      .catch((error: unknown) => {
        process.emitWarning(`an actor failed when it was disposed of: ${String(error)}`, 'PlasmoidWarning');
      })
      .finally(() => this.#participant.tell({ type: 'actorGone', actor }));
  }
}

async function disposeOf(instance: object | undefined): Promise<void> {
  if (instance === undefined) return;
  if (Symbol.asyncDispose in instance) await (instance as AsyncDisposable)[Symbol.asyncDispose]();
  else if (Symbol.dispose in instance) (instance as Disposable)[Symbol.dispose]();
}

function isClass(value: unknown): value is new (...values: never[]) => object {
  return typeof value === 'function' && value.prototype !== undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
