import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test, type TestContext } from 'node:test'
import { newId } from '../../src/core/id.ts'
import { landlockCallNumber, type LandlockCall } from '../../src/enforce/sandbox/landlock-calls.ts'
import { collectOutbox, withOutbox, type OutboxResult } from '../../src/enforce/sandbox/outbox.ts'
import { createPodmanDriver, type PodmanDriver } from '../../src/enforce/sandbox/podman-driver.ts'
import { ownArchitecture } from '../../src/enforce/sandbox/seccomp.ts'
import { syscallNumber, type SyscallName } from '../../src/enforce/sandbox/syscalls.ts'
import { specDigest } from '../../src/enforce/sandbox/spec.ts'
import { openNative } from '../../src/platform/native.ts'
import { needs } from '../kit/box.ts'
import { until } from '../kit/house.ts'
import { outsider, runIn, runOutside, site, type Site, type SpecOptions } from '../kit/landlock.ts'

// Ways out of a task container. Each attempt is the same piece of perl, run twice as the same user: outside, where it
// must work or nothing was tried; and inside, where it must not.

const PERL = '/usr/bin/perl'
const PODMAN = '/usr/bin/podman'
const architecture = ownArchitecture()
const other = (name: LandlockCall) => (architecture && landlockCallNumber(name, architecture)) ?? -1
const call = (name: SyscallName) => (architecture && syscallNumber(name, architecture)) ?? -1
const PIDFD_OPEN = 434
const SOCKET = other('socket')

const state = realpathSync(mkdtempSync(join(tmpdir(), 'wp-')))
const driver = createPodmanDriver({ native: openNative(), state, limits: 'reported' })
after(async () => {
  if (existsSync(PODMAN)) await driver.removeStorage()
  rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
})

/** The driver, or undefined, said out loud, on a machine where it cannot work. */
async function podman(t: Pick<TestContext, 'skip'>): Promise<PodmanDriver | undefined> {
  const { available, guarantees } = await driver.lastProbe()
  if (available) return driver
  t.skip(`containers cannot be made here (${guarantees[0]?.why}): NOT tried`)
  return undefined
}

function containerSpec(at: Site, argv: readonly string[], more: SpecOptions = {}) {
  return at.spec(argv, { ...more, profile: { minimum_level: 'container', ...more.profile } })
}

const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]

