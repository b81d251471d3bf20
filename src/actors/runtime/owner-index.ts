/** The number, among a runtime's threads, of the one that started it. */
export const OWNER_INDEX = 0;
