import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '../../src/client/connect.ts'
import { calls } from '../../src/client/calls.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { fillUp, onSmallDisk } from '../kit/full-disk.ts'
import { house, isAlive, until, type House } from '../kit/house.ts'
import { configure, keysOf, owner, socketOf, type Owner } from '../kit/owner.ts'

// Parts of Warder that are really broken, and what it says of itself then.

const state = async (me: Pick<Owner, 'call'>, name: string) => {
  const { components, overall } = await me.call('health', {})
  const part = components.find((each) => each.name === name)
  return { overall, state: part?.state, why: part?.why ?? '' }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a policy that is broken, a store that is locked or altered, and a session: told, each as what it is', async (t) => {
  const home = house(t)
  const policy = configure(home, 'policy.yaml', 'version: 1\n')
  const [port, token] = [await freePort(), join(home.home, 'token')]
  writeFileSync(token, 'f'.repeat(64), { mode: 0o600 })
  const metrics = [`health.metrics_port=${port}`, `health.metrics_token=${token}`]
  const me = await owner(t, home, ['health.sample=50ms', ...metrics])
  assert.equal((await state(me, 'policy')).state, 'ok')
  await notForAgents(me)
  writeFileSync(policy, 'version: 1\nrules: [{}]\n', { mode: 0o600 })
  await assert.rejects(me.call('policyReload', {}))
  const broken = await state(me, 'policy')
  assert.equal(broken.state, 'degraded')
  assert.notEqual(broken.overall, 'ok')
  const line = (await home.command(['status'])).stdout
  assert.match(line, /health +(?:degraded|failed): .*policy degraded/)
  // a house without a baseline says so, and what to type
  assert.match(line, /health .*integrity unknown \(mend it: warder integrity baseline\)/)
  assert.match((await home.command(['health'])).stdout, /^to mend it: .*warder integrity baseline/m)
  writeFileSync(policy, 'version: 1\n', { mode: 0o600 })
  await me.call('policyReload', {})
  assert.equal((await state(me, 'policy')).state, 'ok')

  assert.equal((await state(me, 'secrets')).state, 'off')
  await me.call('secretSet', { name: 'api', value: Buffer.from('v').toString('base64') })
  assert.equal((await state(me, 'secrets')).state, 'ok')
  await me.call('secretProtect', { passphrase: 'a few words in a row' })
  await me.call('secretLock', {})
  assert.equal((await state(me, 'secrets')).state, 'degraded')
  const list = join(home.state, 'secrets/secrets.json')
  writeFileSync(list, readFileSync(list, 'utf8').replace('"api"', '"apj"'), { mode: 0o600 })
  const altered = await state(me, 'secrets')
  assert.equal(altered.state, 'failed', altered.why)
  assert.equal(altered.overall, 'failed')
  const told = await home.command(['health'])
  assert.equal(told.code, 7, told.stdout)

  const at = (path: string, headers: Record<string, string>, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, method })
  const bearer = { authorization: `Bearer ${'f'.repeat(64)}` }
  await me.call('decide', { capability: 'fs:list:/srv' })
  const page = await at('/metrics', bearer)
  const text = await page.text()
  assert.match(page.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(text, /^warder_health 2$/m)
  assert.match(text, /^warder_component_state\{component="secrets"\} 4$/m)
  assert.match(text, /^warder_decisions_total\{effect="allow"\} [1-9]/m)
  const { overall } = (await (await at('/health', bearer)).json()) as { overall: string }
  assert.equal(overall, 'failed')
  for (const [path, headers, status, method] of [
    ['/metrics', {}, 401, 'GET'],
    ['/metrics', { authorization: `Bearer ${'f'.repeat(63)}` }, 401, 'GET'],
    ['/metrics', bearer, 405, 'POST'],
    ['/v1/status', bearer, 404, 'GET'],
  ] as const)
    assert.equal((await at(path, headers, method)).status, status, `${method} ${path}`)
  // a page in a browser whose name was pointed at this machine says that name
  const rebound = spawnSync(
    'curl',
    ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', 'Host: evil.example'].concat([
      '-H',
      `Authorization: ${bearer.authorization}`,
      `http://127.0.0.1:${port}/metrics`,
    ]),
  )
  if (rebound.error === undefined) assert.equal(rebound.stdout.toString(), '421')

  // what was counted is there after a restart
  await until(async () => (await sample(me)) > 3, 'samples')
  const before = await sample(me)
  await home.command(['daemon', 'stop'])
  assert.equal((await home.command(['health'])).code, 7, 'no daemon is no health')
  const again = await owner(t, home, ['health.sample=1h'])
  assert.ok((await sample(again)) >= before)
  const supervisor = home.supervisorPid()!
  process.kill(supervisor, 'SIGKILL')
  await until(() => !isAlive(home.daemonPid() ?? 0), 'without its supervisor the daemon ends')
  assert.equal((await home.command(['health'])).code, 7)
})