/** Perl that is true when the attempt worked. `$o` is outside, `$w` the workspace, `$r` the readable tree, `$s` the side. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  'read a file beside the list': 'open(F, "<", "$o/secret") && <F> =~ /mark/',
  'list a directory beside the list': 'opendir(D, $o)',
  'write to a file beside the list': 'open(F, ">>", "$o/secret")',
  'make a file beside the list': 'open(F, ">", "$o/made-$s")',
  'delete a file beside the list': 'unlink("$o/delete-$s")',
  'write to what may only be read': 'open(F, ">>", "$r/page")',
  'cut short what may only be read': `syscall(${other('truncate')}, "$r/cut-$s", 0) == 0`,
  'change the mode of what may only be read': 'chmod(0666, "$r/page")',
  'make a file beside what may only be read': 'open(F, ">", "$r/made-$s")',
  'plant a hook for git': 'mkdir("$w/.git"); open(F, ">", "$w/.git/config-$s")',
  'plant what a shell runs on entering': 'open(F, ">", "$w/.envrc") && print F "x" and close(F)',
  'move away what is protected': 'mkdir("$w/.husky"); rename("$w/.husky", "$w/moved-$s")',
  'link a file from outside into the workspace': 'link("$o/secret", "$w/hard-$s")',
  'read through a planted link': 'symlink("$o/secret", "$w/soft-$s") && open(F, "<", "$w/soft-$s")',
  'run a program from outside': 'system("$o/program") == 0',
  "read the machine's users": 'open(F, "<", "/etc/passwd") && grep(/^root:/, <F>)',
  'see a process outside': '-d "/proc/$v" && open(F, "<", "/proc/$v/cmdline") && <F> =~ /OUTSIDE-MARK/',
  'read the environment of a process outside': 'open(F, "<", "/proc/$v/environ") && <F> =~ /mark/',
  'read through the root of a process outside': 'open(F, "<", "/proc/$v/root$o/secret")',
  'read the memory of a process outside': 'open(F, "<", "/proc/$v/mem")',
  'trace a process outside': `syscall(${call('ptrace')}, 0x4206, $v, 0, 0) == 0`,
  'trace a process of its own': `my $p = fork; if (!$p) { sleep 5; exit } my $r = syscall(${call('ptrace')}, 0x4206, $p, 0, 0); kill(9, $p); $r == 0`,
  'signal a process outside': 'kill(0, $v)',
  'signal a process outside by its descriptor': `my $p = syscall(${PIDFD_OPEN}, $v, 0); syscall(424, $p, 0, 0, 0) == 0`,
  'lower the priority of a process outside': 'setpriority(0, $v, 19)',
  'connect to a TCP port of the host':
    'socket(S, AF_INET, SOCK_STREAM, 0) && connect(S, pack_sockaddr_in($port, INADDR_LOOPBACK))',
  'connect to a socket file outside':
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("$o/socket"))',
  'connect to an abstract socket':
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("\\0$abstract"))',
  'send a datagram to the host':
    'socket(S, AF_UNIX, SOCK_DGRAM, 0) && send(S, "x", 0, pack_sockaddr_un("$o/datagram"))',
  'talk to the machine below': `syscall(${SOCKET}, 40, 1, 0) >= 0`,
  'ask the kernel for its crypto': `syscall(${SOCKET}, 38, 5, 0) >= 0`,
  'see interfaces of the host': 'open(F, "<", "/proc/net/dev") && (grep { /:/ && !/^\\s*lo:/ } <F>)',
  'make a ring that acts without a filter': `my $b = "\\0" x 120; syscall(${call('io_uring_setup')}, 4, $b) >= 0`,
  'put a key where others find it': `my ($n, $c) = ("user", "x"); syscall(${call('add_key')}, $n, "warder-$s", $c, 1, -4) >= 0`,
  'make a user namespace': `syscall(${call('unshare')}, 0x10000000) == 0`,
  'make a user namespace by clone': `my $p = syscall(${call('clone')}, 0x10000011, 0, 0, 0, 0); POSIX::_exit(0) if $p == 0; $p > 0`,
  'watch its own page faults': `syscall(${call('userfaultfd')}, 1) >= 0`,
  'turn off address randomisation': `syscall(${call('personality')}, 0x40000) != -1`,
  'hide a set bit in the upper half of an argument': `syscall(${call('personality')}, 0x100040000) != -1`,
  'make a file that runs as its owner': 'open(F, ">", "$w/set-$s") && chmod(04755, "$w/set-$s")',
  'make one at once': `my $p = "$w/made-set-$s"; syscall(${call('openat')}, -100, $p, 0101, 04755) >= 0`,
  'attach shared memory of the host': `syscall(${other('shmget')}, $key, 0, 0) >= 0`,
  'see what others share in memory': 'open(F, "<", "/dev/shm/$abstract")',
  'read a temporary file of the host': 'open(F, "<", "/tmp/$abstract")',
  'read what the kernel says of the hardware': 'opendir(D, "/sys/class") && grep(!/^\\./, readdir D)',
  'see the control groups of the host': 'opendir(D, "/sys/fs/cgroup") && grep(!/^\\./, readdir D)',
  'dump core where others read it':
    'open(F, "<", "/proc/self/limits") && grep(/^Max core file size\\s+[^0\\s]/, <F>)',
}

/** Each attempt in a process of its own, so that one that dies or hangs is one that failed. */
function script(facts: Readonly<Record<string, string | number>>): string {
  const variables = Object.entries(facts).map(([name, value]) => `our $${name} = '${value}';`)
  const attempts = Object.values(ATTEMPTS).map(
    (code, i) =>
      `$pid = fork; if (!$pid) { alarm 10; POSIX::_exit((eval { ${code} }) ? 0 : 1) } waitpid($pid, 0); print "${i} $?\\n";`,
  )
  return `use POSIX (); use Socket; $| = 1; my $pid; no strict; ${variables.join(' ')} $v += 0; $port += 0; $key += 0; ${attempts.join('\n')}`
}

