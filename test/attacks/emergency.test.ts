import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { verify } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  linkSync,
  mkdtempSync,
  symlinkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Context } from '../../src/cli/command.ts'
import { DaemonPlace } from '../../src/cli/commands/emergency-daemon.ts'
import { SIGNED_AS } from '../../src/cli/commands/emergency-record.ts'
import {
  daemonStep,
  dataSteps,
  keySteps,
  lastSteps,
  lockSteps,
} from '../../src/cli/commands/emergency-steps.ts'
import { installationWord } from '../../src/cli/commands/emergency-wipe.ts'
import { eraseFile, eraseInside, leftInside, runSteps } from '../../src/contain/emergency/index.ts'
import { publicKeyFromRaw } from '../../src/core/note.ts'
import { newId } from '../../src/core/id.ts'
import { Vault } from '../../src/enforce/secrets/index.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openKeys } from '../../src/record/sign/index.ts'
import { LedgerReader } from '../../src/record/audit/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { house, isAlive, until, type House, type Result } from '../kit/house.ts'
import { keysOf, owner, refused, type Owner } from '../kit/owner.ts'

// Wipes of throw-away homes: what is said to be gone is looked for by somebody who has the old passphrases.

const OWNER = 'a few words in a row'
const STORE = 'other words for the store'
const VALUE = 'the-value-nobody-may-find'
const NOTE = 'a-reason-only-the-ledger-knew'

async function settled(
  t: TestContext,
  before: (home: House) => Promise<void> = async () => undefined,
): Promise<{ home: House; me: Owner }> {
  const home = house(t)
  mkdirSync(join(home.home, '.config/warder'), { recursive: true, mode: 0o700 })
  writeFileSync(join(home.home, '.config/warder/policy.yaml'), POLICY, { mode: 0o600 })
  const me = await owner(t, home)
  await before(home)
  const value = Buffer.from(VALUE).toString('base64')
  await me.call('secretSet', { name: 'api', value, hosts: ['api.example.com'], principals: ['builder'] })
  await me.call('secretProtect', { passphrase: STORE })
  await me.call('passphraseSet', { passphrase: OWNER })
  return { home, me }
}

const POLICY = `version: 1
rules:
  - id: only-here
    effect: deny
    agents: [builder]
    capabilities: ['fs:read:/srv/**']
    reason: ${NOTE}
`

async function wipe(home: House, level: 2 | 3, more: readonly string[] = []): Promise<Result> {
  const config = await loadConfig({ env: home.environment, flags: {}, cwd: home.home, home: home.home })
  const word = installationWord({ config }, level)
  const words = [
    'emergency',
    'wipe',
    '--level',
    String(level),
    '--confirm',
    word,
    '--from-fd',
    '0',
    '--no-countdown',
  ]
  return await home.warder([...words, ...more, '--json'], { input: `${OWNER}\n` })
}

interface Told {
  readonly status: string
  readonly steps: readonly { readonly name: string; readonly state: string; readonly why?: string }[]
}

/** Whether any file below holds these bytes. */
function finds(directory: string, bytes: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path).isFile() && readFileSync(path).includes(bytes))
}

/** What somebody can open who took the disk, and knows what the passphrases were. */
function opens(store: string, keyFile: string): boolean {
  if (!existsSync(join(store, 'vault.json'))) return false
  try {
    const vault = new Vault({ directory: store, keyFile, newId })
    vault.unlock(Buffer.from(STORE))
    return !vault.isLocked
  } catch {
    return false
  }
}

