import { KnownError, type ErrorCatalogue } from './error.ts'
import type { Domain } from './action.ts'

export const CAPABILITY_ERRORS = {
  CAPABILITY_INVALID: {
    kind: 'invalid',
    meaning: 'a capability is not written namespace:action[:resource_pattern]',
  },
  CAPABILITY_UNKNOWN: {
    kind: 'invalid',
    meaning: 'a capability names a namespace or action Warder does not know',
  },
} as const satisfies ErrorCatalogue

export class CapabilityError extends KnownError<typeof CAPABILITY_ERRORS> {
  override readonly name = 'CapabilityError'
}

/**
 * What a namespace's resources are, hence how patterns match them: an absolute path by components, `host:port` by
 * the domain rule and numeric ports, or a name in `/`-separated components.
 */
export type ResourceKind = 'path' | 'endpoint' | 'name'

export interface Namespace {
  readonly resource: ResourceKind
  readonly domain: Domain
  readonly verbs: readonly string[]
}

/** Every namespace there is. One that is not here is an error, never "no match". */
export const NAMESPACES: Readonly<Record<string, Namespace>> = {
  fs: { resource: 'path', domain: 'path_access', verbs: ['read', 'write', 'mkdir', 'delete', 'list'] },
  process: { resource: 'path', domain: 'tool_access', verbs: ['spawn', 'kill', 'list'] },
  net: { resource: 'endpoint', domain: 'egress', verbs: ['connect', 'listen', 'resolve'] },
  tool: { resource: 'name', domain: 'tool_access', verbs: ['call', 'list'] },
  agent: { resource: 'name', domain: 'agent_risk', verbs: ['start', 'stop', 'resume'] },
  model: { resource: 'name', domain: 'model_promotion', verbs: ['promote', 'use'] },
  data: { resource: 'name', domain: 'sensitivity', verbs: ['handle'] },
  secret: {
    resource: 'name',
    domain: 'tool_access',
    verbs: ['use', 'read', 'set', 'rotate', 'delete', 'list'],
  },
  pkg: { resource: 'name', domain: 'tool_access', verbs: ['install', 'remove', 'update', 'list'] },
  service: { resource: 'name', domain: 'agent_risk', verbs: ['start', 'stop', 'restart', 'status'] },
  config: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'write'] },
  policy: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'reload', 'write'] },
  grant: { resource: 'name', domain: 'agent_risk', verbs: ['add', 'revoke', 'list'] },
  firewall: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'write'] },
  dns: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'write'] },
  sec: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'write'] },
  approval: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'answer'] },
  audit: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'export', 'verify'] },
  crypto: { resource: 'name', domain: 'agent_risk', verbs: ['sign', 'encrypt', 'decrypt'] },
  monitor: { resource: 'name', domain: 'agent_risk', verbs: ['read'] },
  metrics: { resource: 'name', domain: 'agent_risk', verbs: ['read'] },
  alert: { resource: 'name', domain: 'agent_risk', verbs: ['read', 'raise'] },
}

/** A capability as written: `verb` may be `*`; without a pattern it covers every resource. */
export interface Capability {
  readonly namespace: string
  readonly verb: string
  readonly pattern?: string
}

const MAX_LENGTH = 1024

/**
 * Reads `namespace:action[:resource_pattern]`. The pattern is everything after the second colon and is checked for
 * its kind when it is compiled (`decide/policy`), not here.
 *
 * @throws CapabilityError `CAPABILITY_INVALID` or `CAPABILITY_UNKNOWN`
 */
export function parseCapability(text: string): Capability {
  const [, namespace, verb, , pattern] = /^([a-z]+):([a-z]+|\*)(:([\s\S]+))?$/.exec(text) ?? []
  if (namespace === undefined || verb === undefined || text.length > MAX_LENGTH || hasControl(text)) {
    throw new CapabilityError(CAPABILITY_ERRORS, 'CAPABILITY_INVALID', {
      what: `"${printable(text)}" is not a capability`,
      fix: 'write namespace:action[:resource_pattern], such as fs:read:/srv/data/** or net:connect:example.com:443',
    })
  }
  const known = Object.hasOwn(NAMESPACES, namespace) ? NAMESPACES[namespace] : undefined
  if (known === undefined) {
    throw new CapabilityError(CAPABILITY_ERRORS, 'CAPABILITY_UNKNOWN', {
      what: `"${namespace}" in "${printable(text)}" is not a namespace`,
      fix: `use one of: ${Object.keys(NAMESPACES).join(', ')}`,
    })
  }
  if (verb !== '*' && !known.verbs.includes(verb)) {
    throw new CapabilityError(CAPABILITY_ERRORS, 'CAPABILITY_UNKNOWN', {
      what: `"${verb}" in "${printable(text)}" is not an action of ${namespace}`,
      fix: `use one of: ${known.verbs.join(', ')}, or *`,
    })
  }
  return pattern === undefined ? { namespace, verb } : { namespace, verb, pattern }
}

export function formatCapability({ namespace, verb, pattern }: Capability): string {
  return pattern === undefined ? `${namespace}:${verb}` : `${namespace}:${verb}:${pattern}`
}

function hasControl(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text)
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 120)).slice(1, -1)
}
