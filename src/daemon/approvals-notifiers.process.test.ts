import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { desktop } from '../../test/kit/notifications.ts'
import type { Question } from '../decide/approval/index.ts'
import { systemClock } from '../platform/clock.ts'
import { desktopWords, notifiersOf, spared } from './approvals-notifiers.ts'
import { WEBHOOK_ERRORS, WebhookError } from './approvals-webhook.ts'

const never = new AbortController().signal

function question(principal = 'builder'): Question {
  return {
    ...{ id: 'question-1', kind: 'outbound_request', state: 'pending', principal, role: 'agent' },
    action: {
      namespace: 'net',
      verb: 'connect',
      resource: '<b>secret.example</b>:443',
      risk: 'medium',
      bytes: 'b',
    },
    ...{ rule: 'rule.careful', reason: 'the reason of <i>somebody</i>', payload: 'p'.repeat(64) },
    ...{ twoPhase: false, choices: ['once', 'deny'], askedAt: 0, expiresAt: 120_000 },
  }
}

function desktopNotifier(environment: Readonly<Record<string, string>>) {
  const values = {
    ...{ 'approval.desktop': true, 'approval.webhook_url': undefined, 'approval.webhook_secret': undefined },
    ...{ 'egress.upstream_proxy': undefined, 'egress.upstream_secret': undefined },
    ...{ 'egress.roots': undefined, 'egress.resolver': undefined },
  }
  const reach = {
    ...{ clock: systemClock, record: () => assert.fail('nothing leaves'), warn: assert.fail },
    policy: () => ({ version: 1 as const }),
  }
  const [notifier] = notifiersOf({
    ...{ values, reach, environment, now: () => 0, redact: (words) => words, mayAnswer: () => true },
  })
  return notifier
}

function isMissing(t: TestContext): boolean {
  const hasBus = spawnSync('dbus-daemon', ['--version']).status === 0
  if (existsSync('/usr/bin/notify-send') && hasBus) return false
  t.skip('notify-send or dbus-daemon is not installed here: NOT tried')
  return true
}

const NAMES = ['builder', 'guest:anna', 'chat:<b>matrix</b>/&amp;\u202e"x"', '--help', '-x']

test('a desktop notification holds no word of a command, a resource or a reason, and nothing a desktop reads as markup', () => {
  for (const name of NAMES) {
    const words = desktopWords(question(name)).join('\n')
    assert.ok(!/secret|somebody|[<>&"\u202e]/.test(words), words)
  }
})

test('the real notify-send shows each word as it was meant, whatever the name of who asks', async (t) => {
  if (isMissing(t)) return
  const { address, shown } = await desktop(t)
  const notifier = desktopNotifier({ DBUS_SESSION_BUS_ADDRESS: address, HOME: '/nonexistent' })
  for (const name of NAMES) assert.equal(await notifier?.tell(question(name), never), undefined)
  assert.deepEqual(
    shown.map(({ app, summary, body }) => [app, summary, body]),
    NAMES.map((name) => ['Warder', ...desktopWords(question(name))]),
  )
  assert.equal(shown[0]?.summary, 'builder asks: outbound request, medium risk')
})

test('where there is no desktop, that nobody was shown anything is an error and not silence', async (t) => {
  if (isMissing(t)) return
  const notifier = desktopNotifier({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' })
  await assert.rejects(notifier!.tell(question(), never), /notify-send ended as exit 1/)
})

test('a webhook that does not answer is left alone; a forged answer is none of its failures', async () => {
  const error = (code: 'WEBHOOK_FAILED' | 'WEBHOOK_FORGED') =>
    new WebhookError(WEBHOOK_ERRORS, code, { what: code, fix: 'none' })
  const says = { code: 'WEBHOOK_FORGED' as 'WEBHOOK_FAILED' | 'WEBHOOK_FORGED', calls: 0 }
  const notifier = spared({
    ...{ name: 'webhook', canAnswer: true },
    tell: async () => {
      says.calls += 1
      throw error(says.code)
    },
  })
  for (const _ of [1, 2, 3, 4]) await assert.rejects(notifier.tell(question(), never), /FORGED/)
  says.code = 'WEBHOOK_FAILED'
  for (const _ of [1, 2, 3]) await assert.rejects(notifier.tell(question(), never), /FAILED/)
  assert.equal(says.calls, 7)
  await assert.rejects(notifier.tell(question(), never), /webhook is left alone for another 30 s/)
  assert.equal(says.calls, 7)
})