test('level 1 locks with nothing asked, holds over a restart, and is lifted by the owner alone', async (t) => {
  const { home, me } = await settled(t, async (before) => {
    const never = await wipe(before, 3) // no passphrase was ever set
    assert.equal(never.code, 5, never.stdout)
    assert.match(never.stdout, /EMERGENCY_NO_PASSPHRASE/)
  })
  const { permit } = await me.open({ argv: ['/bin/sleep', '60'] })
  const attached = me.attach(permit)
  await until(async () => (await me.call('runs', {})).runs.length > 0, 'the agent runs')
  await me.call('login', { passphrase: OWNER })
  assert.equal((await me.call('emergencyShow', {})).keysInMemory, true)

  const done = await home.command(['emergency', 'wipe', '--level', '1', '--reason', 'taken', '--json'])
  assert.equal(done.code, 0, done.stderr)
  assert.deepEqual(
    done.json<Told>().steps.map(({ name, state }) => [name, state]),
    [
      ['agents', 'done'],
      ['lock', 'done'],
      ['session-token', 'done'],
    ],
  )
  assert.notEqual((await attached).exit.code, 0)
  const shown = await me.call('emergencyShow', {})
  assert.deepEqual([shown.keysInMemory, shown.sessions, shown.waysOut], [false, 0, 0])
  assert.equal(shown.lock?.reason, 'taken')
  await refused(me.call('secretList', {}), 'SECRETS_LOCKED')
  await refused(me.call('secretUnlock', { passphrase: STORE }), 'SECRETS_LOCKED')
  await refused(me.call('emergencyUnlock', { reason: 'no passphrase' }), 'OWNER_NOT_FRESH')
  const health = await home.command(['health', '--json'])
  assert.equal(health.code, 8, health.stdout)

  const pid = home.daemonPid()!
  await home.command(['daemon', 'stop'])
  assert.ok(!isAlive(pid))
  const again = await owner(t, home)
  await refused(again.call('secretList', {}), 'SECRETS_LOCKED')
  assert.equal((await again.call('daemon', {})).mode, 'manual')
})

test('level 3 leaves nothing that can be read, with the old passphrases neither, and a signed record of it', async (t) => {
  const { home, me } = await settled(t)
  await me.call('stop', { agent: 'builder', reason: NOTE })
  const [keys, store] = [keysOf(home), join(home.state, 'secrets')]
  assert.ok(finds(home.home, NOTE).length > 1, 'the note is in policy and ledger')
  assert.ok(opens(store, join(keys, 'secrets.key')), 'whoever has files and passphrase reads it before')
  const copy = join(home.home, 'backup-of-the-state')
  cpSync(store, copy, { recursive: true })
  const [pid, supervisor] = [home.daemonPid()!, home.supervisorPid()!]

  const done = await wipe(home, 3)
  assert.equal(done.code, 0, done.stdout + done.stderr)
  const told = done.json<Told>()
  assert.equal(told.status, 'done')
  assert.ok(told.steps.length >= 15)
  assert.ok(!isAlive(pid) && !isAlive(supervisor))
  const ours = ['.config/warder', '.local', 'run/warder'].map((name) => join(home.home, name))
  for (const directory of ours)
    for (const bytes of [NOTE, VALUE, 'BEGIN', '"private"', 'builder'])
      assert.deepEqual(finds(directory, bytes), [], `${bytes} in ${directory}`)
  const left = globSync('**/*', { cwd: join(home.home, '.local') }).filter((name) =>
    lstatSync(join(home.home, '.local', name)).isFile(),
  )
  assert.ok(
    left.every((name) => /state\/warder\/(?:emergency\/|stop)/.test(name)),
    left.join('\n'),
  )
  // a backup of the store is worth nothing: the key it was sealed with is gone
  assert.equal(opens(copy, join(keys, 'secrets.key')), false)
  assert.equal(opens(store, join(keys, 'secrets.key')), false)

  const record = JSON.parse(readFileSync(join(home.state, 'emergency/wipe-record.json'), 'utf8')) as {
    text: string
    signature: string
    publicKey: string
  }
  const key = publicKeyFromRaw(Buffer.from(record.publicKey, 'base64'))
  const isSigned = (text: string) =>
    verify(null, Buffer.from(`${SIGNED_AS}\n${text}`), key, Buffer.from(record.signature, 'base64'))
  assert.ok(isSigned(record.text))
  assert.ok(!isSigned(record.text.replace('"level":3', '"level":1')))
  const { level, entry } = JSON.parse(record.text) as { level: number; entry: number }
  assert.ok(level === 3 && entry > 0)
})

