import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AIRLOCK_BUDGET, DEFAULT_BUDGET } from '../enforce/egress/index.ts'
import { egressOf } from './egress-policy.ts'

const POLICY = {
  version: 1,
  agents: { small: { egress: { requests: 10, bytes_out: '1MiB' } } },
  egress: [
    { id: 'api', hosts: ['api.example.org'], inspect: true, methods: ['GET'], paths: ['/v1/**'] },
    {
      id: 'forge',
      agents: ['builder'],
      hosts: ['*.forge.example'],
      ports: [22],
      opaque: true,
      at_once: 2,
      timeout: '8s',
    },
    { id: 'home', hosts: ['[::1]', 'corp.example'], addresses: ['10.0.0.0/8'] },
  ],
} as const

const of = (agent: string) => egressOf(structuredClone(POLICY) as never, agent)

test('an entry shapes the places it names, for the agents it names, and nothing else', () => {
  const { shapesOf } = of('builder')
  assert.deepEqual(shapesOf({ host: 'api.example.org', port: 443 }), [
    { id: 'egress.api', methods: ['GET'], paths: ['/v1/**'] },
  ])
  assert.deepEqual(shapesOf({ host: 'git.forge.example', port: 22 }), [{ id: 'egress.forge', opaque: true }])
  assert.equal(shapesOf({ host: 'git.forge.example', port: 443 }), undefined)
  assert.equal(
    shapesOf({ host: 'forge.example', port: 22 }),
    undefined,
    'what is below a name is not the name',
  )
  assert.equal(of('other').shapesOf({ host: 'git.forge.example', port: 22 }), undefined)
  assert.deepEqual(shapesOf({ host: '::1', port: 80 }), [{ id: 'egress.home', addresses: ['10.0.0.0/8'] }])
})

test('inspected hosts are looked through for keys, whether or not the entry says so', () => {
  const { intercept, content } = of('builder')
  assert.deepEqual(intercept, ['api.example.org'])
  assert.deepEqual(
    content.map(({ id, host, outgoing }) => [id, host, outgoing?.secrets]),
    [['egress.api', 'api.example.org', 'block']],
  )
})

test('what an agent may send is what its entry says, and the usual for the rest', () => {
  assert.deepEqual(of('builder').budget, DEFAULT_BUDGET)
  assert.deepEqual(of('small').budget, { ...DEFAULT_BUDGET, requests: 10, bytesOut: 1024 ** 2 })
  assert.deepEqual(egressOf({ version: 1 }, 'any', AIRLOCK_BUDGET).budget, AIRLOCK_BUDGET)
})

test('how much of a place there is at a time is said of each host the entry names, to the agents it names', () => {
  assert.deepEqual(of('builder').limits, [
    { id: 'egress.forge', host: '*.forge.example', ports: [22], atOnce: 2, timeoutMs: 8000 },
  ])
  assert.deepEqual(of('other').limits, [])
})
