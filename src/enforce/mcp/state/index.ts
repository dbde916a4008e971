/**
 * What a server gives a client to bring back: request state and task ids of the 2026-07-28 revision. This part promises
 * that a client can neither read nor change them, nor bring back what was given to another, for another request, too late
 * or, if it is a state, twice. It trusts its key, which never leaves the process, and whoever calls it to name the caller.
 */
export { createStates, type StateOptions, type StateProblem, type States } from './states.ts'