test('level 2 destroys every key, though the daemon hangs, and keeps the ledger, which verifies', async (t) => {
  const { home, me } = await settled(t)
  const [keys, store] = [keysOf(home), join(home.state, 'secrets')]
  const { permit } = await me.open({ argv: ['/bin/sleep', '60'] })
  void me.attach(permit).catch(() => undefined)
  await until(async () => (await me.call('runs', {})).runs.length > 0, 'the agent runs')
  // another name of the key file must not save the key
  linkSync(join(keys, 'secrets.key'), join(home.home, 'kept.key'))
  assert.ok(opens(store, join(home.home, 'kept.key')))
  const [pid, supervisor] = [home.daemonPid()!, home.supervisorPid()!]
  for (const each of [supervisor, pid]) process.kill(each, 'SIGSTOP')
  t.after(() => {
    for (const each of [supervisor, pid]) if (isAlive(each)) process.kill(each, 'SIGKILL')
  })

  const done = await wipe(home, 2)
  assert.equal(done.code, 0, done.stdout + done.stderr)
  assert.ok(!isAlive(pid) && !isAlive(supervisor))
  assert.equal(opens(store, join(keys, 'secrets.key')), false)
  assert.equal(opens(store, join(home.home, 'kept.key')), false)
  assert.deepEqual(readdirSync(keys), ['checkpoint.keys.json'])
  assert.ok(existsSync(join(home.home, '.config/warder/policy.yaml')))
  assert.equal((await home.command(['audit', 'verify'])).code, 0)
  const reader = new LedgerReader(join(home.state, 'audit'))
  t.after(() => reader.close())
  const [begun] = reader.query({ action: 'emergency:wipe', limit: 1 })
  const [ended] = reader.query({ action: 'emergency:wiped', limit: 1 })
  assert.ok(begun !== undefined && ended !== undefined && begun.seq < ended.seq)
  assert.deepEqual([begun.target, ended.result], ['level 2', 'success'])
})

test('without the passphrase, with another word, or where the ledger cannot be written, nothing is destroyed', async (t) => {
  const { home } = await settled(t)
  const [keys, store] = [keysOf(home), join(home.state, 'secrets')]
  const isWhole = () => opens(store, join(keys, 'secrets.key'))
  const words = ['emergency', 'wipe', '--level', '3', '--from-fd', '0', '--no-countdown', '--json']
  const wrong = await home.warder([...words, '--confirm', 'x'], { input: 'not the passphrase\n' })
  assert.equal(wrong.code, 3, wrong.stderr)
  assert.match(wrong.stdout, /PASSPHRASE_WRONG/)
  const habit = await home.warder([...words, '--confirm', 'destroy-everything-00000000'], {
    input: `${OWNER}\n`,
  })
  assert.match(habit.stdout, /DECLINED/)
  assert.ok(isWhole())
  await home.command(['daemon', 'stop'])
  // somebody puts a directory where the ledger keeps its lock: it cannot be opened any more
  const audit = join(home.state, 'audit')
  const aside = join(home.home, 'aside')
  cpSync(audit, aside, { recursive: true })
  rmSync(audit, { recursive: true })
  writeFileSync(audit, 'not a directory', { mode: 0o600 })
  const unwritable = await wipe(home, 3)
  assert.equal(unwritable.code, 7, unwritable.stdout)
  assert.match(unwritable.stdout, /EMERGENCY_REFUSED/)
  assert.ok(isWhole(), 'and everything is still there')
  assert.ok(existsSync(join(home.state, 'emergency/lock.json')), 'but locked')
  rmSync(audit)
  cpSync(aside, audit, { recursive: true })
  execFileSync('chmod', ['-R', 'go-rwx', audit])
  // the machine went down in the middle: some keys are gone, and the notes say so
  const notes = { v: 1, id: 'w', level: 3, status: 'running', startedAt: new Date(0).toISOString() }
  const half = JSON.stringify({ ...notes, reason: 'r', entry: 1, steps: [] })
  writeFileSync(join(home.state, 'emergency/wipe.json'), half, { mode: 0o600 })
  for (const name of ['secrets.key', 'grant.keys.json']) rmSync(join(keys, name))
  const resumed = await home.warder(['emergency', 'wipe', '--resume', '--json'])
  assert.equal(resumed.code, 0, resumed.stdout)
  assert.deepEqual(readdirSync(keys), [])
  assert.deepEqual(finds(join(home.home, '.local'), NOTE), [])
  const over = await home.warder(['emergency', 'wipe', '--resume', '--json'])
  assert.match(over.stdout, /EMERGENCY_STATE/)
})

