import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { newId } from '../../core/id.ts'
import type { Outcome, Permit, PermitDesk } from '../../core/permit.ts'
import { systemClock } from '../../platform/clock.ts'
import { openNative } from '../../platform/native.ts'
import {
  compile,
  createBubblewrapDriver,
  createSandboxDoor,
  diskLookup,
  fileRegistry,
  isAlive,
  killPidNamespace,
  presets,
  readRunRecords,
  SandboxError,
  seccompDigestHere,
  specDigest,
  SpawnWatchOnDemand,
  type SandboxSpec,
  type SpawnRecord,
} from './index.ts'

const driver = createBubblewrapDriver({ native: openNative() })

interface Site {
  readonly workspace: string
  readonly registry: string
  spec(script: string, more?: { readonly argv?: readonly string[]; readonly profile?: string }): SandboxSpec
}

async function site(t: TestContext): Promise<Site | undefined> {
  const probe = await driver.probe()
  if (!probe.available) {
    t.skip(`no sandbox can be built here (${probe.guarantees[0]?.why}): NOT tried`)
    return undefined
  }
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-box-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const workspace = join(root, 'work')
  mkdirSync(workspace)
  const user = { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'tester' }
  return {
    workspace,
    registry: join(root, 'runs'),
    spec: (script, { argv = ['/bin/sh', '-c', script], profile = 'agent' } = {}) =>
      compile(
        presets().get(profile)!,
        {
          argv,
          workspace,
          env: { PATH: '/usr/bin' },
          home: root,
          user,
          reach: [],
          exclusions: [],
          seccompDigest: seccompDigestHere,
        },
        diskLookup,
      ),
  }
}

const start = (spec: SandboxSpec) => driver.start(spec, { runId: newId(), agent: 'tester' })

async function outputOf(spec: SandboxSpec): Promise<string> {
  const run = await start(spec)
  run.stdin.end()
  run.stderr.resume()
  const [out] = await Promise.all([text(run.stdout), run.exit])
  return out
}

test('a directory exchanged for a link between decision and start is not followed', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  writeFileSync(join(at.workspace, 'own.txt'), 'own')
  const spec = at.spec('cat own.txt secret.txt 2>/dev/null')
  assert.equal(await outputOf(spec), 'own')
  const elsewhere = join(at.workspace, '../elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'secret.txt'), 'secret')
  renameSync(at.workspace, `${at.workspace}.away`)
  symlinkSync(elsewhere, at.workspace)
  await assert.rejects(
    start(spec),
    (error) => error instanceof SandboxError && error.code === 'SANDBOX_CHANGED',
  )
  assert.deepEqual(readdirSync(elsewhere), ['secret.txt'], 'and nothing was left there')
})

test('a descriptor this process inherited is not open inside', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const script = `
    import { openNative } from '${new URL('../../platform/native.ts', import.meta.url).href}'
    import { createBubblewrapDriver } from '${new URL('bubblewrap-driver.ts', import.meta.url).href}'
    import { readdirSync } from 'node:fs'
    const spec = JSON.parse(process.argv[1])
    console.log('outside', readdirSync('/proc/self/fd').includes('3'))
    const run = await createBubblewrapDriver({ native: openNative() }).start(spec, { runId: '${newId()}', agent: 'x' })
    run.stdout.pipe(process.stdout); run.stdin.end(); await run.exit`
  const spec = { ...at.spec('ls /proc/self/fd'), requires: [] }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'],
  })
  assert.equal(await text(child.stdout!), 'outside true\n0\n1\n2\n3\n')
})

test('two runs in one project share what stands there for their masks, and the second keeps its own', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const first = await start(at.spec('read line'))
  const second = await start(
    at.spec(
      'read line; mkdir .claude/x 2>/dev/null && echo PLANTED; (echo x > .mcp.json) 2>/dev/null && echo PLANTED; echo tried',
    ),
  )
  first.stdin.end('go\n')
  await first.exit
  assert.ok(existsSync(join(at.workspace, '.claude')))
  second.stdin.end('go\n')
  second.stderr.resume()
  assert.equal(await text(second.stdout), 'tried\n')
  await second.exit
  assert.deepEqual(readdirSync(at.workspace), [])
})

