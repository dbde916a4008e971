import { sha256 } from '../../core/canonical.ts'
import { isMembers, type Members } from './frame.ts'
import { slowPatterns } from './json-schema.ts'
import { rulesFor, TIERS, type RulesFound, type ServerPolicy, type ToolRule } from './policy.ts'
import type { Approval, DefinitionKind, DefinitionSeen, SessionPorts } from './ports.ts'
import type { Refusal } from './refusal.ts'

/** A tool as its server describes it, and what is known of it. */
export interface KnownTool {
  readonly name: string
  readonly definition: Members
  readonly seen: DefinitionSeen
  readonly approval: Approval
}

interface Listed {
  readonly name: string
  readonly definition: Members
}

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/
const MOST_BYTES = 256 * 1024
const MOST_REFUSED = 10_000

/** The tools of one server, as far as they were listed and approved; what is not in it is not called. */
export class Catalogue {
  readonly #policy: ServerPolicy
  readonly #ports: Pick<SessionPorts, 'approve' | 'inspect' | 'record'>
  readonly #tools = new Map<string, KnownTool>()
  /** What was seen before, by kind and digest: a definition that did not change is not read again. */
  readonly #seen = new Map<string, DefinitionSeen>()
  /** Prompts and resources that were listed and must not be read, by kind and name. */
  readonly #refusals = new Map<string, Extract<Approval, { isGood: false }>>()
  /** What is on record as refused. */
  readonly #told = new Set<string>()
  /** Rises with each notice of the server that its list is another. */
  #changes = 0
  /** Whether the whole list is in it, as it is now. */
  isWhole = false

  constructor(policy: ServerPolicy, ports: Pick<SessionPorts, 'approve' | 'inspect' | 'record'>) {
    this.#policy = policy
    this.#ports = ports
  }

  /** The list is another one from now on; what is in it is only good until it is listed again. */
  changed(): void {
    this.#changes += 1
    this.isWhole = false
  }

