import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freezeAll } from './freeze.ts'
import { isAlive, killPidNamespace, readProcess } from './processes.ts'

/** Its first thread ends, which makes it look dead, and another goes on. */
const LEADERLESS = `
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
static void *spin(void *nothing) { for (;;) { __asm__ volatile(""); } return nothing; }
int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, 0, spin, 0) != 0) return 1;
  syscall(SYS_exit, 0);
}
`

test('a process whose first thread has ended is alive, can be seen to stand still, and is ended', async (t) => {
  if (!existsSync('/usr/bin/gcc')) return t.skip('there is no C compiler')
  const place = mkdtempSync(join(tmpdir(), 'warder-leaderless-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  writeFileSync(join(place, 'a.c'), LEADERLESS)
  execFileSync('/usr/bin/gcc', ['-pthread', '-o', join(place, 'a'), join(place, 'a.c')])
  const child = spawn(join(place, 'a'), { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  const pid = child.pid!
  await until(() => readProcess(pid)?.state === 'R')
  const identity = { pid, startTime: readProcess(pid)!.startTime }
  assert.equal(isAlive(identity), true)
  assert.deepEqual(await freezeAll([identity], 10_000), [true])
  assert.equal(readProcess(pid)?.state, 'T')
  const { processesBefore, processesAfter } = await killPidNamespace(identity)
  assert.deepEqual([processesBefore, processesAfter], [1, 0])
  await until(() => !isAlive(identity))
})

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i += 1) {
    if (isSo()) return
    await sleep(5)
  }
  assert.fail('it did not come to be so')
}
