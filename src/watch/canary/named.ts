import type { Canary } from './book.ts'

/** As much of an entry of the record as says what was asked for by name. */
export interface NamedUse {
  readonly seq: number
  readonly agent: string
  readonly action: string
  readonly target: string
  readonly rule: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** What a token is called where the way out looks for it: no secret can have that name. */
export function bindingName({ id }: Pick<Canary, 'id'>): string {
  return `canary.${id}`
}

/** The canary an entry of the record is about, if any: nobody has a reason to ask for one. */
export function usedBy(canaries: readonly Canary[], entry: NamedUse): Canary | undefined {
  return canaries.find((canary) => isUse(canary, entry))
}

function isUse(canary: Canary, entry: NamedUse): boolean {
  const { action, target, rule, details } = entry
  const { kind, name } = canary
  if (kind === 'dns') return action === 'net:connect' && isHost(target, name)
  if (kind === 'tool') return (action.startsWith('tool:') || isRefusedCall(entry)) && isTool(target, name)
  if (kind === 'token') return rule === 'egress.canary-used' && details['binding'] === bindingName(canary)
  // its own planting is a `secret:set`; nobody else sets what they do not know
  if (kind === 'secret') return target === name && /^(?:broker:|secret:(?!set$))/.test(action)
  return false
}

/** `name:443`, or something below it. */
function isHost(target: string, name: string): boolean {
  const host = target
    .replace(/:\d{1,5}$/, '')
    .toLowerCase()
    .replace(/\.$/, '')
  return host === name || host.endsWith(`.${name}`)
}

/** Most canaries are tools no server has: such a call ends at the firewall, before anybody decides about it. */
function isRefusedCall({ action, details }: NamedUse): boolean {
  return action === 'mcp:refuse' && details['from'] === 'client' && details['method'] === 'tools/call'
}

/** A tool without a server is one on every server. */
function isTool(target: string, name: string): boolean {
  return target === name || (!name.includes('/') && target.endsWith(`/${name}`))
}
