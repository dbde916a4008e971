import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startDaemon } from '../kit/daemon.ts'
import { house, until } from '../kit/house.ts'
import { refused } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'
import { codeOf, place } from './console-place.ts'
import { rolesAttacks } from './console-roles.ts'
import { sessionAttacks } from './console-sessions.ts'
import { wireAttacks } from './console-wire.ts'

// Ways into the console for whom it is not: without log-in, in somebody else’s role, from another page, with what was
// stolen, planted or used before, through its files, and by asking so much that nobody else is served.

const attacked = place()
const { home, me, site, mine, enterAgain } = attacked
const WORD = 'correct horse battery'

rolesAttacks(attacked)
sessionAttacks(attacked)
wireAttacks(attacked)

test('a policy is written through the page only over the one it was made from, and only without a fault', async () => {
  const file = join(home.home, '.config/warder/policy.yaml')
  const before = createHash('sha256').update('version: 1\n').digest('hex')
  const put = (body: object) => mine().post('/v1/console/policy', body)
  const loose =
    'version: 1\nrules:\n  - {id: all, agents: ["*"], effect: allow, capabilities: ["fs:*"], reason: r}\n'
  const wrong: readonly (readonly [object, string])[] = [
    [{ text: loose, before: '0'.repeat(64) }, 'CONSOLE_POLICY_CHANGED'],
    [{ text: loose.replace('effect', 'efect'), before }, 'POLICY_INVALID'],
    [{ text: loose, before: before.toUpperCase() }, 'INPUT_INVALID'],
    [{ text: loose }, 'INPUT_INVALID'],
    [{ text: loose, before, file: '/etc/passwd' }, 'INPUT_INVALID'],
    [{ text: `${loose}#${'x'.repeat(1_000_001)}`, before }, 'INPUT_INVALID'],
  ]
  for (const [body, code] of wrong) assert.equal((await put(body)).json['code'], code)
  const { cookie } = mine()
  const forged = {
    method: 'POST',
    path: '/v1/console/policy',
    body: { text: loose, before },
    headers: { cookie },
  }
  assert.deepEqual(codeOf(await site().send(forged)), [403, 'CONSOLE_CSRF'])
  assert.equal(existsSync(file), false, 'nothing of it was written')
  const { decision } = await me().call('decide', { capability: 'fs:read:/srv/x', as: 'somebody' })
  assert.equal(decision.effect, 'deny')
})

test('guessing the passphrase is slow, on record, locks the console alone, and never the link', async () => {
  await me().call('passphraseSet', { passphrase: WORD })
  await enterAgain()
  assert.deepEqual(
    codeOf(await mine().post('/v1/resume', { reason: 'x' })),
    [403, 'FRESH_NEEDED'],
    'a link is not the passphrase',
  )
  const policy = { text: 'version: 1\n', before: createHash('sha256').update('version: 1\n').digest('hex') }
  assert.deepEqual(codeOf(await mine().post('/v1/console/policy', policy)), [403, 'FRESH_NEEDED'])
  assert.equal(existsSync(join(home.home, '.config/warder/policy.yaml')), false, 'and no policy was written')
  const guess = (passphrase: string) =>
    site().send({ method: 'POST', path: '/session', body: { passphrase } })
  const tried = await Promise.all(Array.from({ length: 12 }, (_each, at) => guess(`guess ${at} of many`)))
  const codes = tried.map(({ json }) => json['code'])
  assert.equal(codes.filter((code) => code === 'PASSPHRASE_WRONG').length, 5, String(codes))
  assert.ok(codes.every((code) => ['PASSPHRASE_WRONG', 'LOCKED_OUT', 'RATE_LIMITED'].includes(String(code))))
  assert.ok(
    ['LOCKED_OUT', 'RATE_LIMITED'].includes(String((await guess(WORD)).json['code'])),
    'the right one too',
  )
  await me().entry({
    action: 'console:login',
    target: 'passphrase',
    rule: 'PASSPHRASE_WRONG',
    result: 'denied',
  })
  await me().call('passphraseCheck', { passphrase: WORD }) // the terminal is not locked
  await until(async () => {
    const { url } = await me().call('consoleLink', {})
    const body = { token: /#link=(.+)$/.exec(url)?.[1] }
    return (await site().send({ method: 'POST', path: '/session/link', body })).status === 200
  }, 'a link still lets the owner in')
  assert.doesNotMatch(JSON.stringify(await me().ledger()), /guess 1 of many|correct horse/)
})

test('it does not start open to a network: no subnet, no log-in, no address', async () => {
  const other = house({ after })
  for (const words of [
    ['--set=console.listen=0.0.0.0:0'],
    [
      '--set=console.listen=0.0.0.0:0',
      '--set=console.subnet=192.0.2.0/24',
      '--set=profile=dev',
      '--set=auth.mode=off',
    ],
    ['--set=console.listen=everywhere'],
  ]) {
    await assert.rejects(
      startDaemon({ after }, other, words),
      /CONSOLE_BIND_REFUSED|CONSOLE_ADDRESS/,
      words.join(' '),
    )
  }
})

test('nobody is let in to a console that was turned off, or after the daemon ended', async () => {
  await me().call('consoleClose', {})
  await assert.rejects(mine().get('/v1/daemon'))
  await refused(me().call('consoleLink', {}), 'CONSOLE_OFF')
  const { sessions } = await me().call('sessionList', {})
  assert.ok(sessions.every(({ id }) => id !== mine().who.session))
  await endDaemon(home)
})
