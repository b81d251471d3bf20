/**
 * The value of a property that slots, channels and their ends, results and streams have, as refs have their store, so that a structured clone of one fails as it must:
 * nothing would count the copy. Without it the clone would be an empty object, which its receiver could only wonder about.
 */
export function onlyItsTokenCanBeSent(): void {}
