/** Failures of calls that nobody has looked at: told when their ref is collected, as Ray logs them, or at the process's end. */

/** What there is to tell. */
export interface UnseenFailure {
  /** Tells it. */
  tell(): void;
}

const unseen = new Set<UnseenFailure>();
const collected = new FinalizationRegistry<UnseenFailure>((failure) => {
  if (forget(failure)) failure.tell();
});

/** Until `unwatch`, or until it is told. The failure must not hold the ref. */
export function watch(ref: object, failure: UnseenFailure): void {
  // Warnings still come out then; behind the event `exit` they would not.
  if (unseen.size === 0) process.on('beforeExit', tellAll);
  unseen.add(failure);
  collected.register(ref, failure, ref);
}

/** Somebody has looked. */
export function unwatch(ref: object, failure: UnseenFailure): void {
  forget(failure);
  collected.unregister(ref);
}

function tellAll(): void {
  for (const failure of unseen) {
    forget(failure);
    failure.tell();
  }
}

function forget(failure: UnseenFailure): boolean {
  const wasThere = unseen.delete(failure);
  if (unseen.size === 0) process.off('beforeExit', tellAll);
  return wasThere;
}
