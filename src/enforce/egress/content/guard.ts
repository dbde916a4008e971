import type { Refusal } from '../refusal.ts'
import { ContentError } from './errors.ts'
import { IncomingContent, refusedHead } from './incoming.ts'
import { OutgoingContent, type ContentScanner } from './outgoing.ts'
import { isFor, type ContentRule } from './rule.ts'
import { schemaCheck, type SchemaCheck } from './schema.ts'

type Headers = readonly (readonly [name: string, value: string])[]

export interface ContentPorts {
  /** Without one, rules that block or redact secrets are refused: they would promise what nobody does. */
  readonly scanner?: ContentScanner
  /** The placeholders of this run, which look like secrets and are none. */
  readonly placeholders?: readonly string[]
}

interface Place {
  readonly host: string
  /** Without the query. */
  readonly path: string
}

/** @throws ContentError `CONTENT_RULE_INVALID` */
export function createContentGuard(rules: readonly ContentRule[], ports: ContentPorts = {}): ContentGuard {
  return new ContentGuard(rules, ports)
}

/** The content rules of one run, read and ready. */
export class ContentGuard {
  readonly #rules: readonly ContentRule[]
  readonly #checks: ReadonlyMap<ContentRule, SchemaCheck>
  readonly #scanner: ContentScanner | undefined
  readonly #placeholders: readonly string[]

  /** @throws ContentError `CONTENT_RULE_INVALID` */
  constructor(rules: readonly ContentRule[], { scanner, placeholders = [] }: ContentPorts = {}) {
    this.#placeholders = placeholders
    this.#rules = rules
    this.#scanner = scanner
    const unkept = rules.find(({ outgoing }) => outgoing !== undefined && outgoing.secrets !== 'off')
    if (unkept !== undefined && scanner === undefined) throw noScanner(unkept.id)
    this.#checks = new Map(
      rules.flatMap((rule) =>
        rule.incoming?.schema === undefined
          ? []
          : [[rule, schemaCheck(rule.id, rule.incoming.schema)] as const],
      ),
    )
  }

  /** @returns undefined when no rule says anything about requests to this place */
  outgoing(to: Place, target: string, headers: Headers): OutgoingContent | Refusal | undefined {
    const rule = this.#rules.find((each) => each.outgoing !== undefined && isFor(each, to))
    if (rule?.outgoing === undefined) return undefined
    const content = new OutgoingContent(rule.id, rule.outgoing, this.#scanner, this.#placeholders)
    const text = [
      target,
      ...headers.filter(([name]) => !OWN.has(name.toLowerCase())).map(([, value]) => value),
    ]
    return content.check(text.join('\n')) ?? content
  }

  /** @returns undefined when no rule says anything about answers from this place */
  incoming(from: Place, headers: Headers): IncomingContent | Refusal | undefined {
    const rule = this.#rules.find((each) => each.incoming !== undefined && isFor(each, from))
    if (rule?.incoming === undefined) return undefined
    const of = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
    const type = (of('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
    const size = of('content-length')
    const sizeBytes = size === undefined ? undefined : Number(size)
    return (
      refusedHead(rule.id, rule.incoming, { type, sizeBytes }) ??
      new IncomingContent(rule.id, rule.incoming, this.#checks.get(rule))
    )
  }
}

/** Where credentials belong: what an agent may send as such is the broker's business. */
const OWN = new Set(['authorization', 'cookie', 'host', 'x-api-key', 'api-key', 'x-amz-security-token'])

function noScanner(id: string): ContentError {
  return new ContentError(
    id,
    `the content rule ${id} is about secrets, and nothing here can find them`,
    'write secrets: off in the rule, or start the egress with its scanner',
  )
}