/** What there is to be reached: a listener of every kind and a process to meddle with, all of the agent's own user. */
async function helpers(t: TestContext, at: Site): Promise<Readonly<Record<string, string | number>>> {
  const abstract = `warder-${process.pid}-${Date.now()}`
  const key = (process.pid << 8) | 0x59
  const listener = outsider(
    [
      PERL,
      '-e',
      `use Socket; $| = 1;
       socket(T, AF_INET, SOCK_STREAM, 0); bind(T, pack_sockaddr_in(0, INADDR_LOOPBACK)); listen(T, 64);
       my ($port) = unpack_sockaddr_in(getsockname(T));
       for my $p ("${at.outside}/socket", "\\0${abstract}") {
         socket(my $u, AF_UNIX, SOCK_STREAM, 0); bind($u, pack_sockaddr_un($p)); listen($u, 64); push @keep, $u }
       socket(G, AF_UNIX, SOCK_DGRAM, 0); bind(G, pack_sockaddr_un("${at.outside}/datagram"));
       for my $p ("/dev/shm/${abstract}", "/tmp/${abstract}") { open(F, ">", $p); print F "x"; close F }
       my $id = syscall(${other('shmget')}, ${key}, 4096, 01600);
       print "$port $id\\n"; <STDIN>; syscall(${other('shmctl')}, $id, 0, 0) if $id >= 0;
       unlink("/dev/shm/${abstract}", "/tmp/${abstract}")`,
    ],
    at.outside,
  )
  const victim = outsider([PERL, '-e', '<STDIN>; # OUTSIDE-MARK'], at.outside)
  t.after(() => {
    listener.stdin?.end() // it removes what it made
    victim.kill('SIGKILL')
  })
  const line = await new Promise<string>((done) =>
    listener.stdout?.once('data', (bytes: Buffer) => done(String(bytes))),
  )
  return { port: Number(line.split(' ')[0]), abstract, key, v: victim.pid ?? 0 }
}

function furnish(at: Site): void {
  at.put(join(at.outside, 'secret'), 'mark-7e1a')
  at.put(join(at.readable, 'page'), 'a page')
  at.put(join(at.outside, 'program'), '#!/bin/sh\nexit 0\n', 0o755)
  for (const side of ['in', 'out']) {
    at.put(join(at.outside, `delete-${side}`))
    at.put(join(at.readable, `cut-${side}`))
  }
}

test('every way out that works outside is shut in a container', async (t) => {
  const here = await podman(t)
  if (here === undefined || !needs(t, PERL)) return
  const at = site(t)
  furnish(at)
  const facts = await helpers(t, at)
  const argv = (s: string) => [
    PERL,
    '-e',
    script({ ...facts, s, o: at.outside, w: at.workspace, r: at.readable }),
  ]
  const inside = results((await runIn(here, containerSpec(at, argv('in')))).stdout)
  const outside = results(await runOutside(argv('out'), at.workspace))
  let stopped = 0
  for (const [i, name] of Object.keys(ATTEMPTS).entries()) {
    await t.test(name, (sub) => {
      assert.notEqual(inside.get(i), undefined, 'it was not tried inside')
      if (outside.get(i) !== 0) return sub.skip('it does not work outside either: NOT shown')
      stopped += 1
      assert.notEqual(inside.get(i), 0, 'it worked inside')
    })
  }
  assert.ok(stopped >= 35, `${stopped} attempts had a control`)
})

function results(output: string): ReadonlyMap<number, number> {
  const lines = output.trim().split('\n')
  return new Map(lines.map((line) => line.split(' ').map(Number) as [number, number]))
}

