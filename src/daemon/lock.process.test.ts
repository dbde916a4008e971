import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KnownError } from '../core/error.ts'
import { lockDaemon } from './lock.ts'

function runtime(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'run')
}

/** Another process that tries to take the lock, says `held` or `refused`, and holds it until it is killed. */
function contender(t: TestContext, directory: string): ChildProcess {
  const code = `
    import { lockDaemon } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}
    try {
      lockDaemon(${JSON.stringify(directory)})
      console.log('held')
      setTimeout(() => {}, 30_000)
    } catch (error) {
      console.log(error.code === 'DAEMON_RUNNING' ? 'refused' : error.stack)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function said(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout!, 'data')) as [Buffer]
  return data.toString().trim()
}

test('a second daemon is refused and told who holds the lock', async (t) => {
  const directory = runtime(t)
  const first = contender(t, directory)
  assert.equal(await said(first), 'held')
  assert.throws(
    () => lockDaemon(directory),
    (error) => {
      assert.ok(error instanceof KnownError)
      assert.equal(error.code, 'DAEMON_RUNNING')
      assert.match(error.message, new RegExp(`process ${first.pid}\\b`))
      return true
    },
  )
})

test('the lock dies with its process, also by SIGKILL', async (t) => {
  const directory = runtime(t)
  const first = contender(t, directory)
  assert.equal(await said(first), 'held')
  first.kill('SIGKILL')
  await once(first, 'exit')
  const lock = lockDaemon(directory)
  assert.equal(await said(contender(t, directory)), 'refused')
  lock.close()
  assert.equal(await said(contender(t, directory)), 'held')
})

test('of several daemons that start at once exactly one holds the lock', async (t) => {
  const directory = runtime(t)
  const answers = await Promise.all([1, 2, 3, 4].map(() => said(contender(t, directory))))
  assert.deepEqual(answers.toSorted(), ['held', 'refused', 'refused', 'refused'])
})

test('nothing of the lock is open to others', (t) => {
  const directory = runtime(t)
  const mask = process.umask(0)
  try {
    const lock = lockDaemon(directory)
    assert.equal(lstatSync(directory).mode & 0o777, 0o700)
    assert.equal(lstatSync(join(directory, 'daemon.lock')).mode & 0o077, 0)
    lock.close()
    lock.close()
  } finally {
    process.umask(mask)
  }
})
