import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { newId } from '../../src/core/id.ts'
import { createLandlockDriver } from '../../src/enforce/sandbox/index.ts'
import { openNative } from '../../src/platform/native.ts'
import { landlockCallNumber, type LandlockCall } from '../../src/enforce/sandbox/landlock-calls.ts'
import { ownArchitecture } from '../../src/enforce/sandbox/seccomp.ts'
import { syscallNumber, type SyscallName } from '../../src/enforce/sandbox/syscalls.ts'
import { AGENT, landlock, LAUNCHER, outsider, runIn, runOutside, site, type Site } from '../kit/landlock.ts'
import { needs } from '../kit/box.ts'
import { until } from '../kit/house.ts'

// Ways out of the Landlock level. Each attempt is the same piece of perl, run twice as the same user: outside, where it
// must work or nothing was tried; and inside, where it must not.

const PERL = '/usr/bin/perl'
const architecture = ownArchitecture()
const other = (name: LandlockCall) => (architecture && landlockCallNumber(name, architecture)) ?? -1
const call = (name: SyscallName) => (architecture && syscallNumber(name, architecture)) ?? -1
// the same number on every architecture
const PIDFD_OPEN = 434
const SOCKET = other('socket')

/** Perl that is true when the attempt worked. `$o` is outside, `$w` the workspace, `$r` the readable tree, `$s` the side. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  'read a file beside the list': 'open(F, "<", "$o/secret") && <F> =~ /mark/',
  'list a directory beside the list': 'opendir(D, $o)',
  "read the machine's users": 'open(F, "<", "/etc/passwd")',
  "read the kernel's list of processes": 'opendir(D, "/proc")',
  'write to a file beside the list': 'open(F, ">>", "$o/secret")',
  'make a file beside the list': 'open(F, ">", "$o/made-$s")',
  'make a directory beside the list': 'mkdir("$o/dir-$s")',
  'delete a file beside the list': 'unlink("$o/delete-$s")',
  'cut a file beside the list short': `syscall(${other('truncate')}, "$o/cut-$s", 0) == 0`,
  'write to what may only be read': 'open(F, ">>", "$r/page")',
  'cut short what may only be read': `syscall(${other('truncate')}, "$r/cut-$s", 0) == 0`,
  'move a file out of the workspace': 'rename("$w/move-$s", "$o/moved-$s")',
  'move a file into the workspace': 'rename("$o/take-$s", "$w/taken-$s")',
  'link a file from outside into the workspace':
    'link("$o/secret", "$w/hard-$s") && open(F, "<", "$w/hard-$s")',
  'read through a planted link': 'symlink("$o/secret", "$w/soft-$s") && open(F, "<", "$w/soft-$s")',
  'write through a planted link': 'symlink("$o/new-$s", "$w/wsoft-$s") && open(F, ">", "$w/wsoft-$s")',
  'run a program from outside': 'system("$o/program") == 0',
  'open what a process outside stands on': 'opendir(D, "/proc/$v/cwd/")',
  'read through the root of a process outside': 'open(F, "<", "/proc/$v/root$o/secret")',
  'change the mode of a file outside': 'chmod(0666, "$o/secret")',
  'change the mode of a directory outside': 'chmod(0755, $o)',
  'change a mode outside through a planted link':
    'symlink("$o/secret", "$w/csoft-$s") && chmod(0666, "$w/csoft-$s")',
  'change a mode through its own descriptor': 'open(F, "<", "$r/page") && chmod(0666, *F)',
  'change a mode through /proc/self': 'open(F, "<", "$r/page") && chmod(0666, "/proc/self/fd/" . fileno(F))',
  'change a mode by ascending': 'chmod(0666, "$w/../outside/secret")',
  'change the times of a file outside': 'utime(1, 1, "$o/secret")',
  'change the times through a descriptor': 'open(F, "<", "$r/page") && utime(1, 1, *F)',
  'change the owner of a file outside': `syscall(${other('fchownat')}, -100, "$o/secret", $< + 0, -1, 0) == 0`,
  'change an attribute of a file outside': `my ($n, $c) = ("user.x", "y"); syscall(${other('setxattr')}, "$o/secret", $n, $c, 1, 0) == 0`,
  'make a file that runs as its owner': 'open(F, ">", "$w/set-$s") && chmod(04755, "$w/set-$s")',
  'make one at once': `my $p = "$w/made-set-$s"; syscall(${call('openat')}, -100, $p, 0101, 04755) >= 0`,
  'read the environment of a process outside': 'open(F, "<", "/proc/$v/environ") && <F> =~ /mark/',
  'read the memory of a process outside': 'open(F, "<", "/proc/$v/mem")',
  'read the arguments of a process outside': 'open(F, "<", "/proc/$v/cmdline") && <F> ne ""',
  'trace a process outside': `syscall(${call('ptrace')}, 0x4206, $v, 0, 0) == 0`,
  'take a descriptor from a process outside': `my $p = syscall(${PIDFD_OPEN}, $v, 0); syscall(${call('pidfd_getfd')}, $p, 0, 0) >= 0`,
  'signal a process outside': 'kill(0, $v)',
  'signal a process outside by its descriptor': `my $p = syscall(${PIDFD_OPEN}, $v, 0); syscall(424, $p, 0, 0, 0) == 0`,
  'lower a limit of a process outside': `my $b = "\\0" x 16; syscall(${other('prlimit64')}, $v, 7, 0, $b) == 0`,
  'lower the priority of a process outside': 'setpriority(0, $v, 19)',
  'move itself to other processors': `my $m = "\\xff" x 8; syscall(${other('sched_setaffinity')}, 0, 8, $m) == 0`,
  'connect to a TCP port of the host':
    'socket(S, AF_INET, SOCK_STREAM, 0) && connect(S, pack_sockaddr_in($port, INADDR_LOOPBACK))',
  'listen on a TCP port of the host':
    'socket(S, AF_INET, SOCK_STREAM, 0) && bind(S, pack_sockaddr_in(0, INADDR_LOOPBACK)) && listen(S, 1)',
  'listen without a bind': 'socket(S, AF_INET, SOCK_STREAM, 0) && listen(S, 1)',
  'connect by multipath TCP':
    'socket(S, AF_INET, SOCK_STREAM, 262) && connect(S, pack_sockaddr_in($port, INADDR_LOOPBACK))',
  'send a datagram':
    'socket(S, AF_INET, SOCK_DGRAM, 0) && send(S, "x", 0, pack_sockaddr_in($port, INADDR_LOOPBACK))',
  'connect to a socket file outside':
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("$o/socket"))',
  'connect to a socket file in the workspace':
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("$w/socket"))',
  'connect to an abstract socket':
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("\\0$abstract"))',
  'send through one of a pair of datagram sockets':
    'socketpair(A, B, AF_UNIX, SOCK_DGRAM, 0) && send(A, "x", 0, pack_sockaddr_un("$o/datagram"))',
  'send through one of a pair of raw sockets':
    'socketpair(A, B, AF_UNIX, SOCK_RAW, 0) && send(A, "x", 0, pack_sockaddr_un("$o/datagram"))',
  'talk to the machine below': `syscall(${SOCKET}, 40, 1, 0) >= 0`,
  'ask the kernel for its interfaces': `syscall(${SOCKET}, 16, 3, 0) >= 0`,
  'make a ring that acts without a filter': `my $b = "\\0" x 120; syscall(${call('io_uring_setup')}, 4, $b) >= 0`,
  'put a key where others find it': `my ($n, $c) = ("user", "x"); syscall(${call('add_key')}, $n, "warder-$s", $c, 1, -4) >= 0`,
  'make namespaces of its own': `syscall(${call('unshare')}, 0x10000000) == 0`,
  'watch its own page faults': `syscall(${call('userfaultfd')}, 1) >= 0`,
  'turn off address randomisation': `syscall(${call('personality')}, 0x40000) != -1`,
  'attach shared memory': `syscall(${other('shmget')}, $key, 0, 0) >= 0`,
  'make a message queue': `my $q = "warder-$s-$$"; syscall(${other('mq_open')}, $q, 0102, 0600, 0) >= 0 && syscall(${other('mq_unlink')}, $q) == 0`,
  'put a file into shared memory': 'open(F, ">", "/dev/shm/warder-$s-$$") && unlink("/dev/shm/warder-$s-$$")',
  'open a terminal of its own': 'open(F, "+<", "/dev/ptmx")',
  'write to the common directory for temporary files':
    'open(F, ">", "/tmp/warder-$s-$$") && unlink("/tmp/warder-$s-$$")',
}

/** Each attempt in a process of its own, so that one that dies or hangs is one that failed. */
function script(facts: Readonly<Record<string, string | number>>): string {
  const variables = Object.entries(facts).map(
    ([name, value]) => `our $${name} = ${JSON.stringify(String(value))};`,
  )
  const attempts = Object.values(ATTEMPTS).map(
    (code, i) =>
      `$pid = fork; if (!$pid) { alarm 5; POSIX::_exit((eval { ${code} }) ? 0 : 1) } waitpid($pid, 0); print "${i} $?\\n";`,
  )
  return `use POSIX (); use Socket; $| = 1; my $pid; no strict; ${variables.join(' ').replaceAll('"', "'")} $v += 0; $port += 0; $key += 0; ${attempts.join('\n')}`
}