test('limits hold: memory, processes, temporary space, files', async (t) => {
  const here = await podman(t)
  if (here === undefined || !needs(t, PERL)) return
  const { guarantees } = await here.lastProbe()
  const isHeld = (name: string) => guarantees.find((each) => each.name === name)?.inForce === true
  const at = site(t)
  const profile: SpecOptions['profile'] = {
    filesystem: { workspace: 'read-write', read_only: [at.readable], temporary_size: '4MiB' },
    process: { fork: true, max_memory: '96MiB', max_processes: 24, max_open_files: 64, max_file: '1MiB' },
  }
  const inside = (source: string) => runIn(here, containerSpec(at, [PERL, '-e', source], { profile }))
  const space = await inside(
    `for my $i (0..9) { open(F, ">", "/tmp/f$i"); for (1..1000) { syswrite(F, "x" x 1024) and $n++ } } print int($n / 1024)`,
  )
  assert.equal(space.stdout, '4')
  const file = await inside(
    `$SIG{XFSZ} = "IGNORE"; open(F, ">", "big"); for (1..2000) { syswrite(F, "x" x 1024) and $n++ } print $n`,
  )
  assert.equal(file.stdout, '1024')
  if (isHeld('process-limit')) {
    const forks = await inside(
      `for (1..60) { my $p = fork; if (defined $p) { if (!$p) { sleep 30; exit } $n++ } } print $n; kill(9, -1)`,
    )
    assert.ok(Number(forks.stdout) > 5 && Number(forks.stdout) < 24, forks.stdout)
  }
  if (isHeld('memory-limit')) {
    const memory = await inside(`my $x = ""; for (1..40) { $x .= "x" x (8 << 20) } print "survived"`)
    assert.notEqual(memory.stdout, 'survived')
    assert.equal(memory.exit.reason, 'memory')
  } else t.diagnostic('memory is not limited here: NOT tried')
})

test('limits that are not in force are a refusal, unless asked for otherwise', async (t) => {
  if ((await podman(t)) === undefined) return
  const at = site(t)
  const none = { places: new Map(), missing: new Map([['memory' as const, 'a test took it away']]) }
  const strict = createPodmanDriver({ native: openNative(), state, cgroups: none })
  const spec = containerSpec(at, sh('echo > ran'))
  await assert.rejects(runIn(strict, spec), {
    code: 'SANDBOX_UNENFORCEABLE',
    message: /memory.*a test took it away/,
  })
  assert.equal(existsSync(join(at.workspace, 'ran')), false)
  await nothingLeft()
})

test('neither command nor environment shows in a process list or in what podman keeps', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  const mark = `mark-${newId()}`
  const spec = containerSpec(at, sh(`: ${mark}; echo ready; read line`), { env: { PASSED_SECRET: mark } })
  const run = await here.start(spec, { runId: newId(), agent: 'a' })
  await new Promise((done) => run.stdout.once('data', done))
  const inPodman = processes().filter(
    ({ pid, words }) => words.includes(mark) && pid !== run.init.pid && !words.startsWith('/bin/sh\0-c'),
  )
  assert.deepEqual(inPodman, [])
  for (const { pid } of processes().filter(({ words }) => words.includes(run.runId))) {
    assert.ok(
      !quietly(`/proc/${pid}/environ`).includes(mark),
      'it is in the environment of podman or its keeper',
    )
  }
  const kept = execFileSync('/bin/sh', ['-c', `grep -rl -- "${mark}" "${state}" || true`], {
    encoding: 'utf8',
  })
  assert.equal(kept, '')
  // the search finds what is there
  const found = execFileSync('/bin/sh', ['-c', `grep -rl -- "${run.runId}" "${state}" || true`], {
    encoding: 'utf8',
  })
  assert.notEqual(found, '')
  run.stdin.end('\n')
  await run.exit
})

test('what detaches itself ends with the run, and nothing of the container is left', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  for (const how of ['ends', 'killed'] as const) {
    const seconds = `${how === 'ends' ? 86 : 87}${process.pid}`
    const run = await here.start(
      containerSpec(
        at,
        sh(
          `for i in 1 2 3; do setsid sh -c 'setsid sleep ${seconds} & exit' & done; wait; echo ready; read line`,
        ),
      ),
      { runId: newId(), agent: 'a' },
    )
    await new Promise((done) => run.stdout.once('data', done))
    await until(() => marked(`sleep\0${seconds}`).length === 3, 'three detached children')
    assert.notDeepEqual(leftovers(), [])
    if (how === 'killed') assert.equal((await run.kill('enough')).processesAfter, 0)
    else run.stdin.end('\n')
    await run.exit
    assert.deepEqual(marked(`sleep\0${seconds}`), [])
    await nothingLeft()
  }
})

