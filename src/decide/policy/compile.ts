import { CapabilityError, parseCapability } from '../../core/capability.ts'
import { isAgentName, ROLES, type Role } from '../../core/principal.ts'
import { parseDurationMs } from '../../core/quantity.ts'
import type { RateLimits } from '../../core/rate.ts'
import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../../core/risk.ts'
import { sha256 } from '../../core/canonical.ts'
import type { ClauseParts } from './clause.ts'
import { checkEgress } from './egress-check.ts'
import { PolicyError } from './error.ts'
import { checkMcp, mcpStatements } from './mcp-statements.ts'
import { compilePattern } from './pattern.ts'
import { ratesOf } from './rates.ts'
import { readYaml, type Path, type ReportAt, type Source } from './read.ts'
import { policySchema, type PolicyDocument, type RuleDocument } from './schema.ts'
import { expand, type Variables } from './variables.ts'

export const LONGEST_GRANT_MS = 86_400_000
const USUAL_GRANT_MS = 600_000

/** One capability of the policy, and whom it is for. */
export interface Statement {
  readonly capability: string
  readonly parts: ClauseParts
  readonly agents: readonly string[]
  readonly roles: readonly Role[]
}

/** A policy file, checked as a whole. */
export interface Policy {
  readonly source: Source<PolicyDocument>
  /** SHA-256 hex of the file. */
  readonly digest: string
  /** In the order of the file. */
  readonly statements: readonly Statement[]
  /** Position in `RISK_LEVELS` from which what is allowed still asks. */
  readonly askAt: number
  /** Position in `SENSITIVITY_LEVELS`. */
  readonly ceiling: number
  readonly grantors: readonly Role[]
  readonly grantMs: number
  readonly maxGrantMs: number
  /** How often agents may act. */
  readonly rates: RateLimits
}

export const EMPTY_POLICY = 'version: 1\n'

/**
 * Reads and checks a policy file. Nothing of a file with a problem is used.
 *
 * @throws PolicyError `POLICY_INVALID` with every problem and its line and column
 */
export function readPolicy(bytes: string | Uint8Array, file: string, variables: Variables): Policy {
  const source = readYaml(bytes, file, {
    schema: policySchema,
    code: 'POLICY_INVALID',
    inspect: (raw, report) => inspectCapabilities(raw, [], variables, report),
    check: checkDocument,
  })
  const { value, text } = source
  const maxGrantMs = durationMs(value.defaults?.max_grant_duration, LONGEST_GRANT_MS)
  return {
    source,
    digest: sha256(text),
    statements: statementsOf(value, source.where),
    askAt: RISK_LEVELS.indexOf(value.defaults?.ask_at_least ?? 'high'),
    ceiling: SENSITIVITY_LEVELS.indexOf(value.defaults?.sensitivity_ceiling ?? 'low'),
    grantors: value.defaults?.grantors ?? ['owner'],
    grantMs: durationMs(value.defaults?.grant_duration, Math.min(USUAL_GRANT_MS, maxGrantMs)),
    maxGrantMs,
    rates: ratesOf(value.rates),
  }
}

function durationMs(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : parseDurationMs(text)
}

function checkDocument(document: PolicyDocument, report: ReportAt): void {
  const longest = durationMs(document.defaults?.max_grant_duration, LONGEST_GRANT_MS)
  if (longest > LONGEST_GRANT_MS) {
    report(['defaults', 'max_grant_duration'], 'no grant lasts longer than 24h', 'write 24h or less')
  }
  if (durationMs(document.defaults?.grant_duration, 0) > longest) {
    report(
      ['defaults', 'grant_duration'],
      'it is longer than the longest grant',
      `write ${longest}ms or less`,
    )
  }
  for (const agent of Object.keys(document.agents ?? {})) {
    if (!isAgentName(agent))
      report(
        ['agents', agent],
        `no agent can be called ${agent}`,
        'the roles, warder and unknown are taken: give the agent another name',
      )
  }
  const seen = new Set<string>()
  for (const [i, rule] of (document.rules ?? []).entries()) {
    if (seen.has(rule.id)) {
      report(['rules', i, 'id'], `there is a rule ${rule.id} before`, 'give each rule an id of its own')
    }
    seen.add(rule.id)
    checkRule(rule, (path, what, fix) => report(['rules', i, ...path], what, fix))
  }
  checkEgress(document.egress ?? [], report)
  if (document.mcp !== undefined) checkMcp(document.mcp, report)
}

