import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'

// Ways to take more of the machine than was given: processes, memory, files, output, time.

const { house, box, sh } = boxes({ after })
const PROFILE = `
name: small
description: for tests of limits
filesystem: { workspace: read-write, temporary_size: 8MiB }
network: { mode: none }
process: { fork: true, max_seconds: 20, max_memory: 96MiB, max_processes: 24, max_open_files: 40, max_output: 256KiB, max_file: 2MiB, cpu_percent: 100 }
environment: { mode: none }
`

before(() => {
  const directory = join(house.home, '.config/warder/profiles')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'small.yaml'), PROFILE)
  writeFileSync(
    join(directory, 'short.yaml'),
    PROFILE.replace('name: small', 'name: short').replace('max_seconds: 20', 'max_seconds: 2'),
  )
})

/** Whether the machine lets Warder keep this limit; where it does not, it must say so and a test cannot show more. */
async function isKept(t: TestContext, guarantee: string): Promise<boolean> {
  const probed = await house.command(['sandbox', 'probe', '--json'])
  const found = new RegExp(`"name":\\s*"${guarantee}",\\s*"inForce":\\s*true`).test(probed.stdout)
  if (!found) t.skip(`this machine does not let Warder keep ${guarantee}: the attack was NOT tried`)
  return found
}

test('a fork bomb stops at the number of processes, and is gone afterwards', async (t) => {
  if (!(await isKept(t, 'process-limit'))) return
  const result = await box({
    profile: 'small',
    argv: ['/bin/sh', '-c', 'n=0; while [ $n -lt 100 ]; do sleep 30 & n=$((n+1)); echo $n; done'],
  })
  const started = result.stdout.trim().split('\n').length
  assert.ok(started > 3 && started < 24, `${started} processes were started`)
})

test('a bomb that doubles itself ends with its run', async (t) => {
  if (!(await isKept(t, 'process-limit'))) return
  const result = await box({ profile: 'short', argv: ['/bin/bash', '-c', 'f() { f | f & }; f; sleep 30'] })
  assert.notEqual(result.code, 0)
  assertRan(await sh('echo the next one runs'), /^the next one runs$/)
})

test('memory ends at the limit, for all processes together, and the machine goes on', async (t) => {
  if (!(await isKept(t, 'memory-limit')) || !needs(t, '/usr/bin/perl')) return
  const eat = (mib: number) => `perl -e 'my $x = "x" x (${mib} << 20); print "ate ${mib}\\n"; sleep 1'`
  const one = await box({
    profile: 'small',
    argv: ['/bin/sh', '-c', `${eat(20)}; ${eat(400)}; echo "after $?"`],
  })
  assert.match(one.stdout, /^ate 20$/m)
  assert.doesNotMatch(one.stdout, /ate 400/)
  const many = await box({
    profile: 'small',
    argv: ['/bin/sh', '-c', `for i in 1 2 3 4 5; do ${eat(40)} & done; wait; echo done`],
  })
  assert.ok((many.stdout.match(/ate 40/g) ?? []).length < 5, 'five times forty do not fit')
})

test('temporary files cannot fill the memory of the machine', async () => {
  const result = await box({
    profile: 'small',
    argv: [
      '/bin/sh',
      '-c',
      'for d in /tmp ~ /dev/shm /run /dev; do i=0; while [ $i -lt 80 ]; do head -c 1000000 /dev/zero > $d/bomb$i || break; i=$((i+1)); done 2>/dev/null; echo $d $(du -sm $d 2>/dev/null | cut -f1); rm -f $d/bomb*; done',
    ],
  })
  assert.equal(result.code, 0, result.stderr)
  for (const line of result.stdout.trim().split('\n')) {
    const megabytes = Number(line.split(' ')[1])
    assert.ok(megabytes <= 64, line)
  }
})

test('one file cannot grow past the limit', async () => {
  const result = await box({
    profile: 'small',
    argv: [
      '/bin/sh',
      '-c',
      'trap "" XFSZ; head -c 9000000 /dev/zero > big 2>/dev/null; wc -c < big; echo ok > little; cat little',
    ],
  })
  assert.match(result.stdout, /^2097152\nok$/m)
})

test('open files end at the limit', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const result = await box({
    profile: 'small',
    argv: [
      '/usr/bin/perl',
      '-e',
      'my @f; while (open(my $f, "<", "/dev/null")) { push @f, $f } print scalar(@f) + 3',
    ],
  })
  assertRan(result, /^40$/)
})

test('a flood of output ends the run, and what comes through is no more than the limit', async () => {
  const result = await box({ profile: 'small', argv: ['/bin/sh', '-c', 'yes; echo NOT REACHED'] })
  assert.notEqual(result.code, 0)
  assert.ok(
    result.stdout.length > 1000 && result.stdout.length <= 256 * 1024,
    `${result.stdout.length} bytes`,
  )
})

test('a run past its time is ended, even one that ignores every polite signal', async () => {
  const result = await box({
    profile: 'short',
    argv: ['/bin/sh', '-c', 'trap "" TERM INT HUP; setsid sleep 30 & echo began; while :; do sleep 1; done'],
  })
  assert.equal(result.code, 124)
  assert.match(result.stdout, /^began$/m)
})

test('no core dump is written', async () => {
  const result = await sh('sh -c "kill -SEGV \\$\\$"; ulimit -c; ls')
  assert.match(result.stdout, /^0$/m)
  assert.ok(!readdirSync(house.workspace).some((name) => name.startsWith('core')))
})
