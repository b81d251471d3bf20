/** The calls of one thread to one actor, in their order. */
import { ActorDiedError } from '../../../state/errors.ts';
import type { Call, LinkLoss } from '../call/call.ts';
import type { SubmitRoute } from '../call/submitter.ts';
import type { PeerLink } from '../link/peer-link.ts';
import { laneOfActor } from '../link/protocol.ts';
import type { RuntimeAccess } from '../runtime-access.ts';

/** One life of an actor, on one worker. */
interface ActorLane {
  readonly link: PeerLink;
}

export class ActorRoute implements SubmitRoute {
  readonly actor: number;
  readonly #core: RuntimeAccess;
  /** Calls that were not sent yet, oldest first; those that still wait for their arguments hold up the others. */
  #waiting: Call[] = [];
  #expected = new Set<Call>();
  /** Where it lives: a new one after each restart. */
  #lane: ActorLane | undefined;
  #death: Error | undefined;
  /** Why it takes no more calls: it is dead, or being stopped. */
  #end: Error | undefined;
  readonly #whenDrained: (() => void)[] = [];
  #underWay = 0;

  constructor(actor: number, core: RuntimeAccess) {
    this.actor = actor;
    this.#core = core;
  }

  /** Whether it belongs to this runtime: numbers of actors are a runtime's own. */
  belongsTo(core: RuntimeAccess): boolean {
    return this.#core === core;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Why it will never answer again. */
  get death(): Error | undefined {
    return this.#death;
  }

  /**
   * Takes no more calls; the promise ends when those that it has taken are settled. The scheduler's message to end the actor
   * would overtake them: they go by another way, and some still wait for their arguments.
   */
  drain(): Promise<void> {
    this.#end ??= new ActorDiedError('the actor is being stopped', {
      actor: this.actor,
      reason: 'it is being stopped',
    });
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  expect(call: Call): void {
    this.#enter(call);
    if (this.#end !== undefined) {
      call.reject(this.#end);
      return;
    }
    this.#expected.add(call);
    this.#waiting.push(call);
  }

  submit(call: Call): void {
    if (this.#expected.size > 0 && this.#expected.delete(call)) {
      this.advance();
      return;
    }
    this.#enter(call);
    if (this.#end !== undefined) {
      call.reject(this.#end);
      return;
    }
    if (this.#waiting.length === 0 && this.#lane?.link.hasRoom === true) this.#send(call, this.#lane);
    else this.#waiting.push(call);
    this.#core.participant.nudge();
  }

  /** Sends what can be sent. */
  advance(): void {
    const lane = this.#lane;
    if (lane === undefined || this.#waiting.length === 0) return;
    let sent = 0;
    for (const call of this.#waiting) {
      if (this.#expected.has(call) || !lane.link.hasRoom) break;
      sent++;
      if (!call.isSettled) this.#send(call, lane);
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent);
  }

  /** Where it lives now; undefined while it is being made, or made again. */
  livesOn(link: PeerLink | undefined): void {
    if (this.#death !== undefined) return;
    this.#lane = link === undefined ? undefined : { link };
    this.advance();
    this.#core.participant.nudge();
  }

  /** `endsCalls`: those that were sent do not go on either. Otherwise they are answered, or lost with their link. */
  died(death: Error, endsCalls = false): void {
    if (this.#death !== undefined) return;
    const lane = this.#lane;
    this.#death = death;
    this.#end = death;
    this.#lane = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#expected.clear();
    for (const call of waiting) call.reject(death);
    if (!endsCalls || lane === undefined) return;
    for (const call of [...lane.link.calls]) if (call?.route === this) call.cancel(death);
  }

  left(call: Call): void {
    call.leave();
  }

  /** Its worker does not know the actor: news of where it is are on their way. */
  returned(call: Call): void {
    call.leave();
    this.#again(call);
  }

  lost(call: Call, hasBegun: boolean, loss: LinkLoss): void {
    call.leave();
    if (this.#lane?.link.closed === true) this.#lane = undefined;
    if (call.isSettled) return;
    if (!hasBegun) {
      this.#again(call);
      return;
    }
    const { isRepeatable } = call;
    call.attempts++;
    if (isRepeatable) this.#again(call);
    else call.reject(loss.errorFor(call));
  }

  dropped(call: Call): void {
    const index = this.#waiting.indexOf(call);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#expected.delete(call);
  }

  again(call: Call): void {
    this.#again(call);
  }

  settled(call: Call): void {
    this.#underWay--;
    // An argument has failed: those behind it wait no more.
    if (this.#expected.size > 0 && this.#expected.delete(call)) this.advance();
    if (this.#underWay === 0) for (const tell of this.#whenDrained.splice(0)) tell();
  }

  #enter(call: Call): void {
    this.#underWay++;
    call.isRouted = true;
  }

  #send(call: Call, lane: ActorLane): void {
    call.lane = lane;
    lane.link.send(call, laneOfActor(this.actor));
  }

  /** Among those not sent, at the place of its turn. */
  #again(call: Call): void {
    if (call.isSettled) return;
    if (this.#death !== undefined) {
      call.reject(this.#death);
      return;
    }
    const place = this.#waiting.findIndex((other) => other.serial > call.serial);
    if (place < 0) this.#waiting.push(call);
    else this.#waiting.splice(place, 0, call);
    this.#core.participant.nudge();
  }
}
