import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createStopStore, isStopped } from './index.ts'

// Several processes at one stop file, some of which hang or die in the middle.

const STOP = { since: '2026-01-02T03:04:05.000Z', by: 'owner', reason: 'test' }
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

function privateDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-stops-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function child(t: TestContext, directory: string, script: string): ChildProcess {
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => void process_.kill('SIGKILL'))
  return process_
}

/** A process that has read the stop file, and waits for a word before it writes what it read. */
async function inTheMiddle(t: TestContext, directory: string): Promise<ChildProcess> {
  const holder = child(
    t,
    directory,
    `import { alone } from ${here('./lock.ts')}
     import { readFileSync, readSync, writeFileSync } from 'node:fs'
     import { writeFileAtomic } from ${here('../../platform/files.ts')}
     const file = process.argv[1] + '/stop.json'
     const held = alone(process.argv[1] + '/stop.lock', 10_000, () => {
       const read = readFileSync(file)
       console.log('held')
       readSync(0, Buffer.alloc(1)) // as deaf as a process that was stopped
       writeFileAtomic(file, read)
     })
     if ('busy' in held) throw new Error(held.busy)`,
  )
  await once(holder.stdout!, 'data')
  return holder
}

test('stops made by several processes at the same moment are all kept', async (t) => {
  const directory = privateDirectory(t)
  const script = `import { createStopStore } from ${here('./index.ts')}
    const [, directory] = process.argv
    process.stdin.once('data', () => {
      const store = createStopStore(directory, { lockWaitMs: 30_000 })
      for (let i = 0; i < 10; i += 1) store.stop('agent-' + process.pid + '-' + i, ${JSON.stringify(STOP)})
      process.exit()
    })
    console.log('ready')`
  const children = Array.from({ length: 4 }, () => child(t, directory, script))
  const ends = children.map((each) => once(each, 'exit'))
  await Promise.all(children.map((each) => once(each.stdout!, 'data')))
  for (const each of children) each.stdin!.write('go')
  for (const [code] of await Promise.all(ends)) assert.equal(code, 0)
  assert.equal(Object.keys(createStopStore(directory).read().agents).length, 40)
  assert.ok(!existsSync(join(directory, 'stop-aside.jsonl')), 'the lock was enough')
})

test('a stop does not wait for a process that hangs over the file, and outlives what that one writes', async (t) => {
  const directory = privateDirectory(t)
  const daemon = createStopStore(directory, { lockWaitMs: 10 })
  daemon.stop('before', STOP)
  const holder = await inTheMiddle(t, directory)
  const command = createStopStore(directory, { lockWaitMs: 10 })
  command.stop('builder', STOP)
  command.stop('other', STOP)
  assert.throws(() => command.resume('builder'), { code: 'STOP_BUSY' })
  assert.deepEqual(isStopped(daemon.read(), 'builder'), STOP) // at once, for every process
  const end = once(holder, 'exit')
  holder.stdin!.write('g')
  assert.deepEqual(await end, [0, null])
  assert.deepEqual(Object.keys(daemon.read().agents), ['before', 'builder', 'other'])
  daemon.resume('builder')
  for (const store of [daemon, command, createStopStore(directory)])
    assert.deepEqual(Object.keys(store.read().agents), ['before', 'other'])
  assert.ok(!existsSync(join(directory, 'stop-aside.jsonl')), 'it is in the stop file now')
})

test('a process that was killed in the middle of a change holds up nobody', async (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory, { lockWaitMs: 60_000 })
  store.stop('before', STOP)
  const holder = await inTheMiddle(t, directory)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  store.stop('builder', STOP)
  assert.ok(!existsSync(join(directory, 'stop-aside.jsonl')), 'the lock was free')
  store.resume('before')
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents), ['builder'])
})

