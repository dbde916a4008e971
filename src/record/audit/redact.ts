import { look, SUSPECT } from './look.ts'

/** Masks what must not be written down. The same text, when there is nothing to mask. */
export type Redact = (text: string) => string

export const MASK = '[redacted]'

/** Each rule keeps its first group and masks the rest. Linear: no nested or adjoining quantifiers over one class. */
const RULES: readonly RegExp[] = [
  /()-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /()AGE-SECRET-KEY-1[A-Z0-9]+/gi,
  /\b((?:bearer|basic) +)[A-Za-z0-9._~+/=-]{8,}/gi,
  // URL passwords: everything between the first colon after the scheme and the at sign
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/]{0,256}:)[^\s@/]{1,512}(?=@)/gi,
  /()\bsk-[A-Za-z0-9_-]{16,}/g,
  /()\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}/g,
  /()\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /()\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /()\bglpat-[A-Za-z0-9_-]{16,}/g,
  /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /()\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /()\bAIza[A-Za-z0-9_-]{30,}/g,
  /()\b(?:hf|npm)_[A-Za-z0-9]{20,}/g,
  /()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  // assignments: password=…, api_key: …, "token": "…", --token …; `secret:use:name` is a capability, not one
  /((?:password|passwd|pwd|passphrase|token|api[_-]?key|access[_-]?key)\s{0,4}[=:]\s{0,4}["']?)(?!\[redacted\])[^\s"'&;,]{4,}/gi,
  /(secret(?:\s{0,4}=\s{0,4}|:\s{1,4})["']?)(?!\[redacted\])[^\s"'&;,]{4,}/gi,
  /((?:password|passwd|pwd|passphrase|token|secret|key)\\?["']\s{0,4}:\s{0,4}\\?["'])(?!\[redacted\])[^\s"'\\]{4,}/gi,
  /((?:^|\s)--?(?:password|passwd|passphrase|token|secret|api-key)\s)(?!\[redacted\])[^\s"']{4,}/gi,
]

const SECRET_NAME =
  /(?:^|[_.-])(?:password|passwd|pwd|passphrase|token|secret|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie)$/i

/** Bearer tokens, the shapes of well-known providers' keys, private keys, URL passwords, `password=` and its kin. */
export function redactSecrets(text: string): string {
  if (!maySecret(text)) return text
  return RULES.reduce((masked, rule) => masked.replace(rule, `$1${MASK}`), text)
}

export function maySecret(text: string): boolean {
  return (look(text) & SUSPECT) !== 0
}

/** Whether a member of this name holds a secret whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}