interface Helpers {
  readonly victim: ChildProcess
  readonly facts: Readonly<Record<string, string | number>>
}

/** What there is to be reached: a listener of every kind and a process to meddle with, all of the agent's own user. */
async function helpers(t: TestContext, at: Site): Promise<Helpers> {
  const abstract = `warder-${process.pid}-${Date.now()}`
  const key = (process.pid << 8) | 0x57
  const listener = outsider(
    [
      PERL,
      '-e',
      `use Socket; $| = 1;
       socket(T, AF_INET, SOCK_STREAM, 0); bind(T, pack_sockaddr_in(0, INADDR_LOOPBACK)); listen(T, 64);
       my ($port) = unpack_sockaddr_in(getsockname(T));
       my $i = 0; for my $p ("${at.outside}/socket", "${at.workspace}/socket", "\\0${abstract}") {
         socket(my $u, AF_UNIX, SOCK_STREAM, 0); bind($u, pack_sockaddr_un($p)); listen($u, 64); push @keep, $u }
       socket(G, AF_UNIX, SOCK_DGRAM, 0); bind(G, pack_sockaddr_un("${at.outside}/datagram"));
       my $id = syscall(${other('shmget')}, ${key}, 4096, 01600);
       print "$port $id\\n"; <STDIN>; syscall(${other('shmctl')}, $id, 0, 0) if $id >= 0`,
    ],
    at.outside,
  )
  const victim = outsider([PERL, '-e', '<STDIN>'], at.outside)
  t.after(() => {
    listener.stdin?.end() // it removes its shared memory
    victim.kill('SIGKILL')
  })
  const line = await new Promise<string>((done) =>
    listener.stdout?.once('data', (bytes: Buffer) => done(String(bytes))),
  )
  return { victim, facts: { port: Number(line.split(' ')[0]), abstract, key, v: victim.pid ?? 0 } }
}