test('when podman is killed the run goes on, is still held, and leaves nothing', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  const seconds = `88${process.pid}`
  const run = await here.start(containerSpec(at, sh(`echo ready; read line; echo heard; sleep ${seconds}`)), {
    runId: newId(),
    agent: 'a',
  })
  const heard = new Promise((done) =>
    run.stdout.on('data', (chunk) => String(chunk).includes('heard') && done(true)),
  )
  await new Promise((done) => run.stdout.once('data', done))
  process.kill(run.pid, 'SIGKILL')
  run.stdin.write('\n')
  await heard
  await until(() => marked(`sleep\0${seconds}`).length === 1, 'the command to go on')
  assert.equal((await run.kill('enough')).processesAfter, 0)
  assert.equal((await run.exit).reason, 'killed')
  assert.deepEqual(marked(`sleep\0${seconds}`), [])
  await nothingLeft()
})

/** Starts a container from a process of its own, which the test then kills. */
async function strangersRun(
  t: TestContext,
  at: Site,
  argv: readonly string[],
): Promise<{ starter: ChildProcess; init: number }> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const source = `
    import { openNative } from ${url('../../src/platform/native.ts')}
    import { createPodmanDriver } from ${url('../../src/enforce/sandbox/podman-driver.ts')}
    const [state, spec] = process.argv.slice(1)
    const driver = createPodmanDriver({ native: openNative(), state, limits: 'reported' })
    const run = await driver.start(JSON.parse(spec), { runId: '${newId()}', agent: 'x' })
    run.stdout.once('data', () => console.log(run.init.pid))`
  const spec = JSON.stringify(containerSpec(at, argv))
  const starter = spawn(process.execPath, ['--input-type=module', '-e', source, state, spec], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => starter.kill('SIGKILL'))
  const init = await new Promise<number>((done, fail) => {
    starter.stdout?.once('data', (bytes: Buffer) => done(Number(bytes)))
    starter.once('exit', () => fail(new Error('it started nothing')))
  })
  return { starter, init }
}

test('when whoever started it is killed, everything ends, and the sweep takes the rest', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  const seconds = `89${process.pid}`
  const { starter } = await strangersRun(
    t,
    at,
    sh(`setsid sleep ${seconds} & echo ready; trap "" TERM HUP INT; wait`),
  )
  await until(() => marked(`sleep\0${seconds}`).length === 1, 'the child to begin')
  starter.kill('SIGKILL')
  await until(() => marked(`sleep\0${seconds}`).length === 0, 'everything to end')
  await here.sweep()
  await nothingLeft()
})

test('the sweep ends a container whose process 1 hangs and whose daemon is gone, and no other', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  const mine = await here.start(containerSpec(at, sh('echo ready; read line')), {
    runId: newId(),
    agent: 'a',
  })
  await new Promise((done) => mine.stdout.once('data', done))
  const seconds = `90${process.pid}`
  const { starter, init } = await strangersRun(t, site(t), sh(`setsid sleep ${seconds} & echo ready; wait`))
  await until(() => marked(`sleep\0${seconds}`).length === 1, 'the child to begin')
  // it cannot see that the control descriptor closes
  process.kill(init, 'SIGSTOP')
  starter.kill('SIGKILL')
  await until(() => starter.signalCode !== null, 'the starter to end')
  assert.equal(marked(`sleep\0${seconds}`).length, 1)
  const { containers, folders } = await here.sweep()
  assert.deepEqual([containers.length, folders.length], [1, 1])
  assert.deepEqual(marked(`sleep\0${seconds}`), [])
  assert.ok(existsSync(`/proc/${mine.init.pid}`), 'a run of a living daemon was swept')
  mine.stdin.end('\n')
  assert.equal((await mine.exit).code, 0)
  await nothingLeft()
})

