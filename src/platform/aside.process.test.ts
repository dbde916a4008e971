import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Aside, MOST_AT_ONCE, MOST_STUCK, startReader } from './aside.ts'

const folder = mkdtempSync(join(tmpdir(), 'warder-aside-'))
after(() => rmSync(folder, { recursive: true }))

/** A reader of our own. */
function reader(code: string): () => ChildProcess {
  return () => spawn(process.execPath, ['--eval', code], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

test('a file is read in another process, a second one by the same, and it ends when nobody asks', async () => {
  const path = join(folder, 'script')
  writeFileSync(path, 'true\n')
  const children: ChildProcess[] = []
  const start = () => {
    children.push(startReader())
    return children.at(-1)!
  }
  const aside = new Aside({ start, idleMs: 500 })
  assert.deepEqual(await aside.read(path, 100), { text: 'true\n' })
  assert.deepEqual(await aside.read(join(folder, 'nosuch'), 100), { text: undefined })
  assert.equal(children.length, 1)
  const [child] = children
  child!.ref()
  await ended(child!)
  assert.deepEqual(await aside.read(folder, 100), { text: undefined })
  assert.equal(children.length, 2)
})

test('readers that do not answer are given up, and when too many hang on nothing more is tried', async () => {
  const children: ChildProcess[] = []
  const start = () => {
    const child = reader('process.on("message", () => {}); process.send({ ready: true })')()
    child.kill = () => true // as one that waits in the kernel
    children.push(child)
    return child
  }
  const aside = new Aside({ start, limitMs: 20 })
  const reads = await Promise.all(Array.from({ length: MOST_STUCK + 3 }, () => aside.read('/x', 1)))
  assert.ok(reads.every((read) => read === 'silent'))
  assert.ok(
    children.length >= MOST_STUCK && children.length < MOST_STUCK + MOST_AT_ONCE,
    `${children.length}`,
  )
  const before = children.length
  assert.equal(await aside.read('/x', 1), 'silent')
  assert.equal(children.length, before)
  for (const { pid } of children) process.kill(pid!, 'SIGKILL')
  await Promise.all(children.map(ended))
  await aside.read('/x', 1)
  assert.equal(children.length, before + 1, 'the kernel let them go')
  process.kill(children.at(-1)!.pid!, 'SIGKILL')
})

test('one that ends, cannot be started, or says what nobody asked for is no answer', async () => {
  const says = (words: string) => `process.on('message', () => ${words}); process.send({ ready: true })`
  for (const code of ['process.exit(1)', says('process.exit(1)'), says('process.send({ text: 7 })')])
    assert.equal(await new Aside({ start: reader(code) }).read('/x', 1), 'silent', code)
  const start = () => spawn('/nosuch', { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  assert.equal(await new Aside({ start }).read('/x', 1), 'silent')
})
