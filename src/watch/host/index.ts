/**
 * What the host shows of the borders of runs, and of itself. This room promises to say what no permit explains, within
 * a second of its happening where its sources are in force, and to say which of them are not. It refuses nothing and
 * changes nothing. It trusts the kernel and its own program; of what it reads it believes numbers, never words.
 */
export {
  AuditedCalls,
  auditWeakened,
  loginIn,
  parseAudit,
  type AuditedCall,
  type AuditRecord,
} from './audit-log.ts'
export { boundaryFinding, type KnownRun } from './boundary.ts'
export { finding, hostFinding, type HostRules } from './host.ts'
export { startJournal, type Journal } from './journal.ts'
export {
  isExpected,
  isLoopback,
  isWildcard,
  listenerFinding,
  parseDeclared,
  parseListeners,
  type Declared,
  type Listener,
} from './listeners.ts'
export { BruteForce, parseLogin, type BruteForceOptions, type Login } from './logins.ts'
export { Lookout, type Followed, type HostOrders, type LookoutOptions, type SourceFact } from './lookout.ts'
export { observedOf, type Observed } from './observed.ts'
export { Overdue } from './overdue.ts'
export { isRootRunning, pidsIn, readListeners, readModules, RecordTail, Tail } from './proc.ts'
export { addressOf, parseSeen, type Seen, type SeenOf } from './seen.ts'
export { parseSessions, UTMP_HERE, UTMP_LAYOUTS, type SessionRecord } from './utmp.ts'
