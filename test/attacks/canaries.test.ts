/** Threat: somebody goes through files, names and keys that are none of its business, an agent in its sandbox among them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { AlertAnswer } from '../../src/api/alerts.ts'
import { connect } from '../../src/client/connect.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { inSandbox } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { keysOf, owner, socketOf } from '../kit/owner.ts'

const home = house({ after })
const folder = join(home.home, 'private')
const state = {} as { me: Awaited<ReturnType<typeof owner>> }
const plant = (kind: 'file' | 'credential' | 'token' | 'dns' | 'tool' | 'secret', name?: string) =>
  state.me.call('canaryPlant', { kind, ...(name === undefined ? {} : { name }) })

before(async () => {
  mkdirSync(folder)
  state.me = await owner({ after }, home, ['canary.interval=300ms'])
})

async function alerts(): Promise<readonly AlertAnswer[]> {
  return (await state.me.call('alertList', { recent: 1000 })).alerts
}

async function tripped(t: TestContext, name: string, words: RegExp, since: number): Promise<AlertAnswer> {
  let found: AlertAnswer | undefined
  await until(
    async () =>
      (found = (await alerts()).find((each) => each.message.includes(name) && words.test(each.message))) !==
      undefined,
    `an alert about ${name} that says ${words}`,
  )
  t.diagnostic(`told after at most ${Date.now() - since} ms: ${found!.message}`)
  assert.equal(found!.severity, 'critical')
  return found!
}

test('nothing is laid over anything, and no more than 32 are kept', async () => {
  const there = join(folder, 'mine')
  writeFileSync(there, 'mine')
  await assert.rejects(plant('file', there), { code: 'CANARY_IN_THE_WAY' })
  assert.equal(readFileSync(there, 'utf8'), 'mine')
  for (let i = 0; i < 32; i++) await plant('dns', `host-${i}.invalid`)
  await assert.rejects(plant('dns', 'one-more.invalid'), { code: 'CANARY_TOO_MANY' })
  const { removed } = await state.me.call('canaryRemove', {})
  assert.equal(removed.length, 32)
})

test('a secret that only a thief asks for trips when it is read', async (t) => {
  await plant('secret', 'prod-admin-key')
  // the store may be shut by the time it would answer: that is what comes of it
  await state.me.call('secretRead', { name: 'prod-admin-key', reveal: false }).catch(() => undefined)
  await tripped(t, 'prod-admin-key', /used by owner: secret read/, Date.now())
})

test('a read, a write, other rights, a move and a removal are told, with who it was where the kernel says so', async (t) => {
  const acts: readonly (readonly [string, RegExp, (path: string) => void])[] = [
    ['read', /was opened|was read/, (path) => void execFileSync('cat', [path])],
    [
      'written',
      /was written to/,
      (path) => {
        chmodSync(path, 0o644)
        appendFileSync(path, 'x')
      },
    ],
    ['rights', /other rights|other permissions/, (path) => chmodSync(path, 0o777)],
    ['moved', /moved or removed|is gone/, (path) => renameSync(path, `${path}-away`)],
    ['removed', /moved or removed|is gone/, (path) => unlinkSync(path)],
    [
      'replaced',
      /laid over|is another file/,
      (path) => {
        writeFileSync(`${path}-new`, 'x')
        renameSync(`${path}-new`, path)
      },
    ],
  ]
  for (const [what, words, act] of acts) {
    const path = join(folder, `canary-${what}`)
    await plant(what === 'read' ? 'credential' : 'file', path)
    act(path)
    const { message } = await tripped(t, path, words, Date.now())
    const { canaries } = await state.me.call('canaryList', {})
    if (canaries.find(({ name }) => name === path)?.watched.startsWith('fanotify')) {
      assert.match(message, what === 'read' ? /by \/\S*cat \(pid \d+\)/ : new RegExp(`pid ${process.pid}`))
    }
  }
  const { incidents } = await state.me.call('incidentList', {})
  assert.ok(incidents.some((each) => each.class === 'unauthorized_access'))
  assert.equal((await state.me.call('daemon', {})).mode, 'normal', 'nobody was named, so nobody is stopped')
})

test('looking at them is no use of them', async () => {
  await state.me.call('canaryRemove', {})
  const path = join(folder, 'quiet')
  await plant('file', path)
  const { canaries } = await state.me.call('canaryCheck', {})
  await state.me.call('canaryCheck', {})
  assert.deepEqual(
    canaries.map(({ traces }) => traces),
    [[]],
  )
  statSync(path)
  await state.me.call('canaryRemove', { name: path })
  assert.ok(!existsSync(path))
  assert.deepEqual(
    (await alerts()).filter(({ message }) => message.includes(path)),
    [],
  )
})

for (const workspaceMode of ['direct', 'overlay'] as const) {
  test(`an agent that reads one in its sandbox is named and stopped (${workspaceMode})`, async (t) => {
    const path = join(home.workspace, `.env.${workspaceMode}`)
    const { canary } = await plant('file', path)
    if (!canary.watched.startsWith('fanotify')) return t.skip(canary.watched)
    const agent = `thief-${workspaceMode}`
    const { stdout } = await inSandbox(home, { agent, workspaceMode, argv: ['/bin/cat', path] })
    assert.match(stdout, /ADMIN_TOKEN/)
    const { message } = await tripped(t, path, new RegExp(`of ${agent}`), Date.now())
    assert.match(message, /\/cat \(pid/)
    await until(
      async () => (await state.me.call('daemon', {})).stops.some((stop) => stop.agent === agent),
      `${agent} is stopped`,
    )
  })
}

test('a fake token at a door of Warder trips it', async (t) => {
  const { value = '', canary } = await plant('token', 'ci-deploy')
  assert.ok(value.length > 40)
  const thief = connect({
    socketPath: socketOf(home),
    secret: () => readSocketSecret(keysOf(home)),
    session: () => value,
  })
  t.after(() => thief.close())
  await thief.request({ path: '/v1/runs' }).catch(() => undefined)
  await tripped(t, canary.name, /used at Warder's own door/, Date.now())
})

test('a list that somebody changed is no list', async (t) => {
  const path = join(home.state, 'canaries/canaries.json')
  const list = readFileSync(path, 'utf8')
  writeFileSync(path, list.replaceAll('ci-deploy', 'ci-deplox'))
  await tripped(t, 'the list of canaries', /is not what Warder wrote/, Date.now())
  writeFileSync(path, list)
})
