/** Wrong arguments of a bench; the message names the one, what was expected and what came. */
export class UsageError extends Error {}
