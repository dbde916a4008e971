/**
 * Canaries: things nobody has a reason to touch, so that whoever does is told of at once. This room promises that none is
 * laid over anything, that the list is sealed, and that a canary that was read, written, moved, removed or given other
 * rights is told of: at once where the kernel says so, and otherwise at the next look. It gives none away by itself.
 */
export { bearerToken, cloudCredentials, hostName, privateNotes } from './bait.ts'
export { CANARY_KINDS, CanaryBook, MOST_CANARIES, resetBook, type Canary, type CanaryKind } from './book.ts'
export { CANARY_ERRORS, CanaryError, canaryError } from './errors.ts'
export { plantFile, removeFile, tracesOn, type Trace } from './files.ts'
export { bindingName, usedBy, type NamedUse } from './named.ts'
