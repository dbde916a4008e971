import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ENDPOINTS } from '../../src/api/endpoints.ts'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house } from '../kit/house.ts'
import { owner, refused, socketOf } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Ways to a secret's value past its owner: as an agent, as another user, through what a process shows of itself, by
// changing or swapping what lies on the disk, and by putting an older state in place.

const home = house({ after })
const VALUE = `value-${'0123456789abcdef'.repeat(2)}`
const VARIABLE = `variable-${'fedcba9876543210'.repeat(2)}`
const FORMS = [VALUE, VARIABLE].flatMap((each) => [
  each,
  Buffer.from(each).toString('base64').slice(0, 40),
  Buffer.from(each).toString('hex'),
])
const ENV = { PLANTED_API_KEY: VARIABLE, PLAIN_WORD: 'plain', WARDER_SECRETS_ENVIRONMENT: '1', CI: 'true' }
const state = {} as { me: Awaited<ReturnType<typeof owner>> }
const store = join(home.state, 'secrets')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const set = (name: string, value = VALUE, more = {}) =>
  state.me.call('secretSet', { name, value: base64(value), ...more })
const read = async (name: string) => {
  const { value } = await state.me.call('secretRead', { name, reveal: true })
  return Buffer.from(value ?? '', 'base64').toString()
}

async function start(): Promise<void> {
  const begun = await home.warder(['daemon', 'start'], { env: ENV })
  assert.equal(begun.code, 0, begun.stderr)
  state.me = await owner({ after }, home)
}

before(start)

/** Everything that processes of this machine show of themselves. */
function shownByProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) =>
      ['cmdline', 'environ'].map((name) => {
        try {
          return readFileSync(`/proc/${pid}/${name}`, 'latin1')
        } catch {
          return '' // it has ended, or shows nothing
        }
      }),
    )
    .join('\n')
}

/** Every file Warder wrote, the ledger and its log among them. */
function writtenByWarder(): { path: string; text: string }[] {
  return globSync(['.local/**', '.config/**', '.cache/**', 'run/**'], { cwd: home.home })
    .map((path) => join(home.home, path))
    .filter((path) => lstatSync(path).isFile())
    .map((path) => ({ path, text: readFileSync(path, 'latin1') }))
}

test('a value given on a descriptor is in no argument, environment, file, log, record or error', async () => {
  const done = await home.warder(
    ['secret', 'set', 'through-cli', '--host', 'api.example.com', '--for', 'builder'],
    {
      input: `${VALUE}\n`,
    },
  )
  assert.equal(done.code, 0, done.stderr)
  const shown = [
    await home.warder(['secret', 'get', 'through-cli']),
    await home.warder(['secret', 'get', 'through-cli', '--json', '--verbose']),
    await home.warder(['secret', 'list', '--json']),
    await home.warder(['secret', 'set', 'Bad/Name'], { input: VALUE }),
    await home.warder(['secret', 'set', 'bad-host', '--host', 'a b'], { input: VALUE }),
    await home.warder(['secret', 'rotate', 'through-cli'], { input: VALUE }),
    await home.warder(['audit', 'list', '--json']),
  ].map(({ stdout, stderr }) => `${stdout}${stderr}`)
  const asArgument = await home.warder(['secret', 'set', 'as-argument', 'not-a-secret-at-all'])
  assert.equal(asArgument.code, 2, 'no value is taken as an argument')
  const { stdout } = await home.warder(['secret', 'get', 'through-cli', '--reveal'])
  assert.equal(stdout, VALUE, 'and yet it is there')
  const processes = shownByProcesses()
  assert.ok(processes.includes('--supervised'), 'the daemon was among them')
  const files = writtenByWarder()
  assert.ok(files.some(({ path }) => path.endsWith('values.json')) && files.length > 10)
  for (const form of FORMS) {
    assert.ok(!processes.includes(form), 'in a process')
    assert.deepEqual(
      files.filter(({ text }) => text.includes(form)).map(({ path }) => path),
      [],
    )
    assert.ok(!shown.some((text) => text.includes(form)), 'in what was printed')
  }
})

test('what a daemon is started with holds no secret, while what it took can be used', async () => {
  const pids = [home.daemonPid(), home.supervisorPid()]
  for (const pid of pids) {
    assert.ok(pid !== undefined)
    const environ = readFileSync(`/proc/${pid}/environ`, 'latin1')
    assert.ok(environ.includes('PLAIN_WORD=plain') && !environ.includes('PLANTED_API_KEY'), `process ${pid}`)
  }
  await state.me.call('secretSet', { name: 'planted-api-key', store: 'environment' })
  assert.equal(await read('planted-api-key'), VARIABLE)
  const { stdout } = await home.warder(['run', '--agent', 'env-reader', '--', '/usr/bin/env'])
  assert.ok(stdout.includes('PATH=') && !stdout.includes(VARIABLE))
})

