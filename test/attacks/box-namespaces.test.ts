import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'
import { isAlive, until } from '../kit/house.ts'

// Ways to reach other processes, the kernel's settings, and what processes share besides files.

const { house, sh, perl } = boxes({ after })
const PERL = '/usr/bin/perl'

function bystander() {
  const child = spawn('/usr/bin/sleep', ['60'], { stdio: 'ignore' })
  return { pid: child.pid ?? 0, end: () => child.kill('SIGKILL') }
}

test('a process of the host can be neither seen nor signalled', async () => {
  const other = bystander()
  try {
    const result = await sh(
      `kill -9 ${other.pid} 2>/dev/null && echo KILLED; ls -d /proc/${other.pid}/root 2>/dev/null; cat /proc/[0-9]*/comm | sort -u | tr '\\n' ' '`,
    )
    assertRan(result, /^(bwrap|cat|init|sh|sort|tr| )+$/)
    assert.ok(isAlive(other.pid))
  } finally {
    other.end()
  }
})

test('a signal to everybody reaches nobody outside', async () => {
  const other = bystander()
  try {
    const result = await sh('trap "" TERM; echo before; kill -TERM -1; echo still here')
    assertRan(result, /^before\nstill here$/)
    await sh('kill -9 -1')
    assert.ok(isAlive(other.pid))
    assert.ok(isAlive(house.daemonPid() ?? 0), 'and the daemon lives')
  } finally {
    other.end()
  }
})

test('process 1 of the sandbox cannot be killed, stopped, traced or looked into', async (t) => {
  if (!needs(t, PERL)) return
  const result = await sh(
    `kill -9 1 2>/dev/null; kill -STOP 1 2>/dev/null; cat /proc/1/mem 2>/dev/null && echo MEM; ls /proc/1/root/oldroot 2>/dev/null && echo ROOT; ls /proc/1/root/home /proc/1/cwd/home 2>/dev/null; sleep 0.1; echo alive`,
  )
  assertRan(result, /^alive$/)
})

test('settings of the kernel cannot be changed through /proc', async () => {
  const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  const result = await sh(
    `for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/fs/suid_dumpable /proc/sys/vm/drop_caches /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/irq/default_smp_affinity; do (: >> $f) 2>/dev/null && echo "OPENED $f"; done; cat /proc/sys/kernel/ostype`,
  )
  assertRan(result, /^Linux$/)
  assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), before)
})

test("the kernel's memory, log and symbols are closed", async () => {
  const result = await sh(
    `head -c 1 /proc/kcore 2>/dev/null | wc -c; head -c 1 /dev/kmsg 2>/dev/null | wc -c; dmesg 2>/dev/null | wc -l; ls /sys/kernel 2>/dev/null | wc -l`,
  )
  assertRan(result, /^0\n0\n0\n0$/)
})

test('every namespace is another one than that of the host', async () => {
  const names = ['user', 'pid', 'mnt', 'net', 'ipc', 'uts', 'cgroup']
  const result = await sh(`for n in ${names.join(' ')}; do readlink /proc/self/ns/$n; done`)
  const inside = result.stdout.trim().split('\n')
  const outside = names.map((name) => readlinkSync(`/proc/self/ns/${name}`))
  assert.equal(inside.length, names.length)
  for (const [i, link] of inside.entries()) assert.notEqual(link, outside[i])
})

test('no further user namespace can be made, in which the filter could be argued with', async () => {
  const result = await sh(
    `unshare -U true 2>/dev/null && echo USER; unshare -m true 2>/dev/null && echo MOUNT; unshare -r id 2>/dev/null; nsenter -t 1 -a true 2>/dev/null && echo ENTERED; bwrap --ro-bind / / true 2>/dev/null && echo NESTED; echo done`,
  )
  assertRan(result, /^done$/)
})

test('the keyrings of the host cannot be read or added to', async (t) => {
  if (!needs(t, PERL)) return
  const [add, request, keyctl] = process.arch === 'x64' ? [248, 249, 250] : [217, 218, 219]
  const result = await perl(`
    my ($t, $n, $v) = ("user", "planted", "x");
    print syscall(${add}, $t, $n, $v, 1, -3), " ", syscall(${request}, $t, $n, 0, 0), " ", syscall(${keyctl}, 0, -3, 0), " ", syscall(${keyctl}, 11, -3, $v, 1), "\\n";
    open my $k, "<", "/proc/keys"; my @visible = <$k>; print scalar(grep { /planted/ } @visible)`)
  assertRan(result, /^-1 -1 -1 -1\n0$/)
})

test('System V shared memory of the host is another one', async (t) => {
  if (!needs(t, PERL)) return
  const key = 0x57415244
  const id = execFileSync(PERL, ['-e', `print shmget(${key}, 64, 01600)`], { encoding: 'utf8' })
  try {
    assert.match(id, /^\d/)
    const find = `my $id = shmget(${key}, 64, 0); print defined $id ? "FOUND" : "none"`
    assert.equal(execFileSync(PERL, ['-e', find], { encoding: 'utf8' }), 'FOUND')
    assertRan(await perl(find), /^none$/)
  } finally {
    execFileSync(PERL, ['-e', `use IPC::SysV; shmctl(${id}, IPC::SysV::IPC_RMID(), 0)`], { stdio: 'ignore' })
  }
})

test('shared memory files of the host are not there', async () => {
  const name = `warder-test-${process.pid}`
  writeFileSync(`/dev/shm/${name}`, 'x')
  try {
    assertRan(await sh(`ls /dev/shm; echo x > /dev/shm/own && cat /dev/shm/own`), /^x$/)
  } finally {
    rmSync(`/dev/shm/${name}`)
  }
})

test('the name of the machine is not told', async () => {
  const result = await sh('hostname 2>/dev/null || cat /proc/sys/kernel/hostname')
  assertRan(result, /^warder$/)
})

test('when the daemon dies at once, so does everything it ran', async (t) => {
  const own = boxes(t)
  const pidFile = `${own.house.workspace}/began`
  const marker = `31${process.pid}`
  const run = own.house.start([
    'run',
    '--agent',
    'orphan',
    '--',
    '/bin/sh',
    '-c',
    `setsid sleep ${marker} & echo x > began; sleep ${marker}`,
  ])
  await until(() => exists(pidFile), 'the agent to begin')
  const running = () => sleepers(marker)
  assert.ok(running() > 0, 'there is something to be left over')
  process.kill(own.house.daemonPid() ?? 0, 'SIGKILL')
  await until(() => running() === 0, 'the agent to be gone')
  run.kill('SIGKILL')
})

function exists(path: string): boolean {
  try {
    return readFileSync(path).length > 0
  } catch {
    return false
  }
}

function sleepers(marker: string): number {
  const listed = execFileSync(
    '/bin/sh',
    ['-c', `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true`],
    { encoding: 'utf8' },
  )
  return listed.split(`sleep ${marker} `).length - 1
}
