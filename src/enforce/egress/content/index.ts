/**
 * What may be in it: the text of requests and answers, where their plaintext is seen. This part promises that a secret or
 * personal datum a rule blocks does not leave, that one it redacts leaves as a mark, and that an answer is of the size,
 * type and shape its rule names before the agent has all of it. It refuses what it cannot read. It trusts the scanner it
 * is handed with what a secret looks like. A connection that is not opened is not inspected, and its record says so.
 */
export { ContentGuard, createContentGuard, type ContentPorts } from './guard.ts'
export { allowed, filtered, RefusedContent, type Filter } from './filter.ts'
export { CONTENT_ERRORS, ContentError } from './errors.ts'
export { type ContentRule, type IncomingRule, type OutgoingRule } from './rule.ts'
export { type ContentScanner, type ContentFinding } from './outgoing.ts'
