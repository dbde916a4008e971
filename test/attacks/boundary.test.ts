import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { childrenByParent, readProcess } from '../../src/enforce/sandbox/processes.ts'
import { readRunRecords } from '../../src/enforce/sandbox/registry.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { attachTo, configure, owner } from '../kit/owner.ts'

// What gets into a run, out of it or at what is its own, past Warder: with the rights of root, as an attacker who has
// them would. Each must be told with class policy_bypass_attempt; the time until it was seen is printed.

const home = house({ after })
mkdirSync(join(home.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
configure(
  home,
  'profiles/led.yaml',
  `name: led
description: a network that leads to the proxy by itself
filesystem: { workspace: read-write }
network: { mode: policy, via: transparent }
process: { fork: true, max_memory: 512MiB, max_processes: 64, max_open_files: 256 }
environment: { mode: none }
`,
)
const me = await owner({ after }, home)
const NSENTER = '/usr/bin/nsenter'
const PYTHON = '/usr/bin/python3'
const RUNS = join(home.runtime, 'warder/runs')

interface Place {
  readonly agent: string
  readonly workspace: string
  readonly runId: string
  /** Process 1 of the sandbox, as numbered outside. */
  readonly init: number
}

/** An agent with a workspace of its own that goes on until its house ends. */
async function run(agent: string, script = 'exec sleep 300', profile?: string): Promise<Place> {
  const workspace = join(home.home, `work-${agent}`)
  mkdirSync(workspace)
  const led = profile === undefined ? {} : { profile }
  const { permit } = await me.open({
    agent,
    workspace,
    cwd: workspace,
    argv: ['/bin/sh', '-c', script],
    ...led,
  })
  attachTo(me.client, permit).catch(() => undefined) // it ends with its house, or is contained
  const found = () => readRunRecords(RUNS).find((each) => each.agent === agent && each.init !== undefined)
  await until(() => found() !== undefined, `a run of ${agent}`)
  const { runId = '', init: { pid: init = 0 } = {} } = found() ?? {}
  await until(() => childrenByParent().get(init)?.length === 1, `the first process of ${agent}`)
  return { agent, workspace, runId, init }
}

/** Waits until the lookout knows the run, by a write it tells of: what happens before is nobody's yet. */
async function watched(place: Place): Promise<Place> {
  await until(async () => {
    writeFileSync(join(place.workspace, '.probe'), '')
    return (await allTold(place)).some(({ rule }) => rule === STRANGER)
  }, `the first sight of ${place.agent}`)
  return place
}

const STRANGER = 'boundary.stranger-write'

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
  } catch {
    return ''
  }
}

type Told = EntryAnswer & { readonly details: Readonly<Record<string, unknown>> }

/** Everything that was told of a run. */
async function allTold(place: Place): Promise<Told[]> {
  const entries = (await me.ledger({ action: 'alert:raise' })) as Told[]
  return entries.filter(({ details }) => details['run'] === place.runId)
}

/** Waits until this was told of a run. */
async function told(t: TestContext, rule: string, place: Place, beganAt: number, part = ''): Promise<Told> {
  let found: Told | undefined
  await until(async () => {
    found = (await allTold(place)).findLast(
      (entry) => entry.rule === `boundary.${rule}` && entry.reason.includes(part),
    )
    return found !== undefined
  }, `boundary.${rule} of ${place.agent}`)
  assert.ok(found)
  t.diagnostic(`${rule}: told ${Date.parse(found.timestamp) - beganAt} ms after it began`)
  assert.equal(found.details['principal'], place.agent)
  return found
}

async function ended(child: ChildProcess) {
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk)))
  const [status] = await once(child, 'close')
  return { status, stderr }
}

function isRoot(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true
  t.skip('only root can do this to others')
  return false
}

test('a process put into a run from outside is told', async (t) => {
  if (!isRoot(t) || !needs(t, NSENTER)) return
  const place = await watched(await run('entered'))
  const began = Date.now()
  const { status, stderr } = spawnSync(NSENTER, [
    '-t',
    `${place.init}`,
    '-p',
    '-m',
    '-n',
    '/bin/sleep',
    '0.01',
  ])
  assert.equal(status, 0, String(stderr))
  const { risk_level, details } = await told(t, 'intruder', place, began)
  assert.equal(risk_level, 'critical')
  assert.equal(typeof details['pid'], 'number')
})

test('a process that takes only the network of a run is told', async (t) => {
  if (!isRoot(t) || !needs(t, NSENTER)) return
  const place = await watched(await run('netted'))
  const began = Date.now()
  assert.equal(spawnSync(NSENTER, ['-t', `${place.init}`, '-n', '/bin/sleep', '0.3']).status, 0)
  const { details } = await told(t, 'intruder', place, began)
  assert.equal(details['space'], 'net')
})

