/**
 * Files that must not be used, kept so that they can be looked at and put back. The room promises that what is taken
 * away lies under the digest of its content, closed to everybody else, before the original is removed, and that putting
 * it back overwrites nothing. It refuses links, devices and what is not a plain file, and a file that is exchanged while
 * it is looked at.
 */
export { QUARANTINE_ERRORS, QuarantineError } from './errors.ts'
export { Quarantine, type QuarantinedFile } from './store.ts'
