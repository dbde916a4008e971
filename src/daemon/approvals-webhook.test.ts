import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { mayAnswerFromAfar, type Question, type Somebody } from '../decide/approval/index.ts'
import { RISK_LEVELS } from '../core/risk.ts'
import { systemClock } from '../platform/clock.ts'
import { Notifying } from './approvals-notifying.ts'
import { invalidWebhook, sign, webhookNotifier } from './approvals-webhook.ts'
import { ownAddress, ownFetch } from './own-fetch.ts'

const SECRET = Buffer.from('a secret of at least thirty-two bytes')
const NOW = 1_800_000_000_000
const mayAnswer = (asked: Question): boolean => mayAnswerFromAfar(asked)
const PLAIN = { now: () => NOW, redact: (words: string) => words, mayAnswer }
const FAR = { mayAnswer, standsFor: (name: string) => ({ id: `channel:${name}`, role: 'operator' }) as const }

function question(risk: 'medium' | 'high' = 'medium'): Question {
  return {
    id: 'question-1',
    kind: 'command',
    state: 'pending',
    principal: 'builder',
    role: 'agent',
    action: { namespace: 'process', verb: 'spawn', resource: '/usr/bin/curl', risk, bytes: 'b' },
    rule: 'rule.careful',
    reason: 'it is asked for here',
    subject: {
      ...{
        argv: ['/usr/bin/curl', '--user', 'me:hunter2'],
        cwd: '/work',
        workspace: '/work',
        profile: 'agent',
      },
      ...{ segments: [], glue: [], touches: [], notes: [] },
    },
    payload: 'p'.repeat(64),
    twoPhase: risk === 'high',
    choices: ['once', 'deny'],
    askedAt: NOW,
    expiresAt: NOW + 120_000,
  }
}

