/**
 * Whether the machine is as its owner signed it. This room promises that a change of any watched file, of its content,
 * rights, owner, names, inode or attributes, of where a link leads, a file that is new and one that is gone, is noticed
 * at the next pass; that each is told once; and that a state that was bad stays so, over restarts too, until the owner
 * takes a new baseline. It takes no baseline by itself, and without one it says that nothing is known. It trusts the key
 * that signs baselines and the record, which knows the newest one: whoever holds both can write another truth.
 */
export { type BaselineVerifier } from './baseline.ts'
export { CATEGORIES, type Category, type Entry, type Root } from './entry.ts'
export { INTEGRITY_ERRORS, IntegrityError } from './errors.ts'
export { describe, STATES, type IntegrityState, type Violation } from './judge.ts'
export { Looker, markOf } from './look.ts'
export { Monitor, type Evidence, type MonitorStep, type News } from './monitor.ts'
export { verifyOffline, type OfflineVerification } from './offline.ts'
export type { Recorded } from './open.ts'
export { fileStore, integrityDirectory } from './store.ts'
