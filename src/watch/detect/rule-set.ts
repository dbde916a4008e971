import { DetectError } from './error.ts'
import type { Rule, RuleFile } from './schema.ts'

export interface RuleInForce {
  readonly rule: Rule
  readonly from: 'shipped' | 'own'
  /** The owner switched it off. */
  readonly isOff: boolean
}

/**
 * The shipped rules and the owner's own. A rule of the owner's may not take the name of a shipped one, so that what an
 * alert is called means the same everywhere; to change one, switch it off and write another.
 *
 * @throws DetectError `DETECT_RULES_INVALID`
 */
export function withOwn(shipped: readonly Rule[], own: RuleFile): readonly RuleInForce[] {
  const names = new Set(shipped.map(({ id }) => id))
  const taken = own.rules.find(({ id }) => names.has(id))
  if (taken !== undefined)
    throw invalid(
      `there is a shipped rule named ${taken.id}`,
      'give yours another id, and disable the shipped one',
    )
  const strange = own.disable.find((id) => !names.has(id))
  if (strange !== undefined)
    throw invalid(`disable: there is no shipped rule named ${strange}`, 'see: warder watch rules')
  const off = new Set(own.disable)
  return [
    ...shipped.map((rule) => ({ rule, from: 'shipped' as const, isOff: off.has(rule.id) })),
    ...own.rules.map((rule) => ({ rule, from: 'own' as const, isOff: false })),
  ]
}

function invalid(what: string, fix: string): DetectError {
  return new DetectError('DETECT_RULES_INVALID', { what, fix })
}
