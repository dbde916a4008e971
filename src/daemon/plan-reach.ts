import type { Principal } from '../core/principal.ts'
import { reach, type PolicyEngine, type Reach as PolicyReach } from '../decide/policy/index.ts'
import type { Reach } from '../enforce/sandbox/index.ts'

/**
 * What policy says of files, in the two words mounts know. What may not be listed may not be read; what may not be made
 * or removed may not be written: the stricter reading, because a mount cannot tell them apart.
 */
export function reachOf(engine: PolicyEngine, who: Principal, now: number, workspace: string): Reach[] {
  const lines = reach(engine, who, now, [workspace])
  return lines.flatMap((line): Reach[] => {
    const verb = verbOf(line)
    // the owner's own command gets what its profile shows, not everything the owner may
    if (verb === undefined || line.rule === 'role.owner') return []
    return [{ effect: line.effect, verb, pattern: line.pattern, rule: line.rule }]
  })
}

/**
 * What keeps others out of a workspace does not keep out who is given it too: several agents may share one. The book of
 * workspaces would say so, but nothing is noted there for a plan that may be refused, or is only looked at.
 */
export function isOpenedTo({ rule, pattern }: Reach, workspace: string): boolean {
  return rule === 'exclusion.other-workspace' && pattern === `${workspace}/**`
}

function verbOf({ verb, effect }: PolicyReach): Reach['verb'] | undefined {
  if (verb === 'read' || verb === 'write') return verb
  if (effect === 'allow') return undefined
  return verb === 'list' ? 'read' : 'write'
}

/** Whether something the plan was made from is gone, or something was closed since. Another agent's new workspace is neither. */
export function isNarrower(since: readonly Reach[], planned: readonly Reach[]): boolean {
  const textOf = ({ effect, verb, pattern, rule }: Reach): string => [effect, verb, pattern, rule].join('\n')
  const before = new Set(planned.map(textOf))
  const after = new Set(since.map(textOf))
  const isGone = planned.some((line) => line.effect === 'allow' && !after.has(textOf(line)))
  const isClosed = (line: Reach): boolean =>
    line.effect === 'deny' && line.rule !== 'exclusion.other-workspace' && !before.has(textOf(line))
  return isGone || since.some(isClosed)
}

/** The grants that open something of it. */
export function grantsIn(lines: readonly Reach[]): string[] {
  const ids = lines
    .filter(({ effect, rule }) => effect === 'allow' && rule.startsWith('grant.'))
    .map(({ rule }) => rule.slice('grant.'.length))
  return [...new Set(ids)]
}
