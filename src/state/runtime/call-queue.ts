/**
 * Calls that wait for a worker: by priority, then in the order in which they came. Adding, taking and removing any of them
 * takes a time that does not depend on how many wait.
 */

/** What a queue needs of its elements: it keeps its links in them, so that removal needs no search. */
export interface Queueable {
  readonly priority: number;
  /** @internal */
  nextQueued: Queueable | undefined;
  /** @internal */
  previousQueued: Queueable | undefined;
  /** @internal The list that it stands in; undefined while it is in no queue. */
  queuedIn: object | undefined;
}

/** The calls of one priority, doubly linked. */
class PriorityList {
  readonly priority: number;
  head: Queueable | undefined;
  tail: Queueable | undefined;

  constructor(priority: number) {
    this.priority = priority;
  }
}

export class CallQueue<Call extends Queueable> {
  /** Highest priority first; a list stays when it is empty, for there are few priorities. */
  readonly #lists: PriorityList[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a call behind those of its priority; with `first`, before them: one that was on its way already. */
  push(call: Call, first = false): void {
    const list = this.#listOf(call.priority);
    call.queuedIn = list;
    if (first) {
      call.nextQueued = list.head;
      if (list.head === undefined) list.tail = call;
      else list.head.previousQueued = call;
      list.head = call;
    } else {
      call.previousQueued = list.tail;
      if (list.tail === undefined) list.head = call;
      else list.tail.nextQueued = call;
      list.tail = call;
    }
    this.#size++;
  }

  /** Takes the call whose turn it is. */
  shift(): Call | undefined {
    const call = this.peek();
    if (call !== undefined) this.remove(call);
    return call;
  }

  /** The call whose turn it is; it stays. */
  peek(): Call | undefined {
    // Only calls of this queue are ever linked.
    for (const list of this.#lists) if (list.head !== undefined) return list.head as Call;
    return undefined;
  }

  /** Takes a call out, wherever it stands. False when it is not here. */
  remove(call: Call): boolean {
    const list = this.#lists.find((candidate) => candidate === call.queuedIn);
    if (list === undefined) return false;
    const { nextQueued: next, previousQueued: previous } = call;
    if (previous === undefined) list.head = next;
    else previous.nextQueued = next;
    if (next === undefined) list.tail = previous;
    else next.previousQueued = previous;
    call.nextQueued = undefined;
    call.previousQueued = undefined;
    call.queuedIn = undefined;
    this.#size--;
    return true;
  }

  #listOf(priority: number): PriorityList {
    let index = 0;
    for (; index < this.#lists.length; index++) {
      const list = this.#lists[index]!;
      if (list.priority === priority) return list;
      if (list.priority < priority) break;
    }
    const list = new PriorityList(priority);
    this.#lists.splice(index, 0, list);
    return list;
  }
}