test('a change that was cut off half way loses no stop that was set aside', (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  store.stop('before', STOP)
  const line = (agent: string) => `${JSON.stringify({ agent, ...STOP })}\n`
  // taken, and never written into the file; and another one since
  writeFileSync(join(directory, 'stop-aside.jsonl.taken'), line('taken'), { mode: 0o600 })
  writeFileSync(join(directory, 'stop-aside.jsonl'), line('since'), { mode: 0o600 })
  assert.deepEqual(Object.keys(store.read().agents).sort(), ['before', 'since', 'taken'])
  store.resume('before')
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents).sort(), ['since', 'taken'])
  store.resume('since')
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents), ['taken'])
})

test('a stop that was set aside and cannot be understood stops everything, until all is stopped and resumed', (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  writeFileSync(join(directory, 'stop-aside.jsonl'), '{"agent":"buil', { mode: 0o600 })
  assert.throws(() => store.read(), { code: 'STOP_UNREADABLE' })
  assert.throws(() => store.stop('other', STOP), { code: 'STOP_UNREADABLE' })
  store.stopAll(STOP)
  assert.deepEqual(store.resume(undefined), { agents: {} })
  assert.deepEqual(createStopStore(directory).read(), { agents: {} })
})

test('a stop file that is gone stops everything, whoever looks, until all is stopped and resumed', (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  assert.deepEqual(store.read(), { agents: {} }) // before the first stop there is no file, and nothing to miss
  assert.throws(() => store.resume('builder'), { code: 'STOP_NOT_IN_FORCE' })
  assert.deepEqual(createStopStore(directory).read(), { agents: {} })
  store.stop('builder', STOP)
  rmSync(join(directory, 'stop.json'))
  for (const each of [store, createStopStore(directory)]) {
    assert.throws(() => each.read(), { code: 'STOP_UNREADABLE', message: /is gone/ })
    // nor does the next stop make a file that has forgotten the others
    assert.throws(() => each.stop('other', STOP), { code: 'STOP_UNREADABLE' })
    assert.throws(() => each.resume(undefined), { code: 'STOP_UNREADABLE' })
  }
  store.stopAll(STOP)
  assert.deepEqual(isStopped(createStopStore(directory).read()), STOP)
  assert.deepEqual(store.resume(undefined), { agents: {} })
})

test('a stop file that is gone with its mark is still missed by whom the record tells of a stop', (t) => {
  const directory = privateDirectory(t)
  const witness = createStopStore(directory, { wasEverStopped: true })
  assert.throws(() => witness.read(), { code: 'STOP_UNREADABLE' })
  witness.stopAll(STOP)
  witness.resume(undefined)
  for (const name of ['stop.json', 'stop.made']) rmSync(join(directory, name))
  // nor can it be taken away from a process that has seen it, whoever wrote it
  assert.throws(() => witness.read(), { code: 'STOP_UNREADABLE' })
  const other = createStopStore(directory)
  assert.deepEqual(other.read(), { agents: {} })
  writeFileSync(join(directory, 'stop.json'), JSON.stringify({ version: 1, agents: {} }), { mode: 0o600 })
  assert.deepEqual(other.read(), { agents: {} })
  rmSync(join(directory, 'stop.json'))
  assert.throws(() => other.read(), { code: 'STOP_UNREADABLE' })
})

test('without any lock to be had a stop is set aside, and one that nothing takes is written as soon as it can be', (t) => {
  const directory = privateDirectory(t)
  const store = createStopStore(directory)
  store.writeLate() // nothing to do
  assert.ok(!existsSync(join(directory, 'stop.json')))
  writeFileSync(join(directory, 'stop.lock'), 'this is no database')
  store.stop('builder', STOP)
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents), ['builder'])
  // a directory cannot be written to: it fails for root too, as a full disk does
  const aside = join(directory, 'stop-aside.jsonl')
  rmSync(aside)
  mkdirSync(aside)
  assert.throws(() => store.stop('other', STOP))
  assert.throws(() => store.writeLate())
  rmSync(aside, { recursive: true })
  assert.deepEqual(Object.keys(store.read().agents), ['other'])
  store.writeLate()
  assert.deepEqual(Object.keys(createStopStore(directory).read().agents), ['other'])
})