function furnish(at: Site): void {
  at.put(join(at.outside, 'secret'), 'mark-7e1a')
  at.put(join(at.readable, 'page'), 'a page')
  at.put(join(at.outside, 'program'), '#!/bin/sh\nexit 0\n', 0o755)
  for (const side of ['in', 'out']) {
    for (const name of ['delete', 'cut', 'take']) at.put(join(at.outside, `${name}-${side}`))
    at.put(join(at.readable, `cut-${side}`))
    at.put(join(at.workspace, `move-${side}`))
  }
}

test('every way out that works outside is shut inside', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined || !needs(t, PERL)) return
  const at = site(t)
  furnish(at)
  const { facts } = await helpers(t, at)
  const argv = (s: string) => [
    PERL,
    '-e',
    script({ ...facts, s, o: at.outside, w: at.workspace, r: at.readable }),
  ]
  const inside = results((await runIn(driver, at.spec(argv('in')))).stdout)
  const outside = results(await runOutside(argv('out'), at.workspace))
  const counts = { stopped: 0, 'no control': 0 }
  for (const [i, name] of Object.keys(ATTEMPTS).entries()) {
    await t.test(name, (sub) => {
      assert.notEqual(inside.get(i), undefined, 'it was not tried inside')
      if (outside.get(i) !== 0) {
        counts['no control'] += 1
        return sub.skip('it does not work outside either: NOT shown')
      }
      counts.stopped += 1
      assert.notEqual(inside.get(i), 0, 'it worked inside')
    })
  }
  assert.ok(counts.stopped >= 50, `${counts.stopped} attempts had a control`)
})