/** A home with keys, a store and files in it, and no daemon; and every step of level 3 over it. */
async function root(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'we-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const config = await loadConfig({ env: { HOME: home }, flags: {}, cwd: home, home })
  const { values } = config
  const state = values['paths.state']
  for (const key of ['paths.state', 'paths.keys', 'paths.config', 'paths.runtime', 'paths.cache'] as const)
    mkdirSync(values[key], { recursive: true, mode: 0o700 })
  openKeys(values['paths.keys'])
  writeFileSync(join(values['paths.keys'], 'socket.secret'), 'secret', { mode: 0o600 })
  writeFileSync(join(values['paths.keys'], 'member.json'), 'secret', { mode: 0o600 })
  const vault = new Vault({ directory: join(state, 'secrets'), keyFile: values['secrets.key_file'], newId })
  vault.close()
  for (const path of [
    join(state, 'people.db'),
    join(state, 'alerts/alerts.jsonl'),
    join(values['audit.directory'], 'segment.db'),
    join(values['paths.cache'], 'made'),
    join(values['paths.runtime'], 'daemon.log'),
    join(values['paths.config'], 'policy.yaml'),
  ]) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, 'something', { mode: 0o600 })
  }
  const context = {
    ...{ config, home, clock: systemClock },
    client: () => Promise.reject(new Error('no daemon runs')),
  } as unknown as Context
  const place = new DaemonPlace(values['paths.runtime'])
  t.after(() => place.release())
  const steps = [
    ...[...lockSteps(context, 'test'), daemonStep(context, place)],
    ...[...keySteps(context), ...dataSteps(context), ...lastSteps(context, place)],
  ]
  return { home, steps, values }
}

/** Steps that have nothing to do where there is neither a run, nor a session, nor a value kept elsewhere. */
const NOTHING_TO_DO = ['session-token', 'keychain', 'kernel-keys']
const quiet = { saved: () => undefined, told: () => undefined }

test('each step that fails is told, whatever it claims, and keeps none of the others from being done', async (t) => {
  const names = (await root(t)).steps.map(({ name }) => name)
  for (const failing of names) {
    for (const [how, act] of [
      ['throws', () => Promise.reject(new Error('injected'))],
      ['does nothing', () => undefined],
    ] as const) {
      const { steps } = await root(t)
      const broken = steps.map((step) => (step.name === failing ? { ...step, act } : step))
      const results = await runSteps(broken, quiet)
      const failed = results.filter(({ state }) => state !== 'done').map(({ name }) => name)
      const expected = NOTHING_TO_DO.includes(failing) ? [] : [failing]
      assert.deepEqual(failed, expected, `${failing} ${how}`)
      assert.ok(results.every(({ state }) => state !== 'waiting'))
    }
  }
})

test('a wipe that broke off anywhere is whole once it is done again', async (t) => {
  const { length } = (await root(t)).steps
  for (let until = 0; until < length; until += 3) {
    const { steps, home } = await root(t)
    await runSteps(steps.slice(0, until), quiet)
    const results = await runSteps(steps, quiet)
    assert.deepEqual(
      results.filter(({ state }) => state !== 'done'),
      [],
      `after ${until} steps`,
    )
    assert.deepEqual(finds(home, 'something'), [])
  }
})

test('a setting that points elsewhere, and a link, do not turn a wipe against the person', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'we-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const kept = join(home, 'kept')
  mkdirSync(kept)
  writeFileSync(join(kept, 'work'), 'mine')
  const open = join(home, 'projects')
  mkdirSync(open, { mode: 0o755 })
  for (const place of [home, '/', open])
    assert.throws(() => eraseInside(place, home), { code: 'EMERGENCY_PLACE' }, place)
  const own = join(home, 'own')
  mkdirSync(own, { mode: 0o700 })
  symlinkSync(kept, join(own, 'link'))
  symlinkSync(join(kept, 'work'), join(own, 'file-link'))
  eraseInside(own, home)
  assert.equal(leftInside(own), undefined)
  assert.equal(readFileSync(join(kept, 'work'), 'utf8'), 'mine')
  symlinkSync(join(kept, 'work'), join(home, 'key'))
  eraseFile(join(home, 'key'))
  assert.equal(readFileSync(join(kept, 'work'), 'utf8'), 'mine')
})
