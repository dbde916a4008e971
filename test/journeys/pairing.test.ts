import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { drawnOn, scanned } from '../kit/camera.ts'
import { house, until } from '../kit/house.ts'
import { needsTerminal, terminal } from '../kit/terminal.ts'

// Two people with a Warder each: one lets the other in, as a guest and with a paired device.

const directory = mkdtempSync(join(tmpdir(), 'wp-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const socket = join(directory, 'p/people.sock')
const host = house({ after })
const far = house({ after })
const settings = { WARDER_PEOPLE_SOCKET: socket }
const there = (words: readonly string[], input?: string) =>
  host.warder(words, input === undefined ? { env: settings } : { env: settings, input })

test('a guest is invited, comes with the invitation, runs what it may, and is shown with what it did', async () => {
  writeFileSync(join(host.workspace, 'notes.txt'), 'from the host\n')
  const words = [
    'guest',
    'invite',
    'anna',
    '--scope',
    'process:spawn:/usr/bin/cat',
    '--workspace',
    '.',
    '--for',
    '7d',
  ]
  const invited = await there(words)
  assert.equal(invited.code, 0, invited.stderr)
  assert.match(invited.stderr, /warder guest join --at/)
  const invitation = invited.stdout.trim()
  const joined = await far.warder(['guest', 'join', '--at', socket, '--from-fd', '0'], {
    input: `${invitation}\n`,
  })
  assert.equal(joined.code, 0, joined.stderr)
  assert.match(joined.stdout, /^you are guest:anna until /)
  const key = join(far.home, '.local/share/warder/keys/memberships/anna.json')
  assert.equal(statSync(key).mode & 0o777, 0o600)
  const again = await far.warder(['guest', 'join', '--at', socket, '--from-fd', '0'], {
    input: `${invitation}\n`,
  })
  assert.equal(again.code, 5)

  const ran = await far.warder(['guest', 'exec', '--', 'cat', 'notes.txt'])
  assert.deepEqual([ran.code, ran.stdout], [0, 'from the host\n'], ran.stderr)
  const failed = await far.warder(['guest', 'exec', '--', 'cat', 'no-such-file'])
  assert.deepEqual([failed.code, failed.stdout], [1, ''])
  assert.match(failed.stderr, /No such file/)
  const refused = await far.warder(['guest', 'exec', '--', 'ls'])
  assert.equal(refused.code, 3)
  assert.match(refused.stderr, /rule default/)

  const shown = await there(['guest', 'show', 'anna'])
  assert.match(
    shown.stdout,
    /^guest:anna {2}active[\s\S]*permission check: process:spawn \/usr\/bin\/ls {2}deny/,
  )
  assert.match((await there(['guest', 'list'])).stdout, /anna +active/)
  assert.equal((await there(['guest', 'revoke', 'anna'])).code, 0)
  assert.equal((await far.warder(['guest', 'exec', '--', 'cat', 'notes.txt'])).code, 3)
  assert.match((await there(['guest', 'list', '--all'])).stdout, /anna +revoked/)
})

test('a device is paired: code and fingerprint on both sides, a yes with a scope, a proof, and then it may', async () => {
  const words = ['pairing', 'request', '--at', socket, '--name', 'laptop', '--json']
  const asked = (await far.warder(words)).json<{ code: string; fingerprint: string }>()
  const { pairings } = (await there(['pairing', 'list', '--json'])).json<{
    pairings: { fingerprint: string }[]
  }>()
  assert.deepEqual(
    pairings.map(({ fingerprint }) => fingerprint),
    [asked.fingerprint],
  )
  const before = await far.warder(['guest', 'status', '--as', 'laptop'])
  assert.equal(before.code, 3, 'nothing before the proof')
  const approve = ['pairing', 'approve', asked.code.toLowerCase()]
  assert.equal((await there([...approve, '--confirm', '0000-0000-0000-0000'])).code, 5)
  const approved = await there([
    ...approve,
    '--confirm',
    asked.fingerprint,
    '--scope',
    'monitor:read',
    '--for',
    '1d',
  ])
  assert.equal(approved.code, 0, approved.stderr)
  const paired = await far.warder(['pair', '--at', socket, '--name', 'laptop'])
  assert.match(paired.stdout, /paired as device:laptop/, paired.stderr)
  assert.match(
    (await far.warder(['guest', 'status', '--as', 'laptop'])).stdout,
    /device:laptop, active .*monitor:read/,
  )
  const listed = await there(['device', 'list'])
  assert.ok(listed.stdout.includes(asked.fingerprint))
  assert.equal((await there(['device', 'rotate', 'laptop'])).code, 0)
  assert.equal(
    (await far.warder(['guest', 'status', '--as', 'laptop'])).code,
    0,
    'it gets a new token by its key',
  )
  assert.equal((await there(['device', 'revoke', 'laptop'])).code, 0)
  assert.equal((await far.warder(['guest', 'status', '--as', 'laptop'])).code, 3)
})

test('a camera in between: the QR code on the screen carries code and fingerprint, and nobody types either', async (t) => {
  if (!needsTerminal(t)) return
  const bin = new URL('../../bin/warder', import.meta.url).pathname
  const shown = (words: readonly string[], env: Readonly<Record<string, string>>) => {
    const more = { cwd: far.workspace, env: { ...far.environment, ...env }, columns: 100, rows: 40 }
    return terminal(t, [bin, 'pairing', 'request', '--at', socket, '--name', 'phone', ...words], more)
  }
  const device = shown([], { NO_COLOR: '' })
  assert.equal(await device.exit, 0, device.screen())
  const [, fingerprint = ''] = /fingerprint +(\S+)/.exec(device.screen()) ?? []
  const text = scanned(drawnOn(device.screen()))
  assert.match(text, /^WARDER:PAIR:[A-Z2-9]{8}:[0-9A-F]{16}$/)
  for (const [words, env] of [
    [['--no-qr'], { NO_COLOR: '' }],
    [[], { NO_COLOR: '1' }],
    [[], { NO_COLOR: '', LANG: 'C' }],
  ] as const) {
    const plain = shown(words, env)
    assert.equal(await plain.exit, 0, plain.screen())
    assert.ok(plain.screen().includes(fingerprint))
    assert.deepEqual(drawnOn(plain.screen()), [], words.join(' '))
  }
  const other = text.replace(/[0-9A-F]{16}$/, '0123456789ABCDEF')
  assert.equal((await there(['pairing', 'approve', other])).code, 5, 'the code with the key of somebody else')
  const approved = await there(['pairing', 'approve', text, '--json'])
  assert.equal(approved.code, 0, approved.stderr)
  assert.equal(approved.json<{ name: string }>().name, 'phone')
})

test('at two terminals: the device waits, the owner compares and says yes, the device goes on', async (t) => {
  if (!needsTerminal(t)) return
  const size = { columns: 110, rows: 30 }
  const bin = new URL('../../bin/warder', import.meta.url).pathname
  const device = terminal(t, [bin, 'pair', '--at', socket, '--name', 'tablet'], {
    cwd: far.workspace,
    env: far.environment,
    ...size,
  })
  await device.shows(/code +[A-Z2-9]{4}-[A-Z2-9]{4}/)
  const [, code = ''] = /code +(\S+)/.exec(device.screen()) ?? []
  const [, fingerprint = ''] = /fingerprint +(\S+)/.exec(device.screen()) ?? []
  const env = { ...host.environment, ...settings }
  const side = terminal(t, [bin, 'pairing', 'approve', code], { cwd: host.workspace, env, ...size })
  await side.shows(/Type .* to confirm/)
  assert.ok(side.screen().includes(fingerprint), 'the owner sees the same fingerprint')
  side.type(`${fingerprint}\r`)
  assert.equal(await side.exit, 0, side.screen())
  assert.equal(await device.exit, 0, device.screen())
  assert.match(device.screen(), /paired as device:tablet/)
})

test('the owner’s passphrase is set, asked for, and taken away; no argument ever holds it', async (t) => {
  const WORD = 'correct horse battery'
  const say = (words: readonly string[], ...lines: string[]) =>
    there([...words, '--from-fd', '0'], `${lines.join('\n')}\n`)
  assert.equal((await say(['owner', 'passphrase', 'set'], WORD)).code, 0)
  const closed = await there(['policy', 'reload'])
  assert.equal(closed.code, 3)
  assert.match(closed.stderr, /warder login/)
  assert.equal((await say(['login'], 'not the one')).code, 3)
  assert.equal((await there(['login', '--no-input'])).code, 2)
  const login = await say(['login'], WORD)
  assert.equal(login.code, 0, login.stderr)
  assert.equal(statSync(join(host.runtime, 'warder/session')).mode & 0o777, 0o600)
  assert.equal((await there(['policy', 'reload'])).code, 0)
  assert.match((await there(['session', 'list'])).stdout, /this one fresh/)
  assert.equal((await there(['logout'])).code, 0)
  assert.equal((await there(['policy', 'reload'])).code, 3)
  assert.equal((await say(['owner', 'passphrase', 'set'], WORD, 'another one here')).code, 0)
  assert.equal((await say(['owner', 'passphrase', 'check'], WORD)).code, 3)
  if (needsTerminal(t)) {
    const bin = new URL('../../bin/warder', import.meta.url).pathname
    const env = { ...host.environment, ...settings }
    const screen = terminal(t, [bin, 'login'], { cwd: host.workspace, env, columns: 100, rows: 20 })
    await screen.shows(/the passphrase: /)
    screen.type('another one here\r')
    assert.equal(await screen.exit, 0, screen.screen())
    assert.equal(screen.screen().includes('another one'), false, 'what is typed is not shown')
  }
  assert.equal((await say(['owner', 'passphrase', 'remove'], 'another one here')).code, 0)
  assert.equal((await there(['policy', 'reload'])).code, 0)
  await until(
    () => !readFileSync(join(host.runtime, 'warder/daemon.log'), 'utf8').includes(WORD),
    'nothing in the log',
  )
})