function results(output: string): ReadonlyMap<number, number> {
  const lines = output.trim().split('\n')
  return new Map(lines.map((line) => line.split(' ').map(Number) as [number, number]))
}

test('what honest programs do still works', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined || !needs(t, PERL)) return
  const at = site(t)
  at.put(join(at.readable, 'page'), 'a page')
  const { stdout, stderr, exit } = await runIn(
    driver,
    at.spec([
      '/bin/sh',
      '-c',
      `set -e; cat ${at.readable}/page; echo; echo one > a; cp a b; mv b c; mkdir d; mv c d/c; ln d/c e; ln -s e f; cat f
       chmod 700 a; touch -d @1000 a; stat -c '%a %Y' a; chmod 755 d; rm -r d; echo x > "$TMPDIR/t"; cat "$TMPDIR/t"
       echo x > "$HOME/h"; chmod 600 "$HOME/h"; echo piped | cat > /dev/null; (exit 3) || echo $?
       perl -e 'use Socket; socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die; syswrite(A, "pair\\n"); sysread(B, $x, 9); print $x'
       perl -e 'open(F, ">", "g"); chmod(0640, *F) or die $!; utime(5, 5, *F) or die $!; printf "%o %d\\n", (stat("g"))[2] & 0777, (stat("g"))[9]'
       sh -c 'kill -9 $$' || echo killed; echo out > /dev/stdout; od -An -N1 /dev/urandom > /dev/null; echo end`,
    ]),
  )
  assert.equal(exit.code, 0, stderr)
  assert.equal(stdout, 'a page\none\n700 1000\nx\n3\npair\n640 5\nkilled\nout\nend\n')
})

test('no descriptor of this process is open inside', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const script_ = `
    import { readdirSync } from 'node:fs'
    import { openNative } from ${url('../../src/platform/native.ts')}
    import { createLandlockDriver } from ${url('../../src/enforce/sandbox/index.ts')}
    console.log('outside', readdirSync('/proc/self/fd').includes('3'))
    const run = await createLandlockDriver({ native: openNative() }).start(JSON.parse(process.argv[1]), { runId: '${newId()}', agent: 'x' })
    run.stdout.pipe(process.stdout); run.stdin.end(); await run.exit`
  const look = `for my $n (0..255) { open(my $f, "<&=", $n) and print "$n " }`
  const spec = at.spec([PERL, '-e', look])
  const child = spawn(process.execPath, ['--input-type=module', '-e', script_, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'],
  })
  assert.equal(await text(child.stdout!), 'outside true\n0 1 2 ')
})

/** Processes of the agent's user whose arguments hold a mark. */
function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => quietly(`/proc/${pid}/cmdline`).includes(mark))
    .map(Number)
}

function quietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

const DETACH = (seconds: string) =>
  `for i in 1 2 3; do setsid sh -c 'setsid sleep ${seconds} & setsid sleep ${seconds} & exit' & done; wait; echo ready; read line`

test('children that detach themselves end with the run, whether it ends or is killed', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  for (const [how, seconds] of [
    ['ends', `86${process.pid}`],
    ['killed', `87${process.pid}`],
  ] as const) {
    const run = await driver.start(at.spec(['/bin/sh', '-c', DETACH(seconds)]), {
      runId: newId(),
      agent: 'a',
    })
    await new Promise((done) => run.stdout.once('data', done))
    await until(() => marked(`sleep\0${seconds}`).length === 6, 'six detached children')
    if (how === 'killed') assert.equal((await run.kill('enough')).processesAfter, 0)
    else run.stdin.end('\n')
    await run.exit
    assert.deepEqual(marked(`sleep\0${seconds}`), [])
  }
  // outside, the same children outlive the shell that started them
  const seconds = `88${process.pid}`
  const shell = outsider(['/bin/sh', '-c', DETACH(seconds)], at.workspace)
  await new Promise((done) => shell.stdout?.once('data', done))
  shell.stdin?.end('\n')
  await until(() => shell.exitCode !== null, 'the shell to end')
  const survivors = marked(`sleep\0${seconds}`)
  for (const pid of survivors) process.kill(pid, 'SIGKILL')
  assert.equal(survivors.length, 6)
})