test('a process of a run that somebody traces from outside is told', async (t) => {
  if (!isRoot(t) || !needs(t, PYTHON)) return
  const place = await watched(await run('traced'))
  const [first] = childrenByParent().get(place.init) ?? []
  const began = Date.now()
  // PTRACE_ATTACH, wait, PTRACE_DETACH
  const script = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pid = ${first?.pid}
assert libc.ptrace(16, pid, 0, 0) == 0, ctypes.get_errno()
os.waitpid(pid, 0)
assert libc.ptrace(17, pid, 0, 0) == 0`
  const { status, stderr } = spawnSync(PYTHON, ['-c', script])
  assert.equal(status, 0, String(stderr))
  const { details } = await told(t, 'traced', place, began)
  assert.equal(details['pid'], first?.pid)
})

for (const [agent, profile] of [
  ['wired', undefined],
  ['led', 'led'],
] as const)
  test(`an interface put into the network of a run is told (${profile ?? 'no way out but the bridge'})`, async (t) => {
    if (!isRoot(t) || !needs(t, '/usr/sbin/ip')) return
    await withInterface(t, agent, profile)
  })

async function withInterface(t: TestContext, agent: string, profile: string | undefined): Promise<void> {
  const speaks =
    'perl -MIO::Socket::INET -e \'IO::Socket::INET->new("198.51.100.1:80")\'; touch spoke; exec sleep 300'
  const place = await watched(await run(agent, speaks, profile))
  await until(() => existsSync(join(place.workspace, 'spoke')), 'what it is led to has answered')
  await new Promise((done) => setTimeout(done, 900)) // two looks at its network
  const own = (await allTold(place)).filter(({ rule }) => rule !== STRANGER)
  assert.deepEqual(own, [], 'what Warder itself put there is no finding')
  const name = `${agent[0]}h${process.pid % 100_000}`
  const made = spawnSync('/usr/sbin/ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`])
  if (made.status !== 0) return t.skip(`no pair of interfaces can be made: ${String(made.stderr)}`)
  t.after(() => void spawnSync('/usr/sbin/ip', ['link', 'del', `${name}p`]))
  const began = Date.now()
  assert.equal(spawnSync('/usr/sbin/ip', ['link', 'set', name, 'netns', `${place.init}`]).status, 0)
  const { details } = await told(t, 'interface', place, began)
  assert.equal(details['interface'], name)
}

test('a descriptor handed in through a socket does not make a write permitted', async (t) => {
  if (!isRoot(t) || !needs(t, PYTHON)) return
  const victim = await run('victim')
  const target = join(victim.workspace, 'notes.txt')
  writeFileSync(target, 'mine\n')
  // the agent waits for a socket in its own workspace, takes a descriptor from it, and writes there
  const thief = await watched(
    await run(
      'thief',
      `exec ${PYTHON} -c '
import array, os, socket, time
while not os.path.exists("door"): time.sleep(0.05)
time.sleep(0.1)
s = socket.socket(socket.AF_UNIX); s.connect("door")
_, parts, _, _ = s.recvmsg(1, socket.CMSG_LEN(4))
fd = array.array("i", parts[0][2])[0]
os.write(fd, b"theirs"); os.close(fd)
time.sleep(300)'`,
    ),
  )
  const helper = `import array, os, socket
os.chdir(${JSON.stringify(thief.workspace)})
s = socket.socket(socket.AF_UNIX); s.bind("door"); os.chmod("door", 0o777); s.listen(1)
c, _ = s.accept()
fd = os.open(${JSON.stringify(target)}, os.O_WRONLY)
c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])`
  const began = Date.now()
  const { status, stderr } = spawnSync(PYTHON, ['-c', helper], { timeout: 15_000 })
  assert.equal(status, 0, String(stderr))
  const { risk_level, details } = await told(t, 'write-into-other', thief, began)
  assert.equal(risk_level, 'critical')
  assert.equal(details['path'], target)
  assert.equal(details['workspace_of'], 'victim')
})

