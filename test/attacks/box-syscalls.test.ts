import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, test, type TestContext } from 'node:test'
import { ERRNO, filterRules, type ArgumentTest, type FilterRule } from '../../src/enforce/sandbox/filter.ts'
import { ownArchitecture } from '../../src/enforce/sandbox/seccomp.ts'
import { syscallNumber, type SyscallName } from '../../src/enforce/sandbox/syscalls.ts'
import { assertRan, boxes, needs } from '../kit/box.ts'

// Every refused system call, really made inside; and calls an honest program makes, which must work.

const { perl, sh, box } = boxes({ after })
const PERL = '/usr/bin/perl'

/** Numbers that satisfy any one of the filter's tests; tried in turn until all tests of an argument hold. */
const CANDIDATES = [0, 1, 2, 3, 10, 16, 38, 0x40, 0x40000]

function argumentFor(tests: readonly ArgumentTest[]): number {
  const values = tests.flatMap(({ value, mask }) => [value, value | (mask ?? 0)])
  const holds = (number: number) =>
    tests.every(({ mask, is, value }) => {
      const seen = (mask === undefined ? number : number & mask) >>> 0
      return is === 'equal' ? seen === value >>> 0 : seen !== value >>> 0
    })
  const found = [...values, ...CANDIDATES].find(holds)
  assert.notEqual(found, undefined, `no number satisfies ${JSON.stringify(tests)}`)
  return found ?? 0
}

function attempt(rule: FilterRule): string | undefined {
  const architecture = ownArchitecture()
  const number = architecture && syscallNumber(rule.call, architecture)
  if (number === undefined) return undefined
  const args = ([0, 1, 2, 3, 4, 5] as const).map((at) =>
    argumentFor(rule.tests.filter(({ argument }) => argument === at)),
  )
  return `attempt("${rule.call}(${args.join(',')})", ${ERRNO[rule.errno]}, ${number}, ${args.join(', ')});`
}

/** Makes each call; a child that a call should not have made ends at once. */
const PRELUDE = `
use POSIX ();
my $me = $$;
sub attempt { my ($name, $errno, @call) = @_; $! = 0; my $r = syscall($call[0], @call[1..6]); my $e = $! + 0;
  POSIX::_exit(0) if $$ != $me || ($name =~ /^(clone|v?fork)/ && $r == 0);
  print "$name: got $r, error $e, expected error $errno\\n" if $r != -1 || $e != $errno; $n++ }
`

test('every call the filter refuses is refused, with the answer it names', async (t) => {
  if (!needs(t, PERL)) return
  const attempts = filterRules({ noFork: false }).flatMap((rule) => attempt(rule) ?? [])
  const result = await perl(`${PRELUDE} ${attempts.join('\n')} print "tried $n\\n"`)
  assertRan(result, new RegExp(`^tried ${attempts.length}$`))
})

test('a profile without processes refuses every way to start one, and threads still work', async (t) => {
  if (!needs(t, PERL)) return
  const attempts = filterRules({ noFork: true })
    .filter(({ call }) => ['clone', 'fork', 'vfork', 'clone3'].includes(call))
    .flatMap((rule) => attempt(rule) ?? [])
  const profile = 'code_analyzer'
  const calls = await perl(`${PRELUDE} ${attempts.join('\n')} print "tried $n\\n"`, { profile })
  assertRan(calls, new RegExp(`^tried ${attempts.length}$`))
  const forks = await perl(
    'print defined(fork) ? "FORKED" : "no fork"; system("/bin/echo", "STARTED"); print `echo STARTED`',
    { profile },
  )
  assert.equal(forks.stdout, 'no fork')
  const threads = await box({
    argv: [
      process.execPath,
      '-e',
      `new (require('worker_threads').Worker)('require("worker_threads").parentPort.postMessage(7)', { eval: true }).on('message', (n) => console.log('thread', n))`,
    ],
    profile,
  })
  assertRan(threads, /^thread 7$/)
})

test('a request hidden by its high bits is refused too', async (t) => {
  if (!needs(t, PERL)) return
  const result = await perl(`
    for my $request (0x5412, 0x100005412, 0x8000000000005412, 0x541c, 0x10000541c) {
      my $c = "x"; my $r = syscall(${number('ioctl')}, 0, $request, $c); print "$r ", $! + 0, "\\n" }`)
  assertRan(result, /^(-1 1\n?){5}$/)
})

test('calls with the numbers of the other ABI are not there, so they cannot slip past the filter', async (t) => {
  if (process.arch !== 'x64') return t.skip('only x86-64 has a second set of numbers: NOT tried')
  if (!needs(t, PERL)) return
  const result = await perl(
    'for my $n (101, 165, 321, 41) { print syscall(0x40000000 + $n, 0, 0, 0), " ", $! + 0, "\\n" }',
  )
  assertRan(result, /^(-1 38\n?){4}$/)
})

test('what honest programs do still works', async (t) => {
  if (!needs(t, PERL)) return
  const result = await perl(`
    use Socket; my $ok = 0;
    $ok++ if socket(my $tcp, AF_INET, SOCK_STREAM, 0);
    $ok++ if socket(my $unix, AF_UNIX, SOCK_STREAM, 0);
    $ok++ if socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0);
    open(my $f, ">", "made") and $ok++; chmod 0755, "made" and $ok++; mkdir "dir" and $ok++;
    my $pid = fork; exit 0 if $pid == 0; waitpid($pid, 0) == $pid and $ok++;
    syscall(${number('personality')}, 0xffffffff) == 0 and $ok++;
    print "ok $ok"`)
  assertRan(result, /^ok 8$/)
})

test('the same attempts succeed outside, so it is the sandbox that refuses them', (t: TestContext) => {
  if (!needs(t, PERL)) return
  const script = `use POSIX (); my $f = "/tmp/warder-setuid-$$"; open(my $h, ">", $f);
    print chmod(04755, $f) ? "setuid " : "", syscall(${number('personality')}, 0x40000) == -1 ? "" : "personality ",
      syscall(${number('unshare')}, 0) == 0 ? "unshare" : ""; unlink $f`
  assert.equal(execFileSync(PERL, ['-e', script], { encoding: 'utf8' }), 'setuid personality unshare')
})

test('no new privileges and no capability: a set-uid program gives nothing', async () => {
  const result = await sh(
    "grep -E '^(NoNewPrivs|CapEff|CapBnd|CapPrm|CapAmb|Seccomp):' /proc/self/status | tr -s '\\t\\n' ' '; su -c id 2>/dev/null; sudo id 2>/dev/null; true",
  )
  assertRan(result, /^CapPrm: 0+ CapEff: 0+ CapBnd: 0+ CapAmb: 0+ NoNewPrivs: 1 Seccomp: 2$/)
})

function number(call: SyscallName): number {
  const architecture = ownArchitecture()
  return (architecture && syscallNumber(call, architecture)) ?? -1
}