const HEADLESS = `
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *work(void *path) { for (;;) { FILE *f = fopen(path, "a"); if (f) { fputc('x', f); fclose(f); } usleep(1000); } return 0; }
int main(int argc, char **argv) { pthread_t thread; (void)argc; pthread_create(&thread, 0, work, argv[1]); puts("ready"); fflush(stdout); pthread_exit(0); }
`

test('a process whose first thread has ended is stopped and ended like any other', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  if (!needs(t, '/usr/bin/gcc')) return
  const at = site(t)
  const source = at.put(join(at.root, 'headless.c'), HEADLESS)
  const program = join(at.workspace, 'headless')
  execFileSync('/usr/bin/gcc', ['-static', '-pthread', '-o', program, source])
  const mark = at.put(join(at.workspace, 'mark'), '')
  const size = () => readFileSync(mark).length
  const run = await driver.start(at.spec(['/bin/sh', '-c', `./headless ${mark} & read line`]), {
    runId: newId(),
    agent: 'a',
  })
  await new Promise((done) => run.stdout.once('data', done))
  await until(() => size() > 3, 'the other thread to work')
  await run.freeze()
  const frozen = size()
  await new Promise((done) => setTimeout(done, 100))
  assert.equal(size(), frozen, 'it went on while everything stood still')
  await run.thaw()
  await until(() => size() > frozen, 'it to go on')
  await run.kill('enough')
  await run.exit
  assert.deepEqual(marked(`./headless\0`), [])
})

test('when whoever started it is killed, everything ends', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  const seconds = `89${process.pid}`
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const script_ = `
    import { openNative } from ${url('../../src/platform/native.ts')}
    import { createLandlockDriver } from ${url('../../src/enforce/sandbox/index.ts')}
    const run = await createLandlockDriver({ native: openNative() }).start(JSON.parse(process.argv[1]), { runId: '${newId()}', agent: 'x' })
    run.stdout.pipe(process.stdout)`
  const spec = at.spec(['/bin/sh', '-c', DETACH(seconds)])
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script_, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((done) => starter.stdout.once('data', done))
  await until(() => marked(`sleep\0${seconds}`).length === 6, 'six detached children')
  starter.kill('SIGKILL')
  await until(() => marked(seconds).length === 0, 'everything it started to be gone')
  await until(() => !existsSync(`/proc/${starter.pid}`), 'the starter to be gone')
  const left = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`warder-landlock-${starter.pid}-`))
  assert.equal(left().length, 1)
  await driver.probe() // the next driver looks for what the last one left
  assert.deepEqual(left(), [])
})

test('what a run leaves in its temporary directory goes with it, and leads nobody elsewhere', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  at.put(join(at.outside, 'kept'))
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith(`warder-landlock-${process.pid}-`))
  const script_ = `cd "$TMPDIR"; mkdir -p a/b/c shut; echo x > a/b/c/f; ln -s ${at.outside} a/out; ln -s ${at.outside} out
    echo x > shut/f; chmod 0 shut; mkdir -p "$HOME/.cache/d"; chmod 500 "$HOME/.cache"; pwd`
  const { stdout, exit } = await runIn(driver, at.spec(['/bin/sh', '-ec', script_]))
  assert.equal(exit.code, 0)
  assert.equal(existsSync(stdout.trim()), false)
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith(`warder-landlock-${process.pid}-`))
  assert.deepEqual(after, before)
  assert.deepEqual(readdirSync(at.outside), ['kept'])
})

test('a directory exchanged for a link between decision and start is not followed', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  const spec = at.spec(['/bin/sh', '-c', 'echo planted > planted'])
  execFileSync('/bin/mv', [at.workspace, `${at.workspace}.away`])
  execFileSync('/bin/ln', ['-s', at.outside, at.workspace])
  await assert.rejects(runIn(driver, spec), { code: 'SANDBOX_CHANGED' })
  assert.deepEqual(readdirSync(at.outside), [])
})