test('results come out through the outbox, looked at, and only when the task ended by itself', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  let count = 0
  const task = async (script_: string, end: 'by itself' | 'killed' = 'by itself') => {
    const to = join(at.root, `results-${(count += 1)}`)
    const box: { result?: OutboxResult } = {}
    const spec = withOutbox(containerSpec(at, sh(script_)), '/outbox', 1024 ** 2)
    const take = async (from: string) => {
      const limits = { totalBytes: 1024 ** 2, files: 20 }
      const scan = async (_: unknown, copy: string) =>
        readFileSync(copy, 'utf8').includes('SECRET') ? 'it holds a secret' : undefined
      box.result = await collectOutbox({ from, to, limits, scan })
    }
    const run = await here.start(spec, { runId: newId(), agent: 'a', outbox: { path: '/outbox', take } })
    const output = text(run.stdout)
    if (end === 'killed') {
      await until(() => marked('sleep\x0091').length > 0, 'the task to work')
      await run.kill('enough')
    } else run.stdin.end()
    const exit = await run.exit
    return { to, result: box.result, exit, output: await output }
  }
  const good = await task(
    'mkdir /outbox/d; echo found > /outbox/d/report; (while :; do echo more >> /outbox/d/report; done) & echo done',
  )
  assert.ok(good.result?.taken)
  assert.match(readFileSync(join(good.to, 'files/d/report'), 'utf8'), /found/)
  const planted = await task('echo x > /outbox/good; ln -s /etc/passwd /outbox/link; mkfifo /outbox/pipe')
  assert.ok(planted.result?.taken === false)
  assert.deepEqual(
    planted.result.refused.map(({ name }) => name),
    ['link', 'pipe'],
  )
  assert.equal(existsSync(planted.to), false)
  const leak = await task('echo SECRET > /outbox/report')
  assert.ok(leak.result?.taken === false && existsSync(leak.to) === false)
  const full = await task('head -c 3000000 /dev/zero > /outbox/big 2>/dev/null; stat -c %s /outbox/big')
  assert.equal(full.output.trim(), `${1024 ** 2}`)
  const killed = await task('echo x > /outbox/report; sleep 91', 'killed')
  assert.deepEqual([killed.result, killed.exit.reason], [undefined, 'killed'])
  await nothingLeft()
})

test('a task in an image of its own sees that image and nothing of the system of the host', async (t) => {
  const here = await podman(t)
  if (here === undefined || !needs(t, '/usr/bin/gcc')) return
  const at = site(t)
  const root = join(at.root, 'image')
  execFileSync('/bin/mkdir', ['-p', join(root, 'bin')])
  const source = at.put(join(at.root, 'look.c'), LOOK)
  execFileSync('/usr/bin/gcc', ['-static', '-O1', '-o', join(root, 'bin/look'), source])
  const archive = execFileSync('/bin/tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], {
    maxBuffer: 64 * 1024 ** 2,
  })
  const image = await here.importImage(archive, 'localhost/look:1')
  const own = createPodmanDriver({ native: openNative(), state, limits: 'reported', image })
  const spec = containerSpec(at, ['/bin/sh', '-c', 'unused'])
  const { withArgv } = {
    withArgv: (argv: readonly string[]) => withOutbox({ ...spec, argv }, '/outbox', 4096),
  }
  const seen = await runIn(
    own,
    withArgv(['/bin/look', '/usr/bin/perl', '/etc/ssl', '/bin/look', at.workspace]),
  )
  assert.equal(seen.stdout, 'no /usr/bin/perl\nno /etc/ssl\nyes /bin/look\nyes ' + `${at.workspace}\n`)
  // by its name it could be exchanged, so a name is no image
  const byName = createPodmanDriver({
    native: openNative(),
    state,
    limits: 'reported',
    image: 'localhost/look:1',
  })
  await assert.rejects(runIn(byName, withArgv(['/bin/look'])), { code: 'SANDBOX_COMMAND_INVALID' })
  const missing = createPodmanDriver({
    native: openNative(),
    state,
    limits: 'reported',
    image: `sha256:${'0'.repeat(64)}`,
  })
  await assert.rejects(runIn(missing, withArgv(['/bin/look'])), { code: 'SANDBOX_FAILED' })
  await nothingLeft()
})

