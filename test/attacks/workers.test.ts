import assert from 'node:assert/strict'
import { spawnSync, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test, type TestContext } from 'node:test'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { assertRan, boxes, needs } from '../kit/box.ts'
import { until } from '../kit/house.ts'

// What is tried against workers that hold a model or a key, and what they must not leave behind.

const at = boxes({ after })
const { house, box } = at

/** Writes a profile of the owner's own: the shipped worker's, with other words. */
function profile(name: string, lines: readonly string[]): void {
  const directory = join(house.home, '.config/warder/profiles')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(join(house.home, '.config/warder'), 0o700)
  const text = [
    `name: ${name}`,
    'description: a worker of this test',
    'filesystem: {workspace: temporary, temporary_size: 16MiB, shared_memory: 32MiB}',
    'network: {mode: none}',
    'process: {fork: true, max_memory: 256MiB, max_processes: 32, max_open_files: 64, max_locked: 1MiB}',
    'environment: {mode: none}',
    ...lines,
  ]
  writeFileSync(join(directory, `${name}.yaml`), `${text.join('\n')}\n`, { mode: 0o600 })
}

/** A device no machine has by itself: the one of /dev/zero under a name of ours. */
function testDevice(t: TestContext, name: string): string | undefined {
  const path = `/dev/warder-test-${process.pid}-${name}`
  const made = spawnSync('/usr/bin/mknod', [path, 'c', '1', '5'])
  if (made.status !== 0) {
    t.skip('no device can be made here (needs root): the attack was NOT tried')
    return undefined
  }
  t.after(() => rmSync(path, { force: true }))
  chmodSync(path, 0o666)
  return path
}

test('a worker is given the devices that were named, and no other', async (t) => {
  const [named, other] = [testDevice(t, 'named'), testDevice(t, 'other')]
  if (named === undefined || other === undefined) return
  profile('with-device', [`devices: {needed: [${named}], if_present: [/dev/warder-nowhere]}`])
  const look = `head -c 2 ${named} | wc -c; head -c 2 ${other} | wc -c; ls /dev`
  const outside = spawnSync('/bin/sh', ['-c', look], { encoding: 'utf8' })
  assert.match(outside.stdout, /^2\n2\n/, 'outside both are there')
  const inside = await box({ profile: 'with-device', argv: ['/bin/sh', '-c', look] })
  assertRan(inside, /^2\n0\n/)
  assert.match(inside.stderr, new RegExp(`given ${named}`))
  assert.match(inside.stderr, /not there, hence not given: \/dev\/warder-nowhere/)
  const seen = inside.stdout.split('\n').slice(2).filter(Boolean)
  const harmless = 'core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ')
  assert.deepEqual(
    seen.filter((name) => !harmless.includes(name)),
    [named.slice('/dev/'.length)],
  )
  // nor can it make one, or take one apart
  const more = await box({
    profile: 'with-device',
    argv: [
      '/bin/sh',
      '-c',
      `mknod /tmp/mem c 1 1; echo "made=$?"; rm -f ${named} 2>/dev/null; echo "removed=$?"`,
    ],
  })
  assertRan(more, /made=1\nremoved=1/)
})

test('a device that gives away the machine is refused, whatever the profile says', async (t) => {
  for (const device of ['/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/fuse', '/dev/tty0', '/dev/loop0']) {
    if (!existsSync(device)) continue
    profile('too-much', [`devices: {needed: [${device}]}`])
    const { code, stderr } = await box({ profile: 'too-much', argv: ['/bin/true'] })
    assert.notEqual(code, 0, device)
    assert.match(stderr, /is given to nobody/, device)
  }
  profile('too-much', ['devices: {needed: [/dev/warder-nowhere]}'])
  const missing = await box({ profile: 'too-much', argv: ['/bin/true'] })
  assert.match(missing.stderr, /needs \/dev\/warder-nowhere, and there is no such device/)
  const outOfDev = testDevice(t, 'link')
  if (outOfDev === undefined) return
  const link = `${outOfDev}-link`
  spawnSync('/bin/ln', ['-s', '/dev/mem', link])
  t.after(() => rmSync(link, { force: true }))
  profile('too-much', [`devices: {needed: [${link}]}`])
  assert.match((await box({ profile: 'too-much', argv: ['/bin/true'] })).stderr, /there is no such device/)
})

test('a worker writes no core dump, and cannot allow itself one', async () => {
  const dump = `grep -i 'core file' /proc/self/limits; ulimit -c unlimited; echo "raised=$?"; cd /tmp; sh -c 'kill -SEGV $$'; echo "died=$?"; ls /tmp`
  profile('dumps', [])
  const inside = await box({ profile: 'dumps', argv: ['/bin/sh', '-c', dump] })
  assertRan(inside, /Max core file size +0 +0 .*raised=[12].*died=139/s)
  assert.doesNotMatch(inside.stdout, /^core/m)
  // one that may start nothing dies alone
  const single = await box({
    profile: 'key-worker',
    argv: ['/usr/bin/perl', '-e', 'kill "SEGV", $$; sleep 9'],
  })
  assert.equal(single.code, 139, single.stderr)
})

