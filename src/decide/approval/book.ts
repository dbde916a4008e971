import * as z from 'zod'
import { canonicalJson, sha256, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { HOLES, type CommandPattern } from './pattern.ts'
import type { BookStore, SignedLine } from './store.ts'

/** Signs with the key that is only for approvals. */
export interface Signer {
  readonly keyId: string
  sign(bytes: Uint8Array): Uint8Array
  /** Whether this key, or one retired from the same purpose, made the signature. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean
}

const time = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const chain = { v: z.literal(1), seq: time, prev: z.string().length(64), key: z.string() }
const seal = z.strictObject({ path: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) })
const pattern: z.ZodType<CommandPattern> = z.strictObject({
  segments: z
    .array(
      z.strictObject({
        seals: z.array(seal).min(1),
        program: z.string().min(1),
        args: z.array(
          z.union([z.strictObject({ literal: z.string() }), z.strictObject({ hole: z.enum(HOLES) })]),
        ),
      }),
    )
    .min(1),
  glue: z.array(z.string()),
  profile: z.string(),
  workspace: z.string(),
  directory: z.string(),
  below: z.boolean(),
})

const bodySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...chain,
    kind: z.literal('allowance'),
    id: z.string().min(1),
    agent: z.string().min(1),
    pattern,
    by: z.string(),
    at: time,
    expiresAt: time,
  }),
  z.strictObject({ ...chain, kind: z.literal('ended'), id: z.string(), by: z.string(), at: time }),
  z.strictObject({ ...chain, kind: z.literal('used'), id: z.string(), uses: time, at: time }),
  z.strictObject({
    ...chain,
    kind: z.literal('trust'),
    agent: z.string().min(1),
    stage: z.enum(['draft', 'trial', 'verified']),
    capability: z.string(),
    successes: z.array(time).max(1000),
    escalations: time,
    why: z.string(),
    by: z.string(),
    at: time,
  }),
  z.strictObject({
    ...chain,
    kind: z.literal('autonomy'),
    level: z.enum(['full', 'supervised', 'manual']),
    by: z.string(),
    at: time,
  }),
])

export type BookLine = z.infer<typeof bodySchema>
type Fields<T> = T extends BookLine ? Omit<T, 'v' | 'seq' | 'prev' | 'key'> : never
export type LineFields = Fields<BookLine>

/** What the book says, and from where on it can be believed. */
export interface Reading {
  readonly lines: readonly BookLine[]
  readonly problems: readonly string[]
  readonly seq: number
}

const NOTHING_BEFORE = '0'.repeat(64)
const PAGE = 1000
// so that a signature under the same key for something else never passes for a line
const DOMAIN = 'warder-approval-book v1\n'

/**
 * The book of what holds beyond one question: every line signed and naming the one before. A line that does not verify,
 * a gap, or an end that was cut off may hide that something was taken back: then nothing before it is believed.
 */
export class ApprovalBook {
  readonly #store: BookStore
  readonly #signer: Signer

  constructor(store: BookStore, signer: Signer) {
    this.#store = store
    this.#signer = signer
  }

  append(fields: LineFields): BookLine {
    const made: BookLine[] = []
    this.#store.append((last) => {
      const head = {
        v: 1 as const,
        seq: (last?.seq ?? 0) + 1,
        prev: last === undefined ? NOTHING_BEFORE : sha256(last.body),
        key: this.#signer.keyId,
      }
      const line = { ...fields, ...head } as BookLine
      made.push(line)
      const body = canonicalJson(JSON.parse(JSON.stringify(line)) as Json)
      return { body, signature: this.#signer.sign(Buffer.from(DOMAIN + body)) }
    })
    return made[0]!
  }

  /** @param atLeast how many lines the ledger knows of: fewer, and the end was cut off */
  read(atLeast = 0): Reading {
    let lines: BookLine[] = []
    const problems: string[] = []
    let last: SignedLine | undefined
    for (;;) {
      const page = this.#store.read(last?.seq ?? 0, PAGE)
      for (const line of page) {
        const read = this.#verified(line, last)
        if ('problem' in read) {
          problems.push(`${read.problem}; nothing before it is used`)
          lines = []
        } else lines.push(read.line)
        last = line
      }
      if (page.length < PAGE) break
    }
    const seq = last?.seq ?? 0
    if (seq >= atLeast) return { lines, problems, seq }
    const cut = `the book of approvals ends at line ${seq}, and the ledger knows of ${atLeast}: nothing in it is used`
    return { lines: [], problems: [...problems, cut], seq }
  }

  #verified(line: SignedLine, last: SignedLine | undefined): { line: BookLine } | { problem: string } {
    const where = `line ${line.seq} of the book of approvals`
    if (!this.#signer.verify(Buffer.from(DOMAIN + line.body), line.signature)) {
      return { problem: `${where} is not signed by this host` }
    }
    try {
      const body = bodySchema.parse(JSON.parse(line.body))
      const prev = last === undefined ? NOTHING_BEFORE : sha256(last.body)
      const follows = body.seq === line.seq && line.seq === (last?.seq ?? 0) + 1 && body.prev === prev
      return follows ? { line: body } : { problem: `${where} does not follow the one before` }
    } catch (error) {
      return { problem: `${where} is not of its shape: ${messageOf(error).slice(0, 200)}` }
    }
  }
}
