import { generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Action } from '../../core/action.ts'
import { parseCapability } from '../../core/capability.ts'
import type { Principal, Role } from '../../core/principal.ts'
import { PolicyEngine, type ProtectedPlaces, type Signer, type Workspace } from './index.ts'

export const NOW = 1_800_000_000_000
export const owner: Principal = { id: 'owner', role: 'owner', channel: 'local-socket' }

export function agent(id = 'builder', preset?: string): Principal {
  const who = { id, role: 'agent', channel: 'agent-socket' } as const
  return preset === undefined ? who : { ...who, preset }
}

export function as(role: Role): Principal {
  return { id: role, role, channel: 'local-socket' }
}

/** An action from `namespace:verb:resource`; the resource is taken as it stands. */
export function act(text: string, more: Partial<Action> = {}): Action {
  const [, namespace = '', verb = '', resource = ''] = /^([^:]*):([^:]*):?([\s\S]*)$/.exec(text) ?? []
  return { namespace, verb, resource, risk: 'low', bytes: '0'.repeat(64), ...more }
}

export interface Setting {
  readonly rules?: readonly object[]
  readonly more?: object
  readonly workspaces?: readonly Workspace[]
  readonly places?: ProtectedPlaces
}

export function engineWith({
  rules = [],
  more = {},
  workspaces = [],
  places = {},
}: Setting = {}): PolicyEngine {
  const engine = new PolicyEngine({ monotonicMs: () => 0, home: '/home/dev', places })
  engine.load(JSON.stringify({ version: 1, ...more, rules }), 'policy.yaml')
  if (workspaces.length > 0) engine.setWorkspaces(workspaces)
  return engine
}

export function rule(id: string, effect: string, ...capabilities: string[]): object {
  for (const capability of capabilities) parseCapability(capability)
  return { id, effect, capabilities, reason: `because of ${id}` }
}

export function held(id: string, principal: string, capability: string, more: object = {}) {
  const times = { notBefore: NOW, expiresAt: NOW + 600_000 }
  return { id, principal, capability, grantor: 'owner', reason: 'test', ...times, ...more }
}

export function testSigner(keyId = 'key-1'): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    keyId,
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature) => verify(null, bytes, publicKey, signature),
  }
}