interface Told {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answering = (told: Told, response: ServerResponse) => void

async function far(t: TestContext, answering: Answering) {
  const told: Told[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      told.push({ headers: request.headers, body })
      answering(told.at(-1)!, response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => (server.closeAllConnections(), server.close()))
  const { port } = server.address() as AddressInfo
  return { told, notifier: notifier(`http://127.0.0.1:${port}/ask`) }
}

const SETTING = 'approval.webhook_url'
const VALUES = {
  'egress.upstream_proxy': undefined,
  'egress.upstream_secret': undefined,
  'egress.roots': undefined,
  'egress.resolver': undefined,
}

/** With the way out it has in the daemon. */
function notifier(text: string, secret = SECRET) {
  const url = ownAddress(SETTING, text, invalidWebhook)
  const reach = {
    values: VALUES,
    clock: systemClock,
    warn: assert.fail,
    policy: () => ({ version: 1 as const }),
  }
  const fetch = ownFetch(
    { setting: SETTING, url, name: 'warder:approval' },
    { ...reach, record: async () => undefined },
  )
  return webhookNotifier({ url, secret, fetch, ...PLAIN })
}

/** What an honest far end says. */
const saying =
  (decision: string, note = '', secret = SECRET): Answering =>
  ({ headers, body }, response) => {
    const { id, payload } = JSON.parse(body) as { id: string; payload: string }
    const signature = sign(secret, [String(headers['warder-timestamp']), id, payload, decision, note])
    response.end(JSON.stringify({ decision, signature, ...(note === '' ? {} : { note }) }))
  }

const never = new AbortController().signal

test('a question goes out signed, without its command line, and a signed answer comes back', async (t) => {
  const { told, notifier } = await far(t, saying('once', 'go on'))
  const reply = await notifier.tell(question(), never)
  assert.deepEqual(reply, { say: 'once', payload: 'p'.repeat(64), note: 'go on' })
  const { headers, body } = told[0]!
  assert.equal(headers['warder-signature'], `v1=${sign(SECRET, [String(NOW), 'question-1', body])}`)
  assert.ok(!body.includes('hunter2') && body.includes('/usr/bin/curl'))
})

test('an answer signed with another secret, for another question, or changed on the way is refused', async (t) => {
  const ways: readonly Answering[] = [
    saying('once', '', Buffer.from('another secret of thirty-two bytes!!')),
    (_told, response) => response.end(JSON.stringify({ decision: 'once', signature: '0'.repeat(64) })),
    (_told, response) => response.end(JSON.stringify({ decision: 'once' })),
    (_told, response) => response.end('{"decision":"once"'),
    ({ headers }, response) => {
      const signature = sign(SECRET, [
        String(headers['warder-timestamp']),
        'question-0',
        'p'.repeat(64),
        'once',
        '',
      ])
      response.end(JSON.stringify({ decision: 'once', signature }))
    },
    // heard before, and said again
    (_told, response) => {
      const signature = sign(SECRET, [String(NOW - 1), 'question-1', 'p'.repeat(64), 'once', ''])
      response.end(JSON.stringify({ decision: 'once', signature }))
    },
    // a yes with the signature of a no
    ({ headers }, response) => {
      const signature = sign(SECRET, [
        String(headers['warder-timestamp']),
        'question-1',
        'p'.repeat(64),
        'deny',
        '',
      ])
      response.end(JSON.stringify({ decision: 'once', signature }))
    },
  ]
  for (const way of ways) {
    const { notifier } = await far(t, way)
    await assert.rejects(notifier.tell(question(), never), { code: 'WEBHOOK_FORGED' })
  }
})

test('what fails, redirects or says too much is an error, and 204 is only told', async (t) => {
  for (const way of [
    ((_told, response) => response.writeHead(500).end()) as Answering,
    ((_told, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()) as Answering,
    ((_told, response) => response.end('x'.repeat(70_000))) as Answering,
  ]) {
    const { notifier } = await far(t, way)
    await assert.rejects(notifier.tell(question(), never), { code: 'WEBHOOK_FAILED' })
  }
  const { notifier } = await far(t, (_told, response) => response.writeHead(204).end())
  assert.equal(await notifier.tell(question(), never), undefined)
})

test('an address in the clear, with a password in it, or a short secret is refused when it is set', () => {
  const make =
    (url: string, secret = SECRET) =>
    () =>
      notifier(url, secret)
  for (const url of ['http://example.org/x', 'ftp://127.0.0.1/', 'nonsense', 'https://me:pw@example.org/']) {
    assert.throws(make(url), { code: 'WEBHOOK_INVALID' }, url)
  }
  assert.throws(make('https://example.org/', Buffer.from('short')), { code: 'WEBHOOK_INVALID' })
  assert.equal(make('https://example.org/')().canAnswer, true)
})

test('a yes from afar to what is dangerous counts for nothing; a no does', async (t) => {
  for (const [decision, expected] of [
    ['once', []],
    ['deny', ['deny']],
  ] as const) {
    const { notifier } = await far(t, saying(decision))
    const answers: string[] = []
    const problems: string[] = []
    const told = Promise.withResolvers<void>()
    const notifying = new Notifying({
      ...FAR,
      notifiers: [notifier],
      answer: async (_id, { say }) => (answers.push(say), told.resolve()),
      problem: (what) => (problems.push(what), told.resolve()),
    })
    notifying.changed({ what: 'asked', question: question('high') })
    await told.promise
    assert.deepEqual(answers, expected)
    assert.equal(problems.length, 1 - expected.length)
    notifying.close()
  }
})

test('an answer from afar is that of the way it came, never of the owner', async (t) => {
  const { notifier } = await far(t, saying('once'))
  const { promise, resolve } = Promise.withResolvers<Somebody>()
  const answer = async (_id: string, _answer: unknown, by: Somebody) => resolve(by)
  const notifying = new Notifying({ ...FAR, notifiers: [notifier], answer, problem: assert.fail })
  notifying.changed({ what: 'asked', question: question() })
  assert.deepEqual(await promise, { id: 'channel:webhook', role: 'operator' })
  notifying.close()
})

test('nothing that needs a second yes or a fresh session is answered from afar, and nothing above what was configured', () => {
  const may = (risk: Question['action']['risk'], twoPhase: boolean, highest?: 'low' | 'medium') =>
    mayAnswerFromAfar({ twoPhase, action: { ...question().action, risk } }, highest)
  assert.deepEqual(
    RISK_LEVELS.map((risk) => [risk, may(risk, false), may(risk, false, 'low'), may(risk, true)]),
    [
      ['low', true, true, false],
      ['medium', true, false, false],
      ['high', false, false, false],
      ['critical', false, false, false],
    ],
  )
})

test('once the question is over, whoever was told is let go', async (t) => {
  const { notifier, told } = await far(t, () => undefined) // never answers
  const problems: string[] = []
  const notifying = new Notifying({
    ...FAR,
    notifiers: [notifier],
    answer: async () => assert.fail('nobody answered'),
    problem: (what) => problems.push(what),
  })
  notifying.changed({ what: 'asked', question: question() })
  while (told.length === 0) await new Promise((done) => setTimeout(done, 5))
  notifying.changed({ what: 'answered', question: { ...question(), state: 'denied' } })
  await new Promise((done) => setImmediate(done))
  assert.deepEqual(problems, [])
})