/** Where its guard is weak is not for those it guards. */
async function notForAgents(me: Owner): Promise<void> {
  const ask =
    'for p in health metrics emergency; do curl -s --unix-socket /run/warder/agent.sock http://w/v1/$p; done'
  const { permit } = await me.open({ argv: ['/bin/sh', '-c', ask] })
  const { stdout } = await me.attach(permit)
  if (stdout !== '') assert.equal(stdout.match(/"code":"NOT_FOR_AGENTS"/g)?.length, 3, stdout)
}

async function sample(me: Pick<Owner, 'call'>): Promise<number> {
  const { slo } = await me.call('health', {})
  return slo.find(({ name }) => name === 'ledger-append')?.total ?? 0
}

test('a disk that is full, and a ledger that cannot write on it, are told until they are mended', async (t) => {
  const home = house(t)
  const directory = join(home.state, 'audit')
  await onSmallDisk(t, directory, () => withSmallDisk(t, home, directory))
})

async function withSmallDisk(t: TestContext, home: House, directory: string): Promise<void> {
  Object.assign(home.environment, { WARDER_WORKSPACE_MIN_FREE: '1KiB', WARDER_HEALTH_SAMPLE: '50ms' })
  const me = await owner(t, home)
  assert.equal((await state(me, 'disk')).state, 'ok')
  const ballast = join(directory, 'ballast')
  fillUp(ballast)
  assert.equal((await state(me, 'disk')).state, 'failed')
  await until(async () => {
    await me.call('decide', { capability: 'fs:list:/srv' })
    return (await state(me, 'ledger')).state === 'failed'
  }, 'the ledger has failed')
  assert.equal((await state(me, 'ledger')).overall, 'failed')
  await until(async () => (await availability(me)) === 'missed', 'the objective is missed')
  unlinkSync(ballast)
  await until(async () => (await state(me, 'ledger')).state === 'ok', 'the ledger is well again', 30_000)
  assert.equal((await state(me, 'disk')).state, 'ok')
  assert.equal((await state(me, 'objectives')).state, 'degraded', 'seven days do not forget it')
}

async function availability(me: Pick<Owner, 'call'>): Promise<string | undefined> {
  const { slo } = await me.call('health', {})
  return slo.find(({ name }) => name === 'decision-availability')?.state
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

test('a text scanner without its model is degraded in health and status, and not only a line of the log', async (t) => {
  if (!existsSync(join(ROOT, 'dist/warderd.js'))) return t.skip('Warder is not built: NOT tried')
  const home = house(t)
  const copy = join(home.home, 'warder/dist')
  cpSync(join(ROOT, 'dist'), copy, { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(home.home, 'warder/node_modules'))
  cpSync(join(ROOT, 'package.json'), join(home.home, 'warder/package.json'))
  rmSync(join(copy, 'text.model'))
  const me = await daemonFrom(t, home, copy)
  const { state: is, why, overall } = await state(me, 'mcp')
  assert.equal(is, 'degraded', why)
  assert.notEqual(overall, 'ok')
  assert.match((await me.call('status', {})).degraded.join('\n'), /mcp: texts are looked into with less/)
})

async function daemonFrom(t: TestContext, home: House, directory: string): Promise<Pick<Owner, 'call'>> {
  const child = spawn(process.execPath, [join(directory, 'warderd.js')], {
    env: home.environment,
    stdio: 'ignore',
  })
  t.after(() => void child.kill('SIGTERM'))
  const client = connect({ socketPath: socketOf(home), secret: () => readSocketSecret(keysOf(home)) })
  t.after(() => client.close())
  const { call } = calls(client)
  await until(
    () =>
      call('daemon', {}).then(
        () => true,
        () => false,
      ),
    'the daemon answers',
    60_000,
  )
  return { call }
}
