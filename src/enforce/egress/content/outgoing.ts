import { isAtLeast, type RiskLevel } from '../../../core/risk.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { Filter } from './filter.ts'
import type { OutgoingRule } from './rule.ts'

/** Something found in a text, by its place; never the text itself. */
export interface ContentFinding {
  /** `github-token`, `card`. */
  readonly rule: string
  readonly risk: RiskLevel
  readonly start: number
  readonly end: number
  /** A keyed hash of what was found, so that the same can be recognised and nothing can be read from it. */
  readonly tag: string
}

/** What knows secrets and personal data by their looks; handed in. */
export interface ContentScanner {
  scan(text: string): readonly ContentFinding[]
}

/** The longest thing a scanner finds, a private key, with what stands around it. */
const OVERLAP = 4096
/** What is redacted, and what a request is refused for: a weak sign alone must not stop work. */
const REDACTED: RiskLevel = 'medium'
const BLOCKED: RiskLevel = 'high'

/**
 * Looks through a body with the scanner, in windows that overlap, and lets go only what no finding can still reach into.
 * Text is taken byte by byte, so that a character cut in two at a border is still found on.
 */
export class OutgoingContent implements Filter {
  readonly findings: string[] = []
  readonly #rule: OutgoingRule
  readonly #id: string
  readonly #scanner: ContentScanner | undefined
  readonly #known: readonly string[]
  #held = ''
  #sizeBytes = 0

  /** @param known placeholders: they look like secrets, which is their purpose, and are the broker's business */
  constructor(id: string, rule: OutgoingRule, scanner: ContentScanner | undefined, known: readonly string[]) {
    this.#id = id
    this.#rule = rule
    this.#scanner = rule.secrets === 'off' ? undefined : scanner
    this.#known = known
  }

  /** Whether text may come out longer or shorter than it went in. */
  get changesLength(): boolean {
    return this.#scanner !== undefined && this.#rule.secrets === 'redact'
  }

  push(chunk: Uint8Array): Buffer | Refusal {
    this.#sizeBytes += chunk.length
    const { maxBytes = Infinity } = this.#rule
    if (this.#sizeBytes > maxBytes) return tooLarge(this.#id, maxBytes)
    if (this.#scanner === undefined) return Buffer.from(chunk)
    return this.#look(this.#held + Buffer.from(chunk).toString('latin1'), false)
  }

  end(): Buffer | Refusal {
    return this.#look(this.#held, true)
  }

  /** A text that is known whole, such as an address: the same, without windows. */
  check(text: string): Refusal | undefined {
    const found = this.#found(text).find(({ risk }) => isAtLeast(risk, BLOCKED))
    if (found === undefined) return undefined
    this.findings.push(found.rule)
    return blocked(this.#id, found.rule, 'its address or headers')
  }

  #found(text: string): ContentFinding[] {
    const found = this.#scanner?.scan(text).filter(({ risk }) => isAtLeast(risk, REDACTED)) ?? []
    return found
      .filter(({ start, end }) => !this.#known.some((own) => holdsEither(text.slice(start, end), own)))
      .toSorted((a, b) => a.start - b.start)
  }

  #look(text: string, isLast: boolean): Buffer | Refusal {
    if (text === '') return Buffer.alloc(0)
    let sure = isLast ? text.length : Math.max(0, text.length - OVERLAP)
    let [out, at] = ['', 0]
    for (const { rule, risk, start, end, tag } of this.#found(text)) {
      // it may become longer, or another thing, with what comes next
      if (start < at || (!isLast && start >= sure)) continue
      this.findings.push(rule)
      if (this.#rule.secrets === 'redact') {
        out += `${text.slice(at, start)}[redacted ${rule} ${tag}]`
        at = end
      } else if (isAtLeast(risk, BLOCKED)) {
        return blocked(this.#id, rule, 'its body')
      }
      sure = Math.max(sure, end)
    }
    this.#held = text.slice(sure)
    return Buffer.from(out + text.slice(at, sure), 'latin1')
  }
}

const holdsEither = (a: string, b: string): boolean => a.includes(b) || b.includes(a)

function blocked(id: string, type: string, where: string): Refusal {
  return refusal(
    'secret',
    id,
    `${where} holds what looks like a secret or personal datum (${type})`,
    'take it out; if it is meant, let the owner change what the rule does with it',
  )
}

export function tooLarge(id: string, maxBytes: number): Refusal {
  return refusal(
    'budget',
    id,
    `it is larger than ${maxBytes} bytes`,
    'send or ask for less at once, or let the owner raise the limit of the rule',
  )
}
