import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { sign } from '../../src/daemon/approvals-webhook.ts'
import { writeMembership } from '../../src/client/membership.ts'
import { pkcs8Of } from '../../src/client/people.ts'
import type { PeopleOutput } from '../../src/api/people-calls.ts'
import { approver, handled, type Question } from '../kit/approver.ts'
import { house, until } from '../kit/house.ts'
import { configure, keysOf, owner, refused } from '../kit/owner.ts'
import { comeAsDevice, comeAsGuest, strangers, type Insider } from '../kit/people.ts'

// Ways to say yes from afar to what is not theirs to answer: a webhook, a guest, a device, somebody who took a device.

const SECRET = 'a secret that only the two of us know'
const far = { says: undefined as 'once' | 'deny' | undefined, told: [] as Record<string, unknown>[] }
const webhook = createServer((request, response: ServerResponse) => {
  void text(request).then((body) => {
    const { id, payload } = JSON.parse(body) as { id: string; payload: string }
    far.told.push(JSON.parse(body) as Record<string, unknown>)
    if (far.says === undefined) return response.writeHead(204).end()
    const signature = sign(Buffer.from(SECRET), [
      String(request.headers['warder-timestamp']),
      ...[id, payload, far.says, ''],
    ])
    return response.end(JSON.stringify({ decision: far.says, signature }))
  })
})
await new Promise<void>((done) => webhook.listen(0, '127.0.0.1', done))
after(() => (webhook.closeAllConnections(), webhook.close()))

const those = strangers({ after })
const home = house({ after })
const secret = configure(home, 'webhook.secret', `${SECRET}\n`)
configure(
  home,
  'policy.yaml',
  `version: 1
agents:
  builder: {may_request: ["net:connect:example.org:443"]}
rules:
  - {id: careful, agents: ["*"], effect: ask, capabilities: ["tool:call", "net:listen"], reason: it is asked for here}
  - {id: shared, roles: [operator, guest], effect: ask, capabilities: ["tool:call"], reason: people ask too}
`,
)
const { port } = webhook.address() as AddressInfo
const settings = [
  ...those.settings,
  `approval.webhook_url=http://127.0.0.1:${port}/`,
  `approval.webhook_secret=${secret}`,
]
const me = await owner({ after }, home, settings)

const ask = (capability = 'tool:call:search', risk: 'medium' | 'high' = 'medium') =>
  handled(me.call('decide', { as: 'builder', capability, risk }))
const deny = ({ id, payload }: Question) => me.call('approvalAnswer', { id, payload, say: 'deny' })
const yes = (by: Insider, { id, payload }: { id: string; payload: string }, more: object = {}) =>
  by.call('approvalAnswer', { id, payload, say: 'once', ...more })
const phone = await comeAsDevice(those, me, 'phone', ['approval:read', 'approval:answer', 'tool:call:search'])

test('a yes by webhook is recorded as the channel’s, and is none for what is dangerous or gives a capability', async (t) => {
  far.says = 'once'
  t.after(() => (far.says = undefined))
  const { decision } = await ask()
  assert.equal(decision.effect, 'allow')
  assert.match(decision.reason, /channel:webhook said yes/)
  await me.entry({ action: 'question:answered', agent: 'channel:webhook', decision: 'allow' })
  await me.entry({ action: 'net:connect', agent: 'warder:approval', decision: 'allow' }) // by the way all of Warder’s own go
  const watching = await approver(t, me)
  const risky = ask('net:listen:127.0.0.1:80', 'high')
  const wanted = handled(
    me.client.request({
      method: 'POST',
      path: '/v1/requests',
      body: { as: 'builder', capability: 'net:connect:example.org:443', reason: 'to look' },
    }),
  )
  for (const _ of [1, 2]) {
    const question = await watching.asked('builder')
    await until(() => far.told.some(({ id }) => id === question.id), 'the webhook is told')
    assert.deepEqual(far.told.find(({ id }) => id === question.id)?.['answers'], ['deny'])
    // its yes has come back by the time a second question was answered by it
    await ask('tool:call:other')
    assert.equal((await me.call('approvalShow', { id: question.id })).state, 'pending')
    await deny(question)
  }
  assert.equal((await risky).decision.effect, 'deny')
  await wanted.catch(() => undefined)
  assert.deepEqual(
    (await me.call('grantList', {})).grants.filter(({ principal }) => principal === 'builder'),
    [],
  )
})

test('a device with the scope lists, watches and answers what others ask, in its own name', async () => {
  const seen: PeopleOutput<'approvalFollow'>[] = []
  const over = new AbortController()
  const watching = (async () => {
    for await (const each of those.client.stream('approvalFollow', {}, holder(phone), over.signal))
      seen.push(each)
  })().catch((error: unknown) => (over.signal.aborted ? undefined : Promise.reject(error)))
  await until(() => seen.length > 0, 'the device watches')
  const asking = ask()
  await until(() => seen.some(({ what }) => what === 'asked'), 'the device sees the question')
  const [question] = (await phone.call('approvalList', { agent: 'builder' })).questions
  assert.equal(question?.id, seen.find(({ what }) => what === 'asked')?.question?.id)
  assert.equal((await phone.call('approvalShow', { id: question!.id })).payload, question!.payload)
  await refused(yes(phone, { ...question!, payload: 'f'.repeat(64) }), 'APPROVAL_CHANGED')
  await yes(phone, question!)
  assert.match((await asking).decision.reason, /device:phone said yes/)
  await me.entry({ action: 'question:answered', agent: 'device:phone', decision: 'allow' })
  over.abort()
  await watching
})

