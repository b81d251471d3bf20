/** A store and a policy that answer as they were told, and one log of what they were asked. */
import type { EvictionChoice } from '../../src/state/objects/lru-cache.ts';
import type { StoredObject } from '../../src/state/objects/object-info.ts';
import type { ManagedPolicy, ManagedStore } from '../../src/state/objects/object-lifecycle-manager.ts';

/** Answers in turn; the last one, when there is no other, for ever. */
function next<Answer>(answers: Answer[]): Answer | undefined {
  return answers.length > 1 ? answers.shift() : answers[0];
}

export class MockStore implements ManagedStore<string> {
  readonly #log: string[];
  /** What look-ups find. Deleting takes an object out. */
  readonly objects = new Map<string, StoredObject<string>>();
  primaryAnswers: (StoredObject<string> | undefined)[] = [];
  fallbackAnswer: StoredObject<string> | undefined;
  sealAnswer: StoredObject<string> | undefined;
  lookUps = 0;

  constructor(log: string[]) {
    this.#log = log;
  }

  createObject(
    info: { objectId: string },
    source: number,
    fallback: boolean,
  ): StoredObject<string> | undefined {
    this.#log.push(`store.create ${info.objectId} ${source}${fallback ? ' fallback' : ''}`);
    return fallback ? this.fallbackAnswer : next(this.primaryAnswers);
  }

  getObject(objectId: string): StoredObject<string> | undefined {
    this.lookUps++;
    return this.objects.get(objectId);
  }

  sealObject(objectId: string): StoredObject<string> | undefined {
    this.#log.push(`store.seal ${objectId}`);
    return this.sealAnswer;
  }

  deleteObject(objectId: string): boolean {
    this.#log.push(`store.delete ${objectId}`);
    return this.objects.delete(objectId);
  }
}

export class MockPolicy implements ManagedPolicy<string> {
  readonly #log: string[];
  /** Pairs of what to evict and what is missing afterwards. */
  spaceAnswers: (readonly [keys: readonly string[], missing: number])[] = [];
  choice: EvictionChoice<string> = { keys: [], bytes: 0 };

  constructor(log: string[]) {
    this.#log = log;
  }

  objectCreated(objectId: string): void {
    this.#log.push(`policy.created ${objectId}`);
  }

  beginObjectAccess(objectId: string): void {
    this.#log.push(`policy.begin ${objectId}`);
  }

  endObjectAccess(objectId: string): void {
    this.#log.push(`policy.end ${objectId}`);
  }

  removeObject(objectId: string): void {
    this.#log.push(`policy.remove ${objectId}`);
  }

  chooseObjectsToEvict(bytes: number): EvictionChoice<string> {
    this.#log.push(`policy.choose ${bytes}`);
    return this.choice;
  }

  requireSpace(bytes: number): { keys: readonly string[]; requiredMinusEvictedBytes: number } {
    this.#log.push(`policy.require ${bytes}`);
    const [keys, requiredMinusEvictedBytes] = next(this.spaceAnswers) ?? [[], 0];
    return { keys, requiredMinusEvictedBytes };
  }
}