const LOOK = `
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) { for (int i = 1; i < argc; i++) printf("%s %s\\n", access(argv[i], F_OK) == 0 ? "yes" : "no", argv[i]); return 0; }
`

test('the one way out is the socket that was bound, through a port of its own loopback', async (t) => {
  const here = await podman(t)
  if (here === undefined || !needs(t, PERL)) return
  const at = site(t)
  const source = join(at.outside, 'egress')
  const proxy = createServer((client) => client.end('the proxy answers\n'))
  await new Promise<void>((done) => proxy.listen(source, done))
  t.after(() => proxy.close())
  chmodSync(source, 0o666)
  const { dev, ino } = statSync(source, { bigint: true })
  const path = '/run/warder/egress'
  const identity = { device: `${dev}`, inode: `${ino}`, kind: 'socket' } as const
  const ask = `use Socket; for my $port (3128, 3129) { socket(S, AF_INET, SOCK_STREAM, 0);
    print connect(S, pack_sockaddr_in($port, INADDR_LOOPBACK)) ? <S> : "nobody at $port\n" }`
  const spec = containerSpec(at, [PERL, '-e', ask])
  const mounts = [
    ...spec.mounts,
    { type: 'bind', source, path, access: 'write', identity, why: 'egress' } as const,
  ]
  const bridged = { ...spec, mounts, bridge: { port: 3128, socket: path } }
  const { stdout } = await runIn(here, { ...bridged, digest: specDigest(bridged) })
  assert.equal(stdout, 'the proxy answers\nnobody at 3129\n')
})

test('paths that podman could misread are bound as they are', async (t) => {
  const here = await podman(t)
  if (here === undefined) return
  const at = site(t)
  const odd = ['with,comma', 'with"mark', 'with:colon', 'with space', 'ro=false,z', 'dst=$HOME'].map((name) =>
    join(at.root, name),
  )
  for (const folder of odd) writeFileSync(join(at.folder(folder), 'page'), 'here\n')
  const spec = containerSpec(
    at,
    sh(odd.map((folder) => `cat '${folder}/page'; (: > '${folder}/made')`).join('; ')),
    {
      profile: { filesystem: { workspace: 'read-write', read_only: odd, temporary_size: '1MiB' } },
    },
  )
  const { stdout } = await runIn(here, spec)
  assert.equal(stdout, 'here\n'.repeat(odd.length))
  for (const folder of odd) assert.deepEqual(readdirSync(folder), ['page'])
})

/** Podman's own processes take a moment more to end than what they made. */
async function nothingLeft(): Promise<void> {
  await until(() => leftovers().every((each) => each.startsWith('process ')), 'everything to be gone')
  await until(() => leftovers().length === 0, `podman's processes to end (${leftovers().join(', ')})`)
}

/** What is left of containers in our storage, our folders, the mounts and the processes. */
function leftovers(): string[] {
  const list = (...path: readonly string[]) =>
    existsSync(join(state, ...path)) ? readdirSync(join(state, ...path)) : []
  const known = join(state, 'storage/overlay-containers/containers.json')
  const containers = existsSync(known) ? (JSON.parse(readFileSync(known, 'utf8')) as unknown[]).length : 0
  return [
    ...list('runs').map((name) => `folder ${name}`),
    ...(containers > 0 ? [`${containers} containers`] : []),
    ...list('storage', 'overlay-containers').filter((name) => /^[0-9a-f]{64}$/.test(name)),
    ...quietly('/proc/self/mounts')
      .split('\n')
      .filter((line) => line.includes(state)),
    ...processes()
      .filter(
        ({ pid, words }) =>
          words.includes(`${state}/`) && !words.includes('podman\0pause') && pid !== process.pid,
      )
      .map(({ words }) => `process ${words.replaceAll('\0', ' ').slice(0, 100)}`),
  ]
}

function processes(): { readonly pid: number; readonly words: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), words: quietly(`/proc/${pid}/cmdline`) }))
}

function marked(mark: string): number[] {
  return processes()
    .filter(({ words }) => words.includes(mark))
    .map(({ pid }) => pid)
}

function quietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