test('a worker may lock what its profile says, or what this host lets it, which is told', async () => {
  profile('locks', [])
  const inside = await box({ profile: 'locks', argv: ['/bin/sh', '-c', 'grep "locked" /proc/self/limits'] })
  assertRan(inside, /Max locked memory/)
  const [, soft] = /locked memory +(\S+)/.exec(inside.stdout) ?? []
  const { stdout } = await house.command(['sandbox', 'explain', 'locks'])
  const said = /locked-memory +1 MiB +(in force|NOT in force)/.exec(stdout.replaceAll(/\s+/g, ' '))?.[1]
  assert.equal(said, soft === '1048576' ? 'in force' : 'NOT in force', stdout)
})

const PTRACE = process.arch === 'arm64' ? 117 : 101
const READV = process.arch === 'arm64' ? 270 : 310

test('a worker’s memory is closed to other agents, and to what runs in its own sandbox', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const worker = begin('holder', 'model-worker', [
    '/usr/bin/perl',
    '-e',
    '$| = 1; my $key = join "", map { chr(97 + ($_ * 7) % 26) } 1..40; $0 = "holder"; print "ready\\n"; while (<STDIN>) {}',
  ])
  t.after(() => worker.child.kill())
  assert.equal(await worker.line(), 'ready')
  const trace = `my $r = syscall(${PTRACE}, 0x4206, $p, 0, 0); print $r < 0 ? "no " : "traced ";
    my $b = "\\0" x 64; my $to = pack("pQ", $b, 8); my $at = pack("QQ", 0x400000, 8); $p += 0;
    $r = syscall(${READV}, $p, $to, 1, $at, 1, 0);
    print $r < 0 && $! != 14 ? "no " : "read ";`
  // from another agent's sandbox: not even there
  const pids = `opendir(D, "/proc"); my @p = grep { /^\\d+$/ && open(F, "<", "/proc/$_/cmdline") && <F> =~ /^holder/ } readdir D; print scalar(@p), "\\n"`
  const other = await box({
    agent: 'other',
    argv: ['/usr/bin/perl', '-e', pids],
  })
  assertRan(other, /^0$/)
  // from inside: a second command of the same sandbox sees it, and may not look into it
  const inside = await house.warder([
    ...['exec', '--in', 'holder', '--', '/usr/bin/perl', '-e'],
    `opendir(D, "/proc"); my ($p) = grep { /^\\d+$/ && open(F, "<", "/proc/$_/cmdline") && <F> =~ /^holder/ } readdir D; print $p ? "seen " : "unseen "; ${trace}`,
  ])
  assert.equal(inside.code, 0, inside.stderr)
  assert.match(inside.stdout, /^seen no no/)
})

interface Worker {
  readonly child: ChildProcess
  /** What `warder run` says of it. */
  readonly said: () => string
  line(): Promise<string>
}

function begin(agent: string, profileName: string, argv: readonly string[]): Worker {
  const child = house.start(['run', '--profile', profileName, '--agent', agent, '--', ...argv])
  assert.ok(child.stdout !== null && child.stderr !== null)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  return {
    child,
    said: () => said,
    line: async () => {
      const next = await lines.next()
      return next.done === true ? `(it ended) ${said}` : String(next.value)
    },
  }
}

const WRITES_DOWN = [
  '/bin/sh',
  '-c',
  'ls /tmp /workspace /dev/shm; echo a-secret-of-this-task | tee /tmp/kept /workspace/kept > /dev/shm/kept; echo ready; cat > /dev/null',
]

test('a worker that has served is ended with all it held, and starts afresh under a new permit', async (t) => {
  profile('twice', ['recycle: {uses: 2}'])
  const worker = begin('server', 'twice', WRITES_DOWN)
  t.after(() => worker.child.kill())
  const untilReady = async (): Promise<string[]> => {
    const lines: string[] = []
    for (;;) {
      const line = await worker.line()
      if (line === 'ready') return lines
      lines.push(line)
      assert.ok(lines.length < 20, lines.join('\n'))
    }
  }
  await untilReady()
  const first = await runOf('server')
  const use = () => house.warder(['exec', '--in', 'server', '--', '/bin/cat', '/tmp/kept'])
  assert.equal((await use()).stdout, 'a-secret-of-this-task\n')
  assert.equal((await runOf('server')).run, first.run, 'one use is not two')
  assert.equal((await use()).stdout, 'a-secret-of-this-task\n')
  const seen = await untilReady()
  assert.deepEqual(
    seen.filter((line) => line.includes('kept')),
    [],
    'the second one met what the first had written',
  )
  const second = await runOf('server')
  assert.notEqual(second.run, first.run)
  assert.match(worker.said(), /recycled: it served 2 uses; what it held is gone, and it is started afresh/)
  const recycled = (await entries()).filter(
    ({ action, target }) => action === 'agent:recycle' && target === 'server',
  )
  assert.equal(recycled.length, 1)
  const details = recycled[0]?.['details'] as Record<string, unknown>
  assert.equal(recycled[0]?.result, 'success')
  assert.deepEqual([details['run'], details['uses'], details['left']], [first.run, 2, ''])
  for (const path of ['/tmp', '/workspace', '/dev/shm'])
    assert.ok(String(details['places']).split(' ').includes(path))
  assert.ok(Number(details['tables']) > 0, 'nothing was looked at')
  const starts = (await entries()).filter(
    ({ action, target }) => action === 'agent:start' && target === 'server',
  )
  assert.ok(
    new Set(starts.map((entry) => entry['permit_id']).filter(Boolean)).size >= 2,
    'each start has a permit of its own',
  )
})