test('what a run does in its first moment, and is gone, is told as its own', async (t) => {
  if (!isRoot(t) || !needs(t, PYTHON)) return
  const victim = await run('first-victim')
  const target = join(victim.workspace, 'notes.txt')
  writeFileSync(target, 'mine\n')
  const agent = 'hasty'
  const workspace = join(home.home, `work-${agent}`)
  mkdirSync(workspace)
  // a socket that stood there before would be kept from it: this one is made between the box and the first act
  const helper = spawn(
    PYTHON,
    [
      '-c',
      `import array, os, socket, time
def built(): return any('"hasty"' in text and '"init"' in text for text in map(read, os.listdir(${JSON.stringify(RUNS)})))
def read(name):
  try: return open(os.path.join(${JSON.stringify(RUNS)}, name)).read()
  except OSError: return ""
print("waits", flush=True)
while not built(): time.sleep(0.001)
os.chdir(${JSON.stringify(workspace)})
s = socket.socket(socket.AF_UNIX); s.bind("door"); os.chmod("door", 0o777); s.listen(1)
c, _ = s.accept()
fd = os.open(${JSON.stringify(target)}, os.O_WRONLY)
c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => helper.kill('SIGKILL'))
  await once(helper.stdout, 'data')
  const script = `import array, os, socket
s = socket.socket(socket.AF_UNIX)
while True:
  try: s.connect("door"); break
  except OSError: pass
_, parts, _, _ = s.recvmsg(1, socket.CMSG_LEN(4))
fd = array.array("i", parts[0][2])[0]
os.write(fd, b"theirs"); os.close(fd)`
  const began = Date.now()
  const { permit, run: runId } = await me.open({
    ...{ agent, workspace, cwd: workspace, argv: [PYTHON, '-ISc', script] },
  })
  const { exit, stderr } = await attachTo(me.client, permit)
  assert.equal(stderr, '', JSON.stringify(exit))
  t.diagnostic(`the run took ${Math.round(exit.durationMs)} ms from its beginning to its end`)
  assert.equal(readFileSync(target, 'utf8').slice(0, 6), 'theirs')
  const { details } = await told(t, 'write-into-other', { agent, workspace, runId, init: 0 }, began)
  assert.equal(details['path'], target)
  assert.equal(details['workspace_of'], 'first-victim')
})

test('a connection of the host, handed in through a socket, is told', async (t) => {
  if (!isRoot(t) || !needs(t, PYTHON)) return
  const place = await watched(
    await run(
      'caller',
      `exec ${PYTHON} -c '
import array, os, socket, time
while not os.path.exists("door"): time.sleep(0.05)
time.sleep(0.1)
s = socket.socket(socket.AF_UNIX); s.connect("door")
_, parts, _, _ = s.recvmsg(1, socket.CMSG_LEN(4))
time.sleep(300)'`,
    ),
  )
  // a proxy nobody was told of: it connects, and gives away what it has
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const helper = `import array, os, socket
os.chdir(${JSON.stringify(place.workspace)})
s = socket.socket(socket.AF_UNIX); s.bind("door"); os.chmod("door", 0o777); s.listen(1)
c, _ = s.accept()
out = socket.create_connection(("127.0.0.1", ${port}))
c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [out.fileno()]))])`
  const began = Date.now()
  const { status, stderr } = await ended(
    spawn(PYTHON, ['-c', helper], { stdio: ['ignore', 'ignore', 'pipe'] }),
  )
  assert.equal(status, 0, stderr)
  const { details } = await told(t, 'connection', place, began)
  assert.equal(details['port'], port)
  assert.equal(details['address'], '127.0.0.1')
})

test('the owner at an editor in the workspace is told of, and is no incident', async (t) => {
  if (!isRoot(t)) return
  const place = await watched(await run('edited'))
  const began = Date.now()
  spawnSync('/bin/sh', ['-c', 'echo mine > notes.txt; mv notes.txt kept.txt'], { cwd: place.workspace })
  const { risk_level, details } = await told(t, 'stranger-write', place, began, 'notes.txt')
  assert.equal(risk_level, 'low')
  assert.equal(details['run'], place.runId)
  const others = (await allTold(place)).filter(({ rule }) => rule !== STRANGER)
  assert.deepEqual(others, [], 'nothing else is said of it')
})

test('a lookout that is killed is told, and another takes its place', async (t) => {
  if (!isRoot(t)) return
  await watched(await run('unwatched'))
  const lookouts = () =>
    (childrenByParent().get(home.daemonPid() ?? 0) ?? []).filter(
      ({ pid }) => nameOf(pid) === 'warder-lookout',
    )
  const [before] = lookouts()
  assert.ok(before)
  process.kill(before.pid, 'SIGKILL')
  const { risk_level } = await me.entry({ action: 'alert:raise', rule: 'boundary.lookout-ended' })
  assert.equal(risk_level, 'high')
  await until(() => lookouts().some(({ pid }) => pid !== before.pid), 'another lookout')
})

test('what agents do by right is no finding', async (t) => {
  if (!isRoot(t)) return
  const place = await watched(
    await run(
      'worker',
      'until [ -e go ]; do sleep 0.05; done; for i in 1 2 3 4 5 6 7 8; do echo $i > file$i; mkdir -p d; mv file$i d/; (sleep 0.2; touch d/late$i) & done; setsid sleep 0.3 & wait; touch done; exec sleep 300',
    ),
  )
  writeFileSync(join(place.workspace, 'go'), '')
  await until(() => readdirSync(place.workspace).includes('done'), 'its work')
  const inside = await home.warder(['exec', '--in', place.runId, '--', '/bin/sh', '-c', 'echo x > from-exec'])
  assert.equal(inside.code, 0, inside.stderr)
  await new Promise((done) => setTimeout(done, 1500)) // three looks at everybody
  assert.deepEqual(
    (await allTold(place))
      .filter(({ rule }) => rule !== STRANGER)
      .map(({ rule, reason }) => `${rule}: ${reason}`),
    [],
  )
  assert.ok(readProcess(place.init), 'and it goes on')
  t.diagnostic('no finding')
})
