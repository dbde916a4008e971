import { formatCapability, parseCapability } from '../../core/capability.ts'
import { identityError } from './errors.ts'

/** Namespaces that are the border itself, or what is kept behind it: no guest, device or slip is ever given them. */
const NEVER: ReadonlySet<string> = new Set([
  'policy',
  'grant',
  'config',
  'firewall',
  'dns',
  'sec',
  'crypto',
  'secret',
  'audit',
])
const NEVER_ACTIONS: ReadonlySet<string> = new Set(['agent:resume', 'agent:*'])
const MOST = 32

/**
 * Checks what a guest or device shall be able to do, and writes it in its one form.
 *
 * @param isWideAccepted whether somebody said yes to a scope without an end
 * @throws IdentityError `MEMBER_SCOPE`; CapabilityError
 */
export function checkScope(scope: readonly string[], isWideAccepted: boolean): string[] {
  if (scope.length === 0 || scope.length > MOST) {
    throw unfit(`a scope names 1 to ${MOST} capabilities`, 'give it with --scope, such as monitor:read')
  }
  return [...new Set(scope)].map((text) => {
    const capability = parseCapability(text)
    const { namespace, verb, pattern } = capability
    if (NEVER.has(namespace) || NEVER_ACTIONS.has(`${namespace}:${verb}`)) {
      throw unfit(`${text} is for the owner alone`, 'leave it out')
    }
    if (pattern?.includes('${') === true) throw unfit(`${text} has a variable`, 'write the path out')
    if (isWide(verb, pattern, namespace) && !isWideAccepted) {
      throw unfit(`${text} has no end`, 'name what is needed, or say so: --accept wide-scope')
    }
    return formatCapability(capability)
  })
}

/** A star for everything of a kind: every action, or every resource there is. */
export function isWide(verb: string, pattern: string | undefined, namespace: string): boolean {
  if (verb === '*') return true
  if (pattern === undefined) return ['fs', 'process', 'net', 'tool', 'pkg', 'service'].includes(namespace)
  return /^\/?\*\*$|^\*$/.test(pattern)
}

function unfit(what: string, fix: string): Error {
  return identityError('MEMBER_SCOPE', what, fix)
}
