import { parseCapability } from '../../core/capability.ts'
import type { Principal } from '../../core/principal.ts'
import { SENSITIVITY_LEVELS } from '../../core/risk.ts'
import { addClause, clauseOf, type Clause, type Clauses } from './clause.ts'
import type { Policy, Statement } from './compile.ts'
import { PatternIndex } from './pattern-index.ts'
import type { SlotTable } from './slot-table.ts'
import { compilePattern } from './pattern.ts'
import { isPreset, PRESET_CAPABILITIES } from './preset.ts'
import type { PolicyDocument } from './schema.ts'
import { expand, type Variables } from './variables.ts'

/** Everything the policy says about one principal, by operation, and its ceiling; it is known by its index in the table. */
export class Profile extends PatternIndex<Clause> {
  readonly ceiling: number
  readonly preset: string | undefined

  constructor(table: SlotTable<Clause>, ceiling: number, preset: string | undefined) {
    super(table)
    this.ceiling = ceiling
    this.preset = preset
  }
}

/**
 * Compiles what concerns one principal. Done once per principal and policy, not per request.
 *
 * @throws PolicyError `PATTERN_INVALID` when a cell would be too slow to ask
 */
export function compileProfile(
  policy: Policy,
  who: Pick<Principal, 'id' | 'role' | 'preset'>,
  variables: Variables,
  table: SlotTable<Clause>,
): Profile {
  const isAgent = who.role === 'agent'
  const agent = isAgent ? definedAgent(policy.source.value, who.id) : undefined
  const preset = isAgent ? (agent?.role_preset ?? who.preset) : undefined
  const ceiling = agent?.ceiling === undefined ? policy.ceiling : SENSITIVITY_LEVELS.indexOf(agent.ceiling)
  const profile = new Profile(table, ceiling, preset)
  for (const statement of policy.statements) {
    const named = isAgent && (statement.agents.includes('*') || statement.agents.includes(who.id))
    if (named || statement.roles.includes(who.role)) addStatement(profile, statement, variables)
  }
  if (isPreset(preset)) {
    for (const [i, capability] of PRESET_CAPABILITIES[preset].entries()) {
      addStatement(
        profile,
        {
          capability,
          parts: {
            source: 'preset',
            effect: 'allow',
            rule: `role.${preset}.default`,
            reason: `agents of the role ${preset} hold it from the start`,
            capability,
            order: 50_000 + i,
          },
          agents: [],
          roles: [],
        },
        variables,
      )
    }
  }
  return profile
}

/** What the policy file says of an agent by name; never something inherited from Object. */
export function definedAgent(document: PolicyDocument, name: string) {
  return document.agents !== undefined && Object.hasOwn(document.agents, name)
    ? document.agents[name]
    : undefined
}

function addStatement(clauses: Clauses, statement: Statement, variables: Variables): void {
  const clause = clauseOf(statement.parts)
  for (const capability of expand(parseCapability(statement.capability), variables)) {
    addClause(clauses, capability, compilePattern(capability), clause)
  }
}

/** Under which key the profile of `who` is kept; those the policy does not name share one. */
export function profileKey(who: Pick<Principal, 'id' | 'role' | 'preset'>, isOwn: boolean): string {
  return `${who.role} ${isOwn ? who.id : ''} ${who.preset ?? ''}`
}

/** Agents the policy speaks of by name; all others share a profile. */
export function namedIn(policy: Policy): Set<string> {
  const names = policy.statements.flatMap(({ agents }) => agents)
  return new Set([...names, ...Object.keys(policy.source.value.agents ?? {})].filter((name) => name !== '*'))
}