test('a protected name that was changed is told of at the end, and nothing else is', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    ['echo x > ordinary; echo x > .git/objects/x; echo x > .git/index', undefined],
    ['cat .git/config .envrc; ls -R .git .claude', undefined],
    ['echo "fsmonitor = /tmp/x" >> .git/config', /\.git;/],
    ['echo x > .git/hooks/pre-commit; touch -d @1 .git/hooks/pre-commit', /\.git;/],
    ['mv .git aside; mkdir .git', /\.git;/],
    ['echo x > .mcp.json', /\.mcp\.json/],
    ['mkdir .vscode', /\.vscode/],
    ['chmod 777 .envrc', /\.envrc/],
    ['cp .envrc e; echo evil > .envrc; cat e > .envrc; touch -r e .envrc', /\.envrc/],
  ]
  for (const [script_, told] of cases) {
    const at = site(t)
    for (const path of ['.git', '.git/hooks', '.git/objects', '.claude']) at.folder(join(at.workspace, path))
    at.put(join(at.workspace, '.git/config'), '[core]')
    at.put(join(at.workspace, '.envrc'), 'use nix')
    const { exit, stderr } = await runIn(driver, at.spec(['/bin/sh', '-ec', script_]))
    assert.equal(exit.code, 0, `${script_}: ${stderr}`)
    if (told === undefined) assert.equal(exit.note, undefined, script_)
    else assert.match(exit.note ?? '', told, script_)
  }
})

test('an agent that would share its user with Warder does not start where signals are not held back', async (t) => {
  const old = await landlock(t, { abi: 5 })
  if (old === undefined) return
  const at = site(t)
  const spec = at.spec(['/bin/true'])
  const own = { ...spec, host: { uid: process.getuid?.() ?? 0, gid: AGENT.gid } }
  if (own.host.uid === 0) {
    await assert.rejects(runIn(old, own), /belongs to root|does not hold back signals/)
    const [lost] = ((await old.notEnforced?.(spec)) ?? []).filter((line) => line.includes('signals'))
    assert.match(lost ?? '', /can end other processes of the user/)
  } else await assert.rejects(runIn(old, own), /does not hold back signals/)
})

/** What an older kernel keeps: its rules are lower, and what it does not know is shut by the filter or said. */
test('at every version of Landlock what is claimed for it holds', async (t) => {
  if (!needs(t, PERL)) return
  const newest = await landlock(t)
  if (newest === undefined) return
  for (const abi of [1, 2, 3, 4, 5, 6]) {
    await t.test(`version ${abi}`, async (sub) => {
      if (abi < 6 && process.getuid?.() !== 0)
        return sub.skip('below 6 only a Warder of root may start agents: NOT tried')
      const driver = createLandlockDriver({ native: openNative(), abi })
      const at = site(sub)
      furnish(at)
      const { facts } = await helpers(sub, at)
      const argv = [PERL, '-e', script({ ...facts, s: 'in', o: at.outside, w: at.workspace, r: at.readable })]
      const inside = results((await runIn(driver, at.spec(argv))).stdout)
      const open = Object.keys(ATTEMPTS).filter((_, i) => inside.get(i) === 0)
      const said = abi < 6 ? ['signal a process outside', 'signal a process outside by its descriptor'] : []
      assert.deepEqual(open, said)
      assert.equal(inside.size, Object.keys(ATTEMPTS).length)
    })
  }
})

test('the launcher refuses orders that are not whole, and runs nothing', async (t) => {
  const driver = await landlock(t)
  if (driver === undefined) return
  const at = site(t)
  const mark = join(at.workspace, 'ran')
  const orders = [
    '',
    'confine 1\0',
    'confine 2\0' + '0\0'.repeat(40),
    `confine 1\0${'9'.repeat(30)}\0`,
    `confine 1\0${'-1\0'.repeat(20)}`,
    'x'.repeat(5000),
  ]
  for (const text_ of orders) {
    const file = at.put(join(at.root, 'orders'), text_)
    const child = spawn('/bin/sh', ['-c', `exec ${LAUNCHER} 3<${file}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
    })
    const said = await text((child.stdio as unknown as NodeJS.ReadableStream[])[4]!)
    await until(() => child.exitCode !== null, 'the launcher to end')
    assert.equal(child.exitCode, 125, JSON.stringify(text_.slice(0, 40)))
    assert.match(said, /^error orders: /)
  }
  assert.equal(existsSync(mark), false)
})
