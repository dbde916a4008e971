/**
 * The self-test: tries, on this host and now, every way out of a sandbox that is known, and tells what held. It promises
 * that "stopped" is said only of what was seen to work outside and seen to fail inside, and that what it found broken
 * is no longer claimed until a later test shows it whole. It refuses to count what it could not try. It trusts the
 * kernel's answers, the driver to build what its spec says, and the prober only as far as its digest goes.
 */
export { SELFTEST_ERRORS, SelfTestError } from './errors.ts'
export { GROUPS, type Attempt, type Group } from './attempt.ts'
export { ATTEMPTS } from './catalogue.ts'
export { type PlanRun } from './going.ts'
export { bootId } from './host.ts'
export { RESULTS, type AttemptResult, type Counts, type Result } from './judge.ts'
export { findProber, type Prober } from './prober.ts'
export { profileDigest, runSelfTest, type SelfTestOptions, type SelfTestReport } from './selftest.ts'
export { holdToSelfTests, noteOf, SelfTestBook, type SelfTestNote } from './standing.ts'
