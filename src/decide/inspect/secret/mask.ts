import type { Match } from './family.ts'

/** A secret's place. It never holds the secret. */
export interface SecretFinding extends Match {
  /** The keyed hash of the value: the same value has the same tag, for the holder of the key alone. */
  readonly tag: string
}

/** The text with a mask in the place of each finding. */
export function masked(text: string, findings: readonly SecretFinding[]): string {
  if (findings.length === 0) return text
  let out = ''
  let from = 0
  for (const { start, end, rule, tag } of findings) {
    out += `${text.slice(from, start)}[redacted ${rule} ${tag}]`
    from = end
  }
  return out + text.slice(from)
}