test('who was not given it neither looks nor answers; a guest never answers, and nobody their own question', async (t) => {
  const watching = await approver(t, me)
  const asking = ask()
  const question = await watching.asked('builder')
  const [blind, looker, eager] = await Promise.all([
    comeAsGuest(those, me, 'blind', ['monitor:read']),
    comeAsGuest(those, me, 'looker', ['approval:read:builder']),
    comeAsGuest(those, me, 'eager', ['approval:read', 'approval:answer']),
  ])
  const other = await comeAsDevice(those, me, 'tablet', ['approval:read', 'approval:answer:rival'])
  await refused(blind.call('approvalList', {}), 'DENIED')
  await refused(blind.call('approvalShow', { id: question.id }), 'DENIED')
  await refused(blind.call('approvalAnswer', { ...said(question), say: 'deny' }), 'DENIED')
  await refused(next(those.client.stream('approvalFollow', {}, holder(blind))), 'DENIED')
  await refused(looker.call('approvalList', {}), 'DENIED')
  assert.equal((await looker.call('approvalList', { agent: 'builder' })).questions.length, 1)
  await refused(yes(looker, question), 'MEMBER_SCOPE')
  await refused(yes(other, question), 'MEMBER_SCOPE')
  await refused(yes(eager, question), 'APPROVAL_FORBIDDEN')
  await deny(question)
  await asking
  const own = handled(phone.call('ask', { capability: 'tool:call:search' }))
  const its = await watching.asked('device:phone')
  await refused(yes(phone, its), 'APPROVAL_FORBIDDEN')
  await deny(its)
  assert.equal((await own).decision.effect, 'deny')
  const before = (await me.call('daemon', {})).watchers
  const left = new AbortController()
  const looking = those.client.stream('approvalFollow', { agent: 'builder' }, holder(looker), left.signal)
  const changes = looking[Symbol.asyncIterator]()
  assert.equal((await changes.next()).value?.what, 'here')
  assert.equal((await me.call('daemon', {})).watchers, before, 'one who only looks makes nobody wait')
  left.abort()
})

test('what is dangerous takes the owner’s passphrase with the device, each time; without one it is not answered there', async (t) => {
  const watching = await approver(t, me)
  const asking = ask('net:listen:127.0.0.1:80', 'high')
  const question = await watching.asked('builder')
  await refused(yes(phone, question), 'PASSPHRASE_ABSENT')
  const passphrase = 'four small words in a row'
  await me.call('passphraseSet', { passphrase })
  t.after(() => me.call('passphraseRemove', { passphrase }))
  await refused(yes(phone, question), 'OWNER_NOT_FRESH')
  await refused(yes(phone, question, { passphrase: 'a guess of somebody else' }), 'PASSPHRASE_WRONG')
  await me.entry({ agent: 'device:phone', action: 'owner:fresh', rule: 'PASSPHRASE_WRONG', result: 'denied' })
  const agreed = await yes(phone, question, { passphrase })
  assert.equal(agreed.state, 'agreed')
  const word = { word: agreed.word ?? '' }
  await refused(yes(phone, question, word), 'OWNER_NOT_FRESH')
  await yes(phone, question, { ...word, passphrase })
  assert.equal((await asking).decision.effect, 'allow')
  const kept = JSON.stringify(await me.ledger())
  assert.ok(!kept.includes(passphrase) && !kept.includes('a guess of somebody else'))
})

test('the command line answers over there as the device, and a device that is revoked sees nothing more', async () => {
  const { server } = await those.client.join('hello', { nonce: 'AAAA' })
  writeMembership(keysOf(home), {
    ...{ socket: those.socket, server, name: 'phone', key: pkcs8Of(phone.pair) },
    ...{
      member: phone.id,
      token: phone.token,
      tokenExpiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    },
  })
  const watching = home.start(['approve', '--as', 'phone', '--json'])
  let shown = ''
  watching.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  await until(() => shown.includes('"here"'), 'it watches', 60_000)
  const asking = ask()
  const list = ['approval', 'list', '--as', 'phone', '--json']
  const waiting = async () => (await home.warder(list)).json<{ questions: { id: string }[] }>().questions
  await until(async () => (await waiting()).length === 1, 'the question is listed', 60_000)
  const [{ id } = { id: '' }] = await waiting()
  const { code, stderr } = await home.warder(['approval', 'answer', id, 'once', '--as', 'phone'])
  assert.equal(code, 0, stderr)
  assert.match((await asking).decision.reason, /device:phone said yes/)
  await until(() => shown.includes('"answered"') && shown.includes(id), 'the one who watches sees it')
  const stream = those.client.stream('approvalFollow', {}, holder(phone))[Symbol.asyncIterator]()
  assert.equal((await stream.next()).value?.what, 'here')
  await me.call('deviceRevoke', { id: 'phone' })
  assert.equal((await stream.next()).done, true)
  await refused(phone.call('approvalList', {}), 'TOKEN_REVOKED')
  await until(() => watching.exitCode !== null, 'and so does the other', 60_000)
  assert.notEqual((await home.warder(list)).code, 0)
})

function holder({ pair, token }: Insider) {
  return { key: pair.key, token }
}

function said({ id, payload }: Question) {
  return { id, payload }
}

async function next<T>(values: AsyncIterable<T>): Promise<T | undefined> {
  for await (const value of values) return value
  return undefined
}
