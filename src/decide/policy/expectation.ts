import type { Action } from '../../core/action.ts'
import type { Decision, Effect } from '../../core/decision.ts'
import { CapabilityError, parseCapability } from '../../core/capability.ts'
import type { Principal } from '../../core/principal.ts'
import { sha256 } from '../../core/canonical.ts'
import type { PolicyEngine } from './engine.ts'
import { readYaml, type ReportAt } from './read.ts'
import { expectationsSchema, type Expectation } from './schema.ts'

export interface ExpectationResult {
  readonly where: string
  readonly action: string
  readonly who: string
  readonly expected: { readonly effect: Effect; readonly rule?: string }
  readonly decision: Decision
  readonly ok: boolean
}

/**
 * Asks the engine every question of a YAML or JSON file and compares the answers.
 *
 * @throws PolicyError `POLICY_TEST_INVALID` with every problem of the file
 */
export function testPolicy(
  engine: PolicyEngine,
  bytes: string | Uint8Array,
  file: string,
  now: number,
): readonly ExpectationResult[] {
  const { value, where } = readYaml(bytes, file, {
    schema: expectationsSchema,
    code: 'POLICY_TEST_INVALID',
    check: checkCases,
  })
  return value.map((expectation, i) => {
    const who = principalOf(expectation)
    const decision = engine.decide(who, actionOf(expectation), now)
    const { expect: effect, rule } = expectation
    return {
      where: where([i]),
      action: expectation.action,
      who: who.id,
      expected: rule === undefined ? { effect } : { effect, rule },
      decision,
      ok: decision.effect === effect && (rule === undefined || isRule(decision.rule, rule)),
    }
  })
}

function checkCases(cases: readonly Expectation[], report: ReportAt): void {
  for (const [i, { action, agent, role }] of cases.entries()) {
    if (agent === undefined && role === undefined) report([i], 'nobody is named', 'name an agent or a role')
    try {
      parseCapability(action)
    } catch (error) {
      if (!(error instanceof CapabilityError)) throw error
      report([i, 'action'], error.message, error.fix)
    }
  }
}

/** A rule of the file may be named by its id alone. */
function isRule(actual: string, expected: string): boolean {
  return actual === expected || actual === `rule.${expected}`
}

function principalOf({ agent, role }: Expectation): Principal {
  const is = role ?? 'agent'
  return { id: agent ?? is, role: is, channel: is === 'agent' ? 'agent-socket' : 'local-socket' }
}

function actionOf(expectation: Expectation): Action {
  const { namespace, verb, pattern = '' } = parseCapability(expectation.action)
  const { risk = 'low', sensitivity, format, task } = expectation
  return {
    namespace,
    verb,
    resource: pattern,
    risk,
    bytes: sha256(expectation.action),
    ...(sensitivity === undefined ? {} : { sensitivity }),
    ...(format === undefined ? {} : { format }),
    ...(task === undefined ? {} : { task }),
  }
}
