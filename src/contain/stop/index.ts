/**
 * What must not go on. A stop is a file: whoever can write it as the owner can stop agents, with or without a daemon,
 * and the gate reads it before every decision and before every permit is spent, so a stop made behind a hanging
 * daemon's back holds the moment it wakes. A stop file that cannot be read or understood stops everything. Only the
 * owner resumes; this room trusts nobody else, and an agent least of all.
 */
export { STOP_ERRORS, StopError, isStopped, NO_STOPS, wayBack, type Stop, type Stops } from './stop.ts'
export { createStopStore, type StopStore } from './store.ts'
export { createContainment } from './contain.ts'
export { haltRuns, type HaltedRun, type HaltOptions, type Hold, type RecordedRun } from './halt.ts'
export { takeNotes } from './notes.ts'
export { RESTARTS, RestartBudget, type RestartLimits } from './restarts.ts'
export { Watchdog, type Finding, type ProgressBudget, type WatchedRun } from './watchdog.ts'
