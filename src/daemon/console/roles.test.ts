import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '../../api/endpoint.ts'
import { ENDPOINTS, type EndpointName } from '../../api/endpoints.ts'
import { isDecided, mayCall } from './roles.ts'

const ALL = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]

test('somebody decided of every call whether the console may make it; what is not decided is not callable', () => {
  const open = ALL.map(([name]) => name).filter((name) => !isDecided(name))
  assert.deepEqual(open, [], 'add them to src/daemon/console/roles.ts')
  assert.equal(mayCall('no such call' as EndpointName), 'never')
})

test('a viewer is let through to nothing that changes something', () => {
  const posts = ALL.filter(([name, { method }]) => mayCall(name) === 'viewer' && method !== 'GET')
  // these answer a question about what is in the request, and keep nothing
  assert.deepEqual(
    posts.map(([name]) => name),
    ['policyCheck', 'policyExplain', 'policyTest', 'mcpPinCompare'],
  )
})

test('what hands out a secret, a token or a run is never made through the console', () => {
  const never: readonly EndpointName[] = [
    ...([
      'open',
      'execIn',
      'forward',
      'login',
      'tokenIssue',
      'secretRead',
      'secretSet',
      'secretUnlock',
    ] as const),
    ...([
      'passphraseSet',
      'passphraseRemove',
      'ownerReset',
      'consoleLink',
      'consoleOpen',
      'totpBegin',
    ] as const),
    ...(['mcpOpen', 'hookAsk', 'firewallAsk'] as const),
  ]
  assert.deepEqual(
    never.map((name) => mayCall(name)),
    never.map(() => 'never'),
  )
})
