import { refusal, type Refusal } from '../refusal.ts'
import type { Filter } from './filter.ts'
import { tooLarge } from './outgoing.ts'
import type { IncomingRule } from './rule.ts'
import type { SchemaCheck } from './schema.ts'

/** What an answer that is checked as a whole may be at most, when its rule does not say. */
const WHOLE_BYTES = 8 * 1024 * 1024

/** An answer under its rule: counted as it passes, or kept until it is known to fit its schema. */
export class IncomingContent implements Filter {
  readonly #id: string
  readonly #maxBytes: number
  readonly #check: SchemaCheck | undefined
  readonly #kept: Buffer[] = []
  #sizeBytes = 0

  constructor(id: string, rule: IncomingRule, check: SchemaCheck | undefined) {
    this.#id = id
    this.#check = check
    this.#maxBytes = rule.maxBytes ?? (check === undefined ? Infinity : WHOLE_BYTES)
  }

  /** Whether it must be read plain and whole before any of it goes on. */
  get isWhole(): boolean {
    return this.#check !== undefined
  }

  push(chunk: Uint8Array): Buffer | Refusal {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes > this.#maxBytes) return tooLarge(this.#id, this.#maxBytes)
    if (this.#check === undefined) return Buffer.from(chunk)
    this.#kept.push(Buffer.from(chunk))
    return Buffer.alloc(0)
  }

  end(): Buffer | Refusal {
    if (this.#check === undefined) return Buffer.alloc(0)
    const whole = Buffer.concat(this.#kept)
    const why = this.#misfit(whole)
    return why === undefined ? whole : unfit(this.#id, why)
  }

  #misfit(whole: Buffer): string | undefined {
    try {
      // a byte that is no UTF-8 would be read differently by others
      return this.#check?.(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(whole)))
    } catch {
      return 'it is not JSON'
    }
  }
}

/** What can be said by the head alone. */
export function refusedHead(
  id: string,
  { types, maxBytes }: IncomingRule,
  answer: { readonly type: string; readonly sizeBytes: number | undefined },
): Refusal | undefined {
  if (maxBytes !== undefined && (answer.sizeBytes ?? 0) > maxBytes) return tooLarge(id, maxBytes)
  if (types === undefined || types.some((type) => isType(answer.type, type))) return undefined
  return unfit(id, `its type is ${JSON.stringify(answer.type)}, not ${types.join(' or ')}`)
}

function isType(given: string, wanted: string): boolean {
  return wanted.endsWith('/*') ? given.startsWith(wanted.slice(0, -1)) : given === wanted
}

function unfit(id: string, why: string): Refusal {
  return refusal(
    'denied',
    id,
    `the answer is not what the rule expects: ${why}`,
    'ask the service what changed; let the owner change the rule if it is right',
  )
}
