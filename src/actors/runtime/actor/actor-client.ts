/** Actors as one thread sees them: handles, where each one lives, and the calls that wait for it. */
import { ActorDiedError, ForeignRefError, type RuntimeClosedError } from '../../../state/errors.ts';
import { decodeError } from '../link/error-codec.ts';
import { type ActorNews, KILLED, type SchedulerMessage } from '../link/messages.ts';
import type { HandleCodec } from '../link/payload-codec.ts';
import type { RuntimeAccess } from '../runtime-access.ts';
import { handleFor, routeOfHandle } from './actor-handle.ts';
import { ActorRoute } from './actor-route.ts';

export class ActorClient implements HandleCodec {
  readonly #core: RuntimeAccess;
  readonly #routes = new Map<number, ActorRoute>();

  constructor(core: RuntimeAccess) {
    this.#core = core;
  }

  /** Calls made and not settled. */
  get underWay(): number {
    let calls = 0;
    for (const route of this.#routes.values()) calls += route.underWay;
    return calls;
  }

  /** The route to an actor; what is known of it comes from the scheduler, if not by `news`. */
  route(actor: number, news?: ActorNews): ActorRoute {
    let route = this.#routes.get(actor);
    if (route === undefined) {
      route = new ActorRoute(actor, this.#core);
      this.#routes.set(actor, route);
      if (news === undefined) this.#inquire(route);
    }
    if (news !== undefined) this.#hear(route, news);
    return route;
  }

  advance(): void {
    for (const route of this.#routes.values()) route.advance();
  }

  mail(message: SchedulerMessage): boolean {
    if (message.type !== 'actor') return false;
    this.route(message.news.actor, message.news);
    return true;
  }

  end(error: RuntimeClosedError): void {
    for (const route of this.#routes.values()) route.died(error);
  }

  nameOf(value: object): unknown {
    const route = routeOfHandle(value);
    if (route !== undefined && !route.belongsTo(this.#core))
      throw new ForeignRefError('the actor belongs to another runtime', { actor: route.actor });
    return route?.actor;
  }

  handleOf(name: unknown): object {
    return handleFor(this.route(Number(name)), this.#core);
  }

  #hear(route: ActorRoute, news: ActorNews): void {
    switch (news.state) {
      case 'alive':
        route.livesOn(this.#core.participant.link(news.thread));
        return;
      case 'dead':
        route.died(deathOf(news), news.reason === KILLED);
        // A handle keeps its route; who gets another one asks again.
        if (route.underWay === 0) this.#routes.delete(route.actor);
        return;
      default:
        route.livesOn(undefined);
        return;
    }
  }

  #inquire(route: ActorRoute): void {
    this.#core.ask({ kind: 'actor', actor: route.actor }).then(
      (news) => this.#hear(route, news as ActorNews),
      (error: unknown) => route.died(error instanceof Error ? error : new ActorDiedError(String(error))),
    );
  }
}

function deathOf({ actor, reason = 'it has ended', error }: ActorNews): ActorDiedError {
  const cause = error === undefined ? undefined : decodeError(error);
  return new ActorDiedError(`the actor is dead: ${reason}`, { actor, reason }, { cause });
}
