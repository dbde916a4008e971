import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Decision } from '../core/decision.ts'
import type { Principal } from '../core/principal.ts'
import type { Credential, GateEvent, Verdict } from '../gate/index.ts'
import { SecretValue } from '../platform/secret-value.ts'
import type { SettingValues } from '../platform/settings.ts'
import { parseSecretOption } from '../api/secrets.ts'
import type { Asked } from './acts.ts'
import { bindingsFor, covers, type BindingsOptions } from './secrets-bindings.ts'
import { SecretsRoom } from './secrets-room.ts'

const root = mkdtempSync(join(tmpdir(), 'wsb-'))
after(() => rmSync(root, { recursive: true, force: true }))

const values = {
  'paths.state': root,
  'paths.keys': root,
  'secrets.key_file': join(root, 'secrets.key'),
  'secrets.command': [],
  'secrets.store': 'file',
} as unknown as SettingValues
const room = new SecretsRoom({
  ...{ values, environment: {}, taken: new Map(), seenRevision: 0, changed: () => undefined, now: Date.now },
})
const secret = (text: string) => SecretValue.take(Buffer.from(text))
await room
  .book()
  .set('api-key', { hosts: ['api.example.com', '*.cdn.example.com'], principals: ['builder'] }, secret('v1'))
await room.book().set('other-key', { hosts: ['other.example.com'], principals: ['builder'] }, secret('v2'))
await room.book().set('unbound', { principals: ['builder'] }, secret('v3'))

/** A gate that lets agents use what is named here, and the owner everything. */
function gate(...granted: readonly string[]) {
  const events: GateEvent[] = []
  const asked: Asked[] = []
  const identify = (credential: Credential): Principal => {
    const name =
      credential.kind === 'agent' ? credential.name : 'as' in credential ? credential.as : undefined
    return name === undefined
      ? { id: 'owner', role: 'owner', channel: 'local-socket' }
      : { id: name, role: 'agent', channel: 'agent-socket' }
  }
  const decide = (who: Principal, { resource }: { resource: string }) => {
    const effect = who.role === 'owner' || granted.includes(`${who.id} ${resource}`) ? 'allow' : 'deny'
    return {
      effect,
      reason: 'a test',
      rule: 'test',
      layer: 'policy',
      capabilities: [],
    } as unknown as Decision
  }
  const options: BindingsOptions = {
    room,
    acts: {
      ask: async (each) => {
        asked.push(each)
        const who = identify(each.credential)
        const decision = decide(who, each)
        return { decision, who, action: { ...each, bytes: '' } } as unknown as Verdict
      },
    },
    rooms: { identify, decide, contained: () => undefined },
    append: async (event) => events.push(event),
    wasUsed: () => false,
  }
  return { options, events, asked }
}

const request = (wanted: string[], more = {}) => ({
  ...{ credential: { kind: 'peer' } as Credential, agent: 'builder', run: 'run-1', hosts: [] as string[] },
  wanted: wanted.map(parseSecretOption),
  ...more,
})

test('a secret is lent when it is kept for the agent, granted to it, and bound to the host; each lending is on record', async () => {
  const { options, events, asked } = gate('builder api-key')
  const [lent, ...more] = await bindingsFor(options, request(['api-key']))
  assert.ok(lent !== undefined && more.length === 0)
  assert.equal(
    lent.value.use((bytes) => Buffer.from(bytes).toString()),
    'v1',
  )
  assert.deepEqual(
    [lent.hosts, lent.places, lent.plainHttp],
    [['api.example.com', '*.cdn.example.com'], ['header'], false],
  )
  assert.deepEqual(
    asked.map(({ namespace, verb, resource, credential }) => [namespace, verb, resource, credential]),
    [['secret', 'use', 'api-key', { kind: 'peer', as: 'builder' }]],
    'asked in the agent’s name, though the owner starts the run',
  )
  assert.deepEqual(
    events.map(({ agent, action, target, risk_level, details }) => [
      agent,
      action,
      target,
      risk_level,
      details['first_use'],
    ]),
    [['builder', 'broker:lent', 'api-key', 'medium', true]],
  )
  assert.doesNotMatch(JSON.stringify([events, asked, lent]), /v1/)
})

test('without a grant, for another agent, for another host, unbound or disabled: refused, and nothing is lent', async () => {
  const all = gate('builder api-key', 'builder unbound', 'stranger api-key')
  const tries = [
    [gate(), request(['api-key']), 'DENIED'],
    [all, request(['api-key'], { agent: 'stranger' }), 'SECRET_NOT_FOR'],
    [all, request(['api-key=evil.example.com']), 'SECRET_NOT_FOR'],
    [all, request(['api-key=example.com']), 'SECRET_NOT_FOR'],
    [all, request(['unbound']), 'SECRET_NOT_FOR'],
    [all, request(['no-such']), 'SECRET_UNKNOWN'],
  ] as const
  for (const [{ options, events }, wanted, code] of tries) {
    await assert.rejects(bindingsFor(options, wanted), { code }, code)
    assert.deepEqual(events, [])
  }
  room.book().disable('api-key', 'its twin was used')
  await assert.rejects(bindingsFor(all.options, request(['api-key'])), { code: 'SECRET_NOT_FOR' })
  assert.deepEqual(await bindingsFor(all.options, request([], { hosts: ['api.example.com'] })), [])
  room.book().disable('api-key', undefined)
  const unrecorded = { ...all.options, append: () => Promise.reject(new Error('the ledger is full')) }
  await assert.rejects(bindingsFor(unrecorded, request(['api-key'])), /ledger is full/)
})

test('what is granted comes along for hosts the run may reach, without being named; what is not granted does not', async () => {
  const { options } = gate('builder api-key')
  const names = async (hosts: string[], more = {}) =>
    (await bindingsFor(options, request([], { hosts, ...more }))).map(
      ({ name, hosts: to }) => `${name} ${to.join()}`,
    )
  assert.deepEqual(await names(['api.example.com', 'other.example.com']), ['api-key api.example.com'])
  assert.deepEqual(await names(['*.example.com']), ['api-key api.example.com,*.cdn.example.com'])
  assert.deepEqual(await names(['elsewhere.example.org']), [])
  assert.deepEqual(await names(['api.example.com'], { agent: 'stranger' }), [])
})

test('a narrower host is covered, a wider or a foreign one is not', () => {
  const yes = [
    ['a.b', 'a.b'],
    ['a.b', 'a.b:443'],
    ['*.a.b', 'x.a.b'],
    ['*.a.b', '*.x.a.b'],
    ['a.b:443', 'a.b:443'],
    ['[::1]:443', '[::1]:443'],
    ['[::1]', '[::1]:8443'],
  ] as const
  const no = [
    ['*.a.b', 'a.b'],
    ['a.b', '*.a.b'],
    ['*.x.a.b', '*.a.b'],
    ['a.b:443', 'a.b'],
    ['a.b:443', 'a.b:80'],
    ['*.a.b', 'xa.b'],
    ['[::1]', '[::2]'],
  ] as const
  for (const [pattern, host] of yes) assert.ok(covers([pattern], host), `${pattern} ${host}`)
  for (const [pattern, host] of no) assert.ok(!covers([pattern], host), `${pattern} ${host}`)
  for (const bad of ['', '=', 'a=', 'A', 'a=b,', 'a b', '-x'])
    assert.throws(() => parseSecretOption(bad), /not NAME/, bad)
})