test('a worker nobody uses any more is recycled, and one nobody ever used is left alone', async (t) => {
  profile('idler', ['recycle: {idle: 1s}'])
  const worker = begin('idle', 'idler', ['/bin/sh', '-c', 'echo ready; cat > /dev/null'])
  t.after(() => worker.child.kill())
  assert.equal(await worker.line(), 'ready')
  const first = await runOf('idle')
  // it is fresh: ending it would give nobody anything. Two other questions take longer than its idle time
  await new Promise((done) => setTimeout(done, 1500))
  assert.equal((await runOf('idle')).run, first.run)
  assert.equal((await house.warder(['exec', '--in', 'idle', '--', '/bin/true'])).code, 0)
  assert.equal(await worker.line(), 'ready')
  assert.notEqual((await runOf('idle')).run, first.run)
  assert.match(worker.said(), /recycled: nobody used it for 1s/)
})

test('a worker whose time is up is recycled, and a stop is not undone by that', async (t) => {
  profile('timed', ['recycle: {after: 1s}'])
  const worker = begin('timed', 'timed', ['/bin/sh', '-c', 'echo ready; cat > /dev/null'])
  t.after(() => worker.child.kill())
  assert.equal(await worker.line(), 'ready')
  assert.equal(await worker.line(), 'ready', 'it was started afresh')
  assert.match(worker.said(), /recycled: it ran for 1s/)
  assert.equal((await house.warder(['stop', 'timed', '--reason', 'enough'])).code, 0)
  await until(() => worker.child.exitCode !== null, 'the worker is not started again', 30_000)
  assert.notEqual(worker.child.exitCode, 0)
  await house.command(['resume', 'timed'])
})

test('what outlives the worker inside is ended with it', async (t) => {
  profile('leaver', ['recycle: {uses: 1}'])
  const worker = begin('leaver', 'leaver', ['/bin/sh', '-c', 'echo ready; cat > /dev/null'])
  t.after(() => worker.child.kill())
  assert.equal(await worker.line(), 'ready')
  const left = await house.warder([
    ...['exec', '--in', 'leaver', '--', '/bin/sh', '-c'],
    'exec 9> /tmp/held; setsid sleep 4711 < /dev/null > /dev/null 2>&1 9>&9 & echo left',
  ])
  assert.equal(left.stdout, 'left\n', left.stderr)
  assert.equal(await worker.line(), 'ready', 'it was started afresh')
  assert.deepEqual(sleepers(), [])
})

/** Processes on this machine that wait as the one above does. */
function sleepers(): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return (
        statSync(`/proc/${name}`).isDirectory() &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8') === 'sleep\u00004711\u0000'
      )
    } catch {
      return false
    }
  })
}

async function runOf(agent: string): Promise<{ run: string; agent: string }> {
  const { runs } = (await house.command(['status', '--json'])).json<{
    runs: { run: string; agent: string }[]
  }>()
  const found = runs.find((each) => each.agent === agent)
  assert.ok(found, `${agent} does not run`)
  return found
}

async function entries(): Promise<EntryAnswer[]> {
  const { stdout } = await house.command(['audit', 'list', '--json', '--limit', '1000'])
  return (JSON.parse(stdout) as { entries: EntryAnswer[] }).entries
}

test('an agent the policy does not trust is held to the strictest level, whatever its profile asks', async () => {
  profile('loose', ['minimum_level: landlock'])
  const rule = '{id: all, effect: allow, agents: ["*"], capabilities: ["agent:start:*"], reason: test}'
  writeFileSync(
    join(house.home, '.config/warder/policy.yaml'),
    `version: 1\nagents: {stranger: {tier: untrusted}, friend: {tier: trusted}}\nrules: [${rule}]\n`,
    { mode: 0o600 },
  )
  const reloaded = await house.command(['policy', 'reload'])
  assert.equal(reloaded.code, 0, reloaded.stderr)
  const explained = async (agent: string) =>
    (await house.command(['sandbox', 'explain', 'loose', '--agent', agent])).stdout
  assert.match(await explained('stranger'), /the policy calls stranger untrusted: at least level full/)
  assert.match(await explained('friend'), /the policy calls friend trusted: at least level landlock/)
  assert.doesNotMatch(await explained('nobody-named'), /the policy calls/)
  writeFileSync(
    join(house.home, '.config/warder/policy.yaml'),
    `version: 1\nagents: {stranger: {tier: harmless}}\n`,
    { mode: 0o600 },
  )
  assert.notEqual((await house.command(['policy', 'reload'])).code, 0, 'a tier nobody knows is no policy')
})