  /** A new list begins. @returns what tells that it is whole, unless it has changed meanwhile */
  begin(): () => void {
    this.isWhole = false
    this.#tools.clear()
    const changes = this.#changes
    return () => (this.isWhole = changes === this.#changes)
  }

  /** Why a prompt or a resource is not read, where its definition was refused when it was listed. */
  refused(kind: 'prompt' | 'resource', name: string): Refusal | undefined {
    const refusal = this.#refusals.get(`${kind} ${name}`)
    if (refusal === undefined) return undefined
    const { rule, reason, fix } = refusal
    return { kind: 'definition', layer: 'inspection', rule, reason, fix }
  }

  tool(name: string): KnownTool | undefined {
    return this.#tools.get(name)
  }

  /** What policy says of a tool, whether or not there is one. */
  rules(name: string): RulesFound<ToolRule> {
    return TOOL_NAME.test(name) ? rulesFor(this.#policy.tools, name) : { action: 'deny', rules: [] }
  }

  /** Takes a page of the list in. @throws when approval could not be had: then none of them is known */
  async learn(page: readonly unknown[], isMore: boolean): Promise<readonly KnownTool[]> {
    const listed = this.#readable(page)
    const judged = await this.judge('tool', listed, isMore)
    const known = listed.map(({ name, definition }, i) => ({ name, definition, ...judged[i]! }))
    for (const tool of known) {
      const before = this.#tools.get(tool.name)
      const isTwice = before !== undefined && !isSame(before.definition, tool.definition)
      this.#tools.set(tool.name, isTwice ? { ...tool, approval: TWICE } : tool)
    }
    return known.map(({ name }) => this.#tools.get(name)!)
  }

  /** Looks into definitions of any kind and has them compared with what was approved. */
  async judge(
    kind: DefinitionKind,
    listed: readonly { readonly name: string; readonly definition: unknown }[],
    isMore: boolean,
  ): Promise<readonly { readonly seen: DefinitionSeen; readonly approval: Approval }[]> {
    if (listed.length === 0) return []
    const asked = listed.map((each) => ({ ...each, seen: this.#look(kind, each.definition) }))
    const approvals = await this.#ports.approve(kind, asked, isMore)
    return asked.map(({ seen, name }, i) => {
      const approval = approvals[i] ?? UNANSWERED
      const key = `${kind} ${name}`
      if (approval.isGood) this.#refusals.delete(key)
      else this.#refused(kind, name, approval)
      if (!approval.isGood && kind !== 'tool') this.#refusals.set(key, approval)
      if (this.#refusals.size > MOST_REFUSED)
        throw new Error('more of what it lists is refused than can be kept')
      return { seen, approval }
    })
  }

  #refused(kind: DefinitionKind, name: string, { rule, reason }: Extract<Approval, { isGood: false }>): void {
    // listed again it is no news
    const key = JSON.stringify([kind, name, rule])
    if (this.#told.has(key)) return
    if (this.#told.size < MOST_REFUSED) this.#told.add(key)
    this.#ports.record({ kind: 'refused', from: 'server', method: `${kind} definition`, name, rule, reason })
  }

  #look(kind: DefinitionKind, definition: unknown): DefinitionSeen {
    const key = `${kind} ${sha256(JSON.stringify(definition))}`
    const before = this.#seen.get(key)
    if (before !== undefined) return before
    const seen = this.#ports.inspect.definition(this.#policy.name, kind, definition)
    if (this.#seen.size > 4 * this.#policy.limits.tools) this.#seen.clear()
    this.#seen.set(key, seen)
    return seen
  }

  /** What has a name that can be written into a policy, and a size that can be held; the rest is not there. */
  #readable(page: readonly unknown[]): readonly Listed[] {
    const good: Listed[] = []
    const left = (name: string, rule: string, reason: string): void =>
      this.#ports.record({ kind: 'refused', from: 'server', method: 'tools/list', name, rule, reason })
    for (const definition of page) {
      const name = isMembers(definition) ? definition['name'] : undefined
      if (!isMembers(definition) || typeof name !== 'string' || !TOOL_NAME.test(name)) {
        left(
          String(name).slice(0, 80),
          'definition.name',
          'a tool needs a name of 1 to 128 of A-Z a-z 0-9 _ . -',
        )
      } else if (this.#tools.size + good.length >= this.#policy.limits.tools) {
        left(name, 'definition.count', `a server has at most ${this.#policy.limits.tools} tools`)
      } else if (JSON.stringify(definition).length > MOST_BYTES) {
        left(name, 'definition.size', `a definition has at most ${MOST_BYTES} bytes`)
      } else good.push({ name, definition })
    }
    const counts = Map.groupBy(good, ({ name }) => name)
    return good.filter(({ name }) => {
      const isTwice = (counts.get(name)?.length ?? 0) > 1
      if (isTwice) left(name, 'definition.twice', TWICE.reason)
      return !isTwice
    })
  }
}

/** A page that is fetched again holds the same tools; another one under the same name is another tool. */
function isSame(one: Members, other: Members): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

const TWICE = {
  isGood: false,
  rule: 'definition.twice',
  reason: 'the server lists two tools of this name',
  fix: 'let the server give each tool a name of its own',
} as const satisfies Approval

const UNANSWERED = {
  isGood: false,
  rule: 'definition.unanswered',
  reason: 'nobody said whether it is the one that was approved',
  fix: 'warder doctor',
} as const satisfies Approval

/** Why a tool is not there for its caller; the same for lists and for calls. */
export function hidden(
  tool: KnownTool,
  found: RulesFound<ToolRule>,
  policy: ServerPolicy,
): Refusal | undefined {
  const { name } = policy
  if (found.action === 'deny') return deniedTool(policy, tool.name, found.rules.length > 0)
  if (!tool.approval.isGood) {
    const { rule, reason, fix } = tool.approval
    return { kind: 'definition', layer: 'inspection', rule, reason, fix }
  }
  const { refusedLabels } = TIERS[policy.tier]
  const label = tool.seen.labels.find((each) => refusedLabels.includes(each))
  if (label === undefined) return undefined
  return {
    kind: 'denied',
    layer: 'policy',
    rule: `mcp.${name}.tier.${policy.tier}`,
    reason: `${tool.name} can do what a server of tier ${policy.tier} may not: ${label}`,
    fix: `raise the tier of ${name} in the policy if you trust it that far`,
  }
}

export function deniedTool({ name }: ServerPolicy, tool: string, isSaid: boolean): Refusal {
  return {
    kind: 'denied',
    layer: 'policy',
    rule: isSaid ? `mcp.${name}.tools` : 'default',
    reason: isSaid ? `the policy denies ${tool} of ${name}` : `no rule allows ${tool} of ${name}`,
    fix: `name it under mcp.servers.${name}.tools in the policy`,
  }
}

/** What of a schema is not held, for the record. */
export function notHeld(definition: Members): string[] {
  return [...slowPatterns(definition['inputSchema']), ...slowPatterns(definition['outputSchema'])]
}