test('an agent gets no answer about any secret, and its tries are on record', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  await set('not-for-agents', VALUE, { hosts: ['api.example.com'], principals: ['builder'] })
  const calls = Object.entries(ENDPOINTS).filter(([name]) => name.startsWith('secret'))
  assert.ok(calls.length >= 12)
  const asks = calls.map(([, { method, path }]) => ({
    method,
    path: path.replace(':name', 'not-for-agents'),
    body: { reveal: true },
  }))
  for (const { status, body } of await askAsAgent(home, 'builder', asks)) {
    assert.deepEqual([status, body['code']], [403, 'NOT_FOR_AGENTS'])
    assert.ok(!JSON.stringify(body).includes(VALUE))
  }
  await state.me.entry({ agent: 'builder', rule: 'NOT_FOR_AGENTS', target: 'POST /v1/secrets/:name/read' })
  // nor can it look at what lies on the disk, though it runs as the same user
  const look = ['sh', '-c', `cat '${store}/values.json' '${store}/secrets.json'; ls '${store}'; true`]
  const { stdout } = await home.warder(['run', '--agent', 'builder', '--', ...look])
  assert.doesNotMatch(stdout, /values|not-for-agents/)
})

test('another user of the machine reaches neither the store nor the socket', (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user: this was NOT tried')
  const node = process.execPath
  chmodSync(home.home, 0o711) // so that what is tried is the store's own door
  const script = `
    const { readFileSync, readdirSync } = require('node:fs')
    for (const path of ${JSON.stringify([join(store, 'values.json'), join(store, 'secrets.json'), join(home.home, '.local/share/warder/keys/secrets.key')])})
      try { readFileSync(path); console.log('READ', path) } catch (error) { console.log(error.code) }
    try { readdirSync(${JSON.stringify(store)}); console.log('LISTED') } catch (error) { console.log(error.code) }
    require('node:net').connect(${JSON.stringify(socketOf(home))}).on('connect', () => console.log('CONNECTED')).on('error', (error) => console.log(error.code))`
  const other = spawnSync(node, ['-e', script], { uid: 65534, gid: 65534, encoding: 'utf8', timeout: 30_000 })
  if (other.status === null || other.stdout === '')
    return t.skip('another user cannot run node here: this was NOT tried')
  assert.deepEqual(other.stdout.trim().split('\n'), Array(5).fill('EACCES'))
})

test('swapped, cut, linked or open to others: nothing is read, nothing is written over, and all is there again', async () => {
  await set('swap-one', 'the first value')
  await set('swap-two', 'the second value')
  const path = join(store, 'values.json')
  const good = readFileSync(path, 'utf8')
  const { values } = JSON.parse(good) as { values: Record<string, string> }
  const [one = '', two = ''] = ['swap-one', 'swap-two'].map((name) =>
    Object.keys(values).find((key) => key.startsWith(name)),
  )
  const swapped = { ...values, [one]: values[two], [two]: values[one] }
  const put = (text: string) => writeFileSync(path, text, { mode: 0o600 })
  put(JSON.stringify({ v: 1, values: swapped }))
  await refused(read('swap-one'), 'SECRET_DAMAGED')
  await refused(read('swap-two'), 'SECRET_DAMAGED')
  put(good.slice(0, good.length / 2))
  await refused(read('swap-one'), 'SECRET_DAMAGED')
  await refused(set('another', 'x'), 'SECRET_DAMAGED')
  put(good)
  chmodSync(path, 0o644)
  await refused(read('swap-one'), 'FILE_UNSAFE')
  await refused(set('another', 'x'), 'FILE_UNSAFE')
  chmodSync(path, 0o600)
  renameSync(path, `${path}.moved`)
  symlinkSync(`${path}.moved`, path)
  await refused(read('swap-one'), 'FILE_UNREADABLE')
  await refused(set('another', 'x'), 'FILE_UNREADABLE')
  rmSync(path)
  renameSync(`${path}.moved`, path)
  assert.deepEqual([await read('swap-one'), await read('swap-two')], ['the first value', 'the second value'])
})

test('many programs that set secrets at the same time lose none', async () => {
  const names = Array.from({ length: 6 }, (_, i) => `at-once-${i}`)
  const done = await Promise.all(
    names.map((name) => home.warder(['secret', 'set', name], { input: `value of ${name}` })),
  )
  assert.deepEqual(
    done.map(({ code }) => code),
    names.map(() => 0),
  )
  for (const name of names) assert.equal(await read(name), `value of ${name}`)
})

