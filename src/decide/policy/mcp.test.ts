import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, agent, engineWith, NOW, rule } from './fixture.test-kit.ts'
import { PolicyError } from './index.ts'

const SERVERS = {
  files: {
    tier: 'trusted',
    tools: { 'read_*': 'allow', write_file: { action: 'ask' }, '*_all': 'deny' },
    resources: { 'file:///**': 'allow' },
    questions: { roots: 'allow' },
  },
  guest: { tools: { '*': 'allow' } },
  own: { tier: 'verified', agents: ['editor'], tools: { '*': 'allow' } },
}

const said = (what: string, more: object = {}, who = 'builder'): string[] => {
  const engine = engineWith({ more: { mcp: { servers: SERVERS } }, ...more })
  const { effect, rule: by } = engine.decide(agent(who), act(`tool:call:${what}`, { risk: 'medium' }), NOW)
  return [effect, by]
}

test('what a server may be asked for is decided like any tool, by the line that names it', () => {
  assert.deepEqual(said('files/read_one'), ['allow', 'mcp.files.tools.read_*'])
  assert.deepEqual(said('files/write_file'), ['ask', 'mcp.files.tools.write_file'])
  assert.deepEqual(said('files/read_all'), ['deny', 'mcp.files.tools.*_all'])
  assert.deepEqual(said('files/@resource'), ['allow', 'mcp.files.resources'])
  assert.deepEqual(said('files/@roots'), ['allow', 'mcp.files.questions.roots'])
  for (const nothing of [
    'files/delete',
    'files/@sampling',
    'files/@prompt',
    'other/read_one',
    'files2/read_one',
    'files',
  ])
    assert.deepEqual(said(nothing), ['deny', 'default'], nothing)
})

test('of a server nobody vouches for even what is allowed asks, and agents that are not named may not', () => {
  assert.deepEqual(said('guest/fine'), ['ask', 'mcp.guest.tools.*'])
  assert.deepEqual(said('own/fine'), ['deny', 'default'])
  assert.deepEqual(said('own/fine', {}, 'editor'), ['allow', 'mcp.own.tools.*'])
})

test('rules elsewhere hold as well, and the strictest wins', () => {
  const rules = [rule('no-reading', 'deny', 'tool:call:files/read_one')]
  assert.deepEqual(said('files/read_one', { rules }), ['deny', 'rule.no-reading'])
  assert.deepEqual(said('files/read_two', { rules }), ['allow', 'mcp.files.tools.read_*'])
})

test('a section that contradicts itself, or that nobody can hold, is refused as a whole', () => {
  const argument = (given: object) => ({
    servers: { box: { tools: { x: { action: 'allow', arguments: { a: given } } } } },
  })
  const bad = [
    argument({ pattern: '(a+)+$' }),
    argument({ below: ['/x'] }),
    argument({ hosts: ['a.org'] }),
    argument({ path: 'read', command: true }),
    argument({ range: [2, 1] }),
    argument({ colour: 'red' }),
    { servers: { Box: {} } },
    { servers: { box: { tier: 'friendly' } } },
    { servers: { box: { methods: ['tools/call'] } } },
    { servers: { box: { tools: { 'a/b': 'allow' } } } },
  ]
  for (const mcp of bad) assert.throws(() => engineWith({ more: { mcp } }), PolicyError, JSON.stringify(mcp))
})
