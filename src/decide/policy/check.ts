import { parseCapability, type Capability } from '../../core/capability.ts'
import type { Policy, Statement } from './compile.ts'
import { expand, type Variables } from './variables.ts'
import { covers, coversPattern } from './covers.ts'
import { compileExclusions, type ProtectedPlaces } from './exclusion.ts'
import { compilePattern } from './pattern.ts'

/** What this host can enforce; a missing fact counts as no. */
export interface HostFacts {
  readonly sandbox?: {
    /** Single directories and files can be opened. */
    readonly pathRules?: boolean
    /** A file inside an opened directory can be kept shut. */
    readonly perFileDeny?: boolean
  }
  /** There is a door that lets single hosts through. */
  readonly egress?: boolean
}

/** Something in the policy that does not do what it seems to. */
export interface CheckFinding {
  readonly kind: 'unreachable' | 'shadowed' | 'not_enforceable' | 'suspicious'
  readonly rule: string
  readonly capability?: string
  /** `file:line:column`. */
  readonly where: string
  readonly reason: string
  readonly fix: string
}

export interface CheckContext {
  readonly host: HostFacts
  readonly places?: ProtectedPlaces
  readonly variables?: Variables
}

/** Looks for rules that can never match, are shadowed, or that this host cannot enforce. Finds nothing it cannot prove. */
export function check(
  policy: Policy,
  { host, places = {}, variables = {} }: CheckContext,
): readonly CheckFinding[] {
  const known = { WORKSPACE: ['/workspace'], ...variables }
  const statements = policy.statements.map((statement) => ({
    statement,
    forms: expand(parseCapability(statement.capability), known),
  }))
  const exclusions = compileExclusions(places).list
  return [
    ...unknownAgents(policy),
    ...statements.flatMap(({ statement, forms }, i) => {
      const before = statements.filter(
        ({ statement: other }, j) => outranks(other, statement, j < i) && appliesToAll(other, statement),
      )
      const above = before.find(({ forms: wide }) => isWithin(forms, wide))
      const shadow = above === undefined ? [] : [shadowed(statement, above.statement)]
      const closed = forms.flatMap((form) => (form.namespace === 'fs' ? [form] : []))
      const exclusion = exclusions.find(
        ({ pattern }) =>
          closed.length > 0 && closed.every((form) => coversPattern(pattern, compilePattern(form)) === 'yes'),
      )
      const excluded =
        exclusion === undefined || statement.parts.effect === 'deny'
          ? []
          : [
              finding(
                'unreachable',
                statement,
                `${exclusion.clause.rule} holds there whatever a rule says`,
                'take it out',
              ),
            ]
      return [
        ...shadow,
        ...excluded,
        ...forOwner(statement),
        ...forms.slice(0, 1).flatMap((form) => notEnforceable(statement, form, host)),
        ...suspicious(statement),
      ]
    }),
  ]
}

function unknownAgents(policy: Policy): CheckFinding[] {
  const { value, where } = policy.source
  const defined = new Set(Object.keys(value.agents ?? {}))
  return (value.rules ?? []).flatMap((rule, i) =>
    (rule.agents ?? []).flatMap((agent, j) =>
      agent === '*' || defined.has(agent)
        ? []
        : [
            {
              kind: 'unreachable' as const,
              rule: `rule.${rule.id}`,
              where: where(['rules', i, 'agents', j]),
              reason: `there is no agent ${agent} under agents`,
              fix: `define ${agent} under agents, or correct its name here`,
            },
          ],
    ),
  )
}

const RANK = { deny: 0, ask: 1, allow: 2, request: 3 } as const

/** Whether `other` settles a request that both match: it is stricter, or equal and stands earlier. */
function outranks(other: Statement, statement: Statement, isEarlier: boolean): boolean {
  const { riskAtLeast = 0, effect } = other.parts
  if (effect === 'allow' && other.parts.riskAtMost !== statement.parts.riskAtMost) return false
  if (riskAtLeast > (statement.parts.riskAtLeast ?? 0)) return false
  const [theirs, ours] = [RANK[effect], RANK[statement.parts.effect]]
  return theirs < ours || (theirs === ours && isEarlier)
}

/** Whether everybody `statement` is for, `other` is for too. */
function appliesToAll(other: Statement, statement: Statement): boolean {
  const isEveryAgent = other.agents.includes('*') || other.roles.includes('agent')
  const agents = statement.agents.every((agent) => isEveryAgent || other.agents.includes(agent))
  const roles = statement.roles.every(
    (role) => other.roles.includes(role) || (role === 'agent' && isEveryAgent),
  )
  return agents && roles
}

function isWithin(forms: readonly Capability[], wide: readonly Capability[]): boolean {
  return forms.length > 0 && forms.every((form) => wide.some((other) => covers(other, form) === 'yes'))
}

function shadowed(statement: Statement, above: Statement): CheckFinding {
  const isDeny = above.parts.effect === 'deny' && statement.parts.effect !== 'deny'
  const place = above.parts.where === undefined ? '' : ` at ${above.parts.where}`
  return finding(
    isDeny ? 'unreachable' : 'shadowed',
    statement,
    `${above.parts.rule} (${above.parts.effect} ${above.capability})${place} settles everything it would match`,
    'take one of the two out, or make the other narrower',
  )
}

function forOwner(statement: Statement): CheckFinding[] {
  return statement.roles.includes('owner') && statement.parts.effect !== 'deny'
    ? [
        finding(
          'unreachable',
          statement,
          'the owner is allowed before any ask or allow is weighed',
          'take owner out of roles, or make it a deny',
        ),
      ]
    : []
}

function notEnforceable(statement: Statement, capability: Capability, host: HostFacts): CheckFinding[] {
  const { namespace, verb, pattern } = capability
  const effect = statement.parts.effect
  const say = (reason: string, fix: string) => [finding('not_enforceable', statement, reason, fix)]
  if (namespace === 'net' && effect === 'allow' && verb !== 'resolve' && host.egress !== true) {
    return say(
      'this host has no egress door, so a session gets no network at all',
      'set up the egress door, or take it out',
    )
  }
  if (namespace !== 'fs') return []
  if (host.sandbox?.pathRules !== true) {
    return say('the sandbox of this host cannot open or close single paths', 'see: warder doctor')
  }
  const compiled = compilePattern(capability)
  if (
    effect === 'allow' &&
    pattern !== undefined &&
    compiled.shape !== 'exact' &&
    compiled.shape !== 'tree'
  ) {
    return say(
      'a pattern with a star before its end, or for one level, cannot become a mount: programs in a sandbox do not get it',
      `name a directory (${compiled.head || '/srv/data'}/**) or a file`,
    )
  }
  if (effect === 'deny' && host.sandbox.perFileDeny !== true && compiled.shape !== 'tree') {
    return say(
      'the sandbox of this host cannot close single files inside an open directory',
      'close the directory: /**',
    )
  }
  return []
}

function suspicious(statement: Statement): CheckFinding[] {
  const text = statement.capability.replace(/\$\{[A-Z]+\}/g, '')
  const signs = text.startsWith('net:') ? null : /[?[\]{}]/.exec(text)
  return signs === null
    ? []
    : [
        finding(
          'suspicious',
          statement,
          `${signs[0]} stands for itself; only * and ** are patterns`,
          'use * or several capabilities',
        ),
      ]
}

function finding(
  kind: CheckFinding['kind'],
  statement: Statement,
  reason: string,
  fix: string,
): CheckFinding {
  const { parts, capability } = statement
  return { kind, rule: parts.rule, capability, where: parts.where ?? '', reason, fix }
}