test('the door starts nothing without a permit for exactly this spec, and records how it ended', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const outcomes: Outcome[] = []
  const allowed = at.spec('exit 7')
  const desk: PermitDesk = {
    redeem: (_permit, door, bytes) => {
      if (door !== 'sandbox' || bytes !== allowed.digest) throw new Error('not for this')
    },
    settle: async (_permit, outcome) => void outcomes.push(outcome),
  }
  const door = createSandboxDoor({ driver, desk, clock: systemClock, registry: fileRegistry(at.registry) })
  const permit = {} as Permit
  // the digest that came along is another one's: the door goes by what would really be done
  const forged = { ...at.spec('touch planted'), digest: allowed.digest }
  await assert.rejects(door.open(permit, forged, { runId: newId(), agent: 'a' }), /not for this/)
  const run = await door.open(permit, allowed, { runId: newId(), agent: 'a' })
  assert.equal(readRunRecords(at.registry)[0]?.init?.pid, run.init.pid)
  assert.equal((await run.exit).code, 7)
  await new Promise((done) => setImmediate(done))
  assert.deepEqual(
    outcomes.map(({ result, exitCode }) => [result, exitCode]),
    [['failure', 7]],
  )
  assert.deepEqual(readRunRecords(at.registry), [])
  assert.deepEqual(readdirSync(at.workspace), [])
  await door.close('the test is over')
  await assert.rejects(door.open(permit, allowed, { runId: newId(), agent: 'a' }), /nothing is started/)
})

test('everything in a sandbox ends when it is killed, and a reused number is left alone', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const run = await start(
    at.spec('for i in 1 2 3 4 5; do sleep 60 & setsid sleep 60 & done; echo ready; while :; do :; done'),
  )
  await new Promise((done) => run.stdout.once('data', done))
  const wrong = await killPidNamespace({ ...run.init, startTime: '1' })
  assert.equal(wrong.processesBefore, 0)
  const other = await killPidNamespace(run.init, 'another namespace')
  assert.equal(other.processesBefore, 0)
  assert.ok(isAlive(run.init))
  await run.freeze()
  const receipt = await run.kill('enough')
  assert.ok(receipt.processesBefore >= 11, `${receipt.processesBefore} processes`)
  assert.equal(receipt.processesAfter, 0)
  assert.equal((await run.exit).reason, 'killed')
})

test('a runtime outside the system runs without its surroundings being shown', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const node = process.execPath
  if (node.startsWith('/usr/')) return t.skip('this Node lies in /usr: NOT tried')
  const argv = [node, '-p', '1 + 1']
  assert.equal(await outputOf(at.spec('', { argv })), '2\n')
})

test('programs that begin inside are told of, with their arguments', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const seen: SpawnRecord[] = []
  const onDemand = new SpawnWatchOnDemand({ onSpawn: (record) => seen.push(record), now: Date.now })
  t.after(() => onDemand.close())
  const watch = await onDemand.begun()
  if (!watch.state.inForce) return t.skip(`the kernel does not tell (${watch.state.why}): NOT tried`)
  const runId = newId()
  const run = await driver.start(at.spec('sleep 0.1; setsid sleep 0.1'), {
    runId,
    agent: 'a',
    onBuilt: ({ init }) => watch.watch(runId, init),
  })
  run.stdin.end()
  await run.exit
  for (let i = 0; i < 100 && seen.length < 3; i += 1) await new Promise((done) => setTimeout(done, 20))
  assert.ok(seen.every((record) => record.runId === runId))
  assert.ok(seen.some(({ argv }) => argv?.join(' ') === 'sleep 0.1'))
})

test('a spec with one thing changed is another act', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const spec = at.spec('true')
  assert.equal(specDigest(spec), spec.digest)
  const others: Partial<SandboxSpec>[] = [
    { argv: ['/bin/false'] },
    { cwd: '/' },
    { env: { ...spec.env, PATH: '/x' } },
    { noFork: true },
    { mounts: spec.mounts.slice(1) },
    { terminal: true },
    { host: { uid: 54321, gid: 0 } },
  ]
  for (const change of others) assert.notEqual(specDigest({ ...spec, ...change }), spec.digest)
})
