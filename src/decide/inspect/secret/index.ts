/**
 * Secrets and personal data in text, found and masked: one library for logs, errors, the ledger, exports, prompts and
 * what leaves. It promises linear time on any text, the same result for a stream however it is cut, and a mask that
 * holds nothing of the value. It is a tripwire with measured figures (docs/redaction.md), not a guarantee: a secret that
 * looks like prose, or that is spelled in a way no rule knows, passes. It trusts nobody and reads nothing but the text.
 */
export { DEFAULT_FAMILIES, PERSONAL_FAMILIES, SECRET_FAMILIES, type SecretFamily } from './family.ts'
export type { SecretFinding } from './mask.ts'
export { createSecretScanner, type SecretScanner, type SecretScannerOptions } from './scanner.ts'
export type { RedactStream, ScanStream } from './stream.ts'
