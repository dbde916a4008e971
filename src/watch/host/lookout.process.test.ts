import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Lookout } from './lookout.ts'
import type { Seen } from './seen.ts'

// The program itself, before processes that only stand for a run: nothing inside a real one could do this.

const PROGRAM = new URL('../../../dist/native/lookout', import.meta.url).pathname
const NSENTER = '/usr/bin/nsenter'
const WAIT_MS = 15_000

function whyNot(): string | false {
  if (!existsSync(PROGRAM)) return 'NOT tried: the native programs were not built'
  if (process.getuid?.() !== 0) return 'NOT tried: making namespaces here needs root'
  return existsSync(NSENTER) ? false : 'NOT tried: nsenter is missing'
}

function startTimeOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function childOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return Number(text.trim().split(' ')[0])
}

async function until<T>(ready: () => T | undefined, what: string): Promise<T> {
  for (let waited = 0; waited < WAIT_MS; waited += 20) {
    const found = ready()
    if (found !== undefined) return found
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error(`waited ${WAIT_MS} ms for: ${what}`)
}

/** A shell that does what it is told, and stands for a run. */
function shell(t: TestContext, words: readonly string[]): ChildProcess {
  const [file, ...rest] = [...words, '/bin/sh']
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function says(child: ChildProcess, order: string): Promise<string> {
  child.stdin?.write(`${order}\n`)
  const [said] = await once(child.stdout!, 'data')
  return String(said).trim()
}

function lookout(t: TestContext) {
  const seen: Seen[] = []
  const it = new Lookout({
    ...{ open: () => openSync(PROGRAM, 'r'), own: [] },
    ...{ onSeen: (each) => seen.push(each), onEnded: (why) => assert.fail(why) },
  })
  t.after(() => it.close())
  return { it, seen }
}

test('a process that leaves the network of its run is told', { skip: whyNot() }, async (t) => {
  const child = shell(t, ['/usr/bin/unshare', '--pid', '--net', '--fork', '--kill-child'])
  assert.equal(await says(child, 'echo up'), 'up')
  const init = childOf(child.pid ?? 0)
  const { it, seen } = lookout(t)
  void it.follow({ runId: 'r', init: { pid: init, startTime: startTimeOf(init) }, may: [], trees: [] })
  await until(() => (it.sources().length >= 2 ? true : undefined), 'its sources')
  assert.equal(seen.length, 0, JSON.stringify(seen))
  child.stdin?.write(`${NSENTER} --net=/proc/${process.pid}/ns/net /bin/sleep 1 &\n`)
  const escaped = await until(() => seen.find(({ kind }) => kind === 'escaped'), 'the escape')
  assert.equal(escaped.kind === 'escaped' ? escaped.space : '', 'net')
})

test('who is left when a run has ended is told', { skip: whyNot() }, async (t) => {
  const child = shell(t, [])
  const pid = child.pid ?? 0
  const { it, seen } = lookout(t)
  void it.follow({ runId: 'r', init: { pid, startTime: startTimeOf(pid) }, may: [], trees: [] })
  await until(() => (it.sources().length >= 2 ? true : undefined), 'its sources')
  const left = Number(
    await says(child, 'setsid /bin/sleep 30 >/dev/null & sleep 0.2; pidof -s sleep >/dev/null; echo $!'),
  )
  t.after(() => {
    if (readdirSync('/proc').includes(String(left))) process.kill(left, 'SIGKILL')
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  it.forget('r')
  const survivor = await until(() => seen.find(({ kind }) => kind === 'survivor'), 'the survivor')
  assert.equal(survivor.kind === 'survivor' ? survivor.run : '', 'r')
})

test(
  'a write of a member where it may is nothing, and elsewhere on that file system it is',
  { skip: whyNot() },
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'lookout-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const child = shell(t, [])
    const pid = child.pid ?? 0
    const { it, seen } = lookout(t)
    void it.follow({
      runId: 'r',
      init: { pid, startTime: startTimeOf(pid) },
      may: [join(directory, 'in')],
      trees: [],
    })
    const fanotify = await until(
      () => it.sources().find(({ name }) => name === 'fanotify'),
      'fanotify',
    ).catch(() => undefined)
    if (fanotify?.inForce !== true) return t.skip(`fanotify: ${fanotify?.why ?? 'says nothing'}`)
    await says(child, `mkdir ${directory}/in; echo x > ${directory}/in/right; echo done`)
    writeFileSync(join(directory, 'mine'), 'by the test itself, which is the daemon here')
    await says(child, `echo x > ${directory}/wrong; echo done`)
    const write = await until(
      () => seen.find((each) => each.kind === 'write' && each.path.endsWith('wrong')),
      'the write',
    )
    assert.equal(write.kind === 'write' ? write.by : '', 'r')
    const others = seen.filter(
      (each) => each.kind === 'write' && each !== write && !each.path.endsWith('wrong'),
    )
    // the directory it may write to was made by it: that is a write beside it, too
    assert.deepEqual(
      others.filter((each) => each.kind === 'write' && !each.path.endsWith('/in')),
      [],
    )
  },
)