test('a value that stands in a history or a project is found, and named without being shown', async () => {
  await set('leaked', VALUE)
  writeFileSync(join(home.home, '.bash_history'), `curl -H "x: ${VALUE}"\n`)
  writeFileSync(join(home.workspace, 'notes.txt'), `one\n${VALUE}\n`)
  const { code, stdout } = await home.warder(['secret', 'check', '--json'], { cwd: home.workspace })
  assert.equal(code, 8)
  const { leaks } = JSON.parse(stdout) as { leaks: { where: string; rule: string; shown: string }[] }
  const stored = leaks
    .filter(({ rule, shown }) => rule === 'stored' && shown === 'leaked')
    .map(({ where }) => where)
  assert.deepEqual(
    stored.toSorted(),
    [join(home.home, '.bash_history'), join(home.workspace, 'notes.txt')].toSorted(),
  )
  for (const form of FORMS) assert.ok(!stdout.includes(form))
})

test('with a passphrase of the owner, what shows, loosens or destroys needs it given a short time ago', async () => {
  await set('guarded', VALUE)
  const passphrase = 'a few words in a row'
  await state.me.call('passphraseSet', { passphrase })
  try {
    const name = 'guarded'
    await refused(read(name), 'OWNER_NOT_FRESH')
    await refused(state.me.call('secretDelete', { name }), 'OWNER_NOT_FRESH')
    await refused(state.me.call('secretBind', { name, hosts: ['evil.example.com'] }), 'OWNER_NOT_FRESH')
    await refused(set(name, VALUE, { principals: ['intruder'] }), 'OWNER_NOT_FRESH')
    await refused(state.me.call('secretProtect', { passphrase }), 'OWNER_NOT_FRESH')
    await refused(state.me.call('secretSeal', { names: [name], key: base64(passphrase) }), 'OWNER_NOT_FRESH')
    await state.me.call('secretBind', { name, enabled: false }) // what closes a door needs nothing
    assert.equal((await state.me.call('secretRead', { name })).value, undefined)
  } finally {
    await state.me.call('passphraseRemove', { passphrase })
  }
})

test('an older state is not believed after a restart, and a boot file that was altered shuts the store', async () => {
  await set('newest', 'first')
  const older = join(home.home, 'older')
  cpSync(store, older, { recursive: true })
  await set('newest', 'second', { hosts: ['api.example.com'] })
  await endDaemon(home)
  const newer = join(home.home, 'newer')
  cpSync(store, newer, { recursive: true })
  const use = (from: string) => {
    for (const name of ['secrets.json', 'values.json']) copyFileSync(join(from, name), join(store, name))
  }
  use(older)
  await start()
  await refused(read('newest'), 'SECRETS_UNTRUSTED')
  await refused(set('newest', 'third'), 'SECRETS_UNTRUSTED')
  assert.match((await home.warder(['status'])).stdout, /degraded +secrets: .*revision/)
  use(newer)
  assert.equal(await read('newest'), 'second')

  const [boot, key] = [join(home.home, 'boot.sealed'), join(home.home, 'boot.key')]
  writeFileSync(key, 'the key of this machine', { mode: 0o600 })
  const { file } = await state.me.call('secretSeal', {
    names: ['newest'],
    key: base64('the key of this machine'),
  })
  await state.me.call('secretDelete', { name: 'newest' })
  await endDaemon(home)
  const settings = {
    WARDER_SECRETS_BOOT_FILE: boot,
    WARDER_SECRETS_BOOT_KEY: key,
    WARDER_SECRETS_BOOT_STORE: 'file',
  }
  const begin = async (more = {}) => {
    const begun = await home.warder(['daemon', 'start'], { env: { ...ENV, ...settings, ...more } })
    assert.equal(begun.code, 0, begun.stderr)
    state.me = await owner({ after }, home)
  }
  writeFileSync(boot, file.replace(/"box":"(.{40})./, '"box":"$1!').replace('!', 'A'), { mode: 0o600 })
  if (readFileSync(boot, 'utf8') === file)
    writeFileSync(boot, file.replace('"passes":3', '"passes":4'), { mode: 0o600 })
  await begin()
  await refused(read('leaked'), 'BOOT_FILE_INVALID')
  await endDaemon(home)
  writeFileSync(boot, file, { mode: 0o600 })
  const consume = { WARDER_SECRETS_AFTER_LOAD: 'consume' }
  await begin(consume) // without saying where the secrets come from then
  await refused(read('leaked'), 'BOOT_FILE_INVALID')
  assert.ok(existsSync(boot) && existsSync(key))
  await endDaemon(home)
  await begin({ ...consume, WARDER_SECRETS_REPROVISION: 'ask the operator' })
  assert.equal(await read('newest'), 'second')
  assert.ok(!existsSync(boot) && !existsSync(key))
})
