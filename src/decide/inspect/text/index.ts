/**
 * Texts that try to steer whoever reads them: hidden or encoded instructions, false authority, wishes to send secrets
 * away. It promises time in proportion to the length of any text, a reason and a place for each finding, and the same
 * verdict for the same text. It is a tripwire with measured recall (docs/inspection.md), not a guarantee: a request that
 * is ordinary and merely out of place passes. It trusts nobody and reads nothing but the text.
 */
export { BLOCKED_FROM, MARKED_FROM, TEXT_CHANNELS } from './types.ts'
export type {
  GuardModel,
  ModelThresholds,
  TextChannel,
  TextFinding,
  TextModel,
  TextOutcome,
  TextScanner,
  TextScannerOptions,
  TextScanOptions,
  TextVerdict,
} from './types.ts'
export { createTextScanner } from './scanner.ts'
export { normalTextOf } from './normal.ts'
export { TEXT_ERRORS, TextError } from './error.ts'
export { createHttpGuard, type HttpGuardOptions } from './guard-http.ts'
export { createShippedTextScanner } from './shipped.ts'
export { wrapUntrusted, type Provenance } from './wrap.ts'