function checkRule(rule: RuleDocument, report: ReportAt): void {
  if (rule.effect === 'allow' && rule.risk_at_least !== undefined) {
    report(['risk_at_least'], 'an allow has no lowest risk', 'use risk_at_most, or effect ask or deny')
  }
  if (rule.effect !== 'allow' && rule.risk_at_most !== undefined) {
    report(['risk_at_most'], `only an allow has a highest risk`, 'use risk_at_least')
  }
  if (rule.effect !== 'deny' && rule.roles?.includes('anonymous')) {
    report(['roles'], 'anonymous is always refused', 'take it out of this rule')
  }
}

const LISTS = new Set(['capabilities', 'may_request', 'always_deny', 'ask', 'allow'])

/** Every text in a list of capabilities, wherever such a list stands. */
function inspectCapabilities(raw: unknown, path: Path, variables: Variables, report: ReportAt): void {
  if (typeof raw !== 'object' || raw === null) return
  for (const [key, member] of Object.entries(raw) as [string, unknown][]) {
    const inner = [...path, key]
    if (typeof member !== 'string') inspectCapabilities(member, inner, variables, report)
    else if (Array.isArray(raw) && LISTS.has(String(path.at(-1)))) {
      checkCapability(member, variables, inner, report)
    }
  }
}

function checkCapability(text: string, variables: Variables, path: Path, report: ReportAt): void {
  try {
    const capability = parseCapability(text)
    for (const form of expand(capability, { WORKSPACE: ['/workspace'], ...definedOnly(variables) })) {
      compilePattern(form)
    }
  } catch (error) {
    if (!(error instanceof PolicyError || error instanceof CapabilityError)) throw error
    report(path, error.message, error.fix)
  }
}

function definedOnly({ HOME }: Variables): Variables {
  return HOME === undefined ? {} : { HOME }
}

function statementsOf(document: PolicyDocument, where: (path: Path) => string): Statement[] {
  const rules = (document.rules ?? []).flatMap((rule, i) => ruleStatements(rule, i, where))
  const risks = (['always_deny', 'ask', 'allow'] as const).flatMap((key) =>
    (document.agent_risk?.[key] ?? []).map((capability, i) => ({
      capability,
      parts: {
        source: 'agent_risk' as const,
        effect: key === 'always_deny' ? ('deny' as const) : key,
        rule: `agent_risk.${key}[${i}]`,
        reason: `agent_risk.${key} of the policy names it`,
        capability,
        order: 20_000 + i,
        where: where(['agent_risk', key, i]),
      },
      agents: ['*'],
      roles: ['guest', 'operator'] as const,
    })),
  )
  const requests = Object.entries(document.agents ?? {}).flatMap(([name, agent]) =>
    (agent.may_request ?? []).map((capability, i) => ({
      capability,
      parts: {
        source: 'may_request' as const,
        effect: 'request' as const,
        rule: `agents.${name}.may_request[${i}]`,
        reason: `${name} does not hold it, but may ask for it`,
        capability,
        order: 60_000 + i,
        where: where(['agents', name, 'may_request', i]),
      },
      agents: [name],
      roles: [],
    })),
  )
  const mcp = document.mcp === undefined ? [] : mcpStatements(document.mcp, where)
  return [...rules, ...risks, ...mcp, ...requests]
}

function ruleStatements(rule: RuleDocument, index: number, where: (path: Path) => string): Statement[] {
  const isForAll = rule.agents === undefined && rule.roles === undefined
  return rule.capabilities.map((capability, i) => ({
    capability,
    parts: {
      source: 'rule',
      effect: rule.effect,
      rule: `rule.${rule.id}`,
      reason: rule.reason,
      capability,
      order: 1 + index,
      riskAtLeast: rule.risk_at_least === undefined ? 0 : RISK_LEVELS.indexOf(rule.risk_at_least),
      ...(rule.risk_at_most === undefined ? {} : { riskAtMost: RISK_LEVELS.indexOf(rule.risk_at_most) }),
      forOwner: rule.roles?.includes('owner') ?? false,
      where: where(['rules', index, 'capabilities', i]),
    },
    agents: isForAll ? ['*'] : (rule.agents ?? []),
    roles: rule.roles ?? [],
  }))
}

/** Whether `role` is one the policy lets give and take back grants. */
export function mayGrant(policy: Policy, role: string): boolean {
  return (ROLES as readonly string[]).includes(role) && policy.grantors.includes(role as Role)
}
