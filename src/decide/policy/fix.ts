import type { Principal } from '../../core/principal.ts'
import type { Clause, Operation } from './clause.ts'
import type { Scan } from './scan.ts'

const PLAIN = /^[\w@%+=:,./-]+$/
const ADD = 'warder grant add '
const WHY = " --reason '…'"

/** What would change a default deny: the smallest grant, as a command. */
export function defaultFix(who: Principal, operation: Operation, scan: Scan, resource: string): string {
  if (who.role !== 'agent') return `add a rule for the role ${who.role} to the policy file`
  if (scan.hasStar) return NOT_GRANTABLE
  const start = ADD + who.id
  if (resource.length === 0) return start + operation.spacedPrefix.slice(0, -1) + WHY
  // parts are only joined here, as few as can be; nobody reads most of these
  return scan.isWord
    ? start + operation.spacedPrefix + resource + WHY
    : `${start} ${quote(operation.prefix + resource)}${WHY}`
}

// as a pattern the name would mean more than itself
const NOT_GRANTABLE =
  'move the resource to a name without * and $; a grant for this one would open others too'

/** Quoted for a shell, so that a resource named `;$(…)` stays a word when somebody pastes the command. */
export function quote(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

export function ruleFix(deny: Clause): string {
  return `change ${deny.rule}${deny.where === undefined ? '' : ` at ${deny.where}`}; a deny beats every grant`
}

export function exclusionFix(clause: Clause): string {
  return `nothing opens it: ${clause.rule} holds whatever is granted`
}
