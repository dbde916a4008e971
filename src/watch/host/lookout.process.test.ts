import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FILE, stall, whyNoStall } from '../../../test/kit/stall.ts'
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

/**
 * Starts processes with mounts of their own once it is told to, then enters a run. What we start is ours to the lookout,
 * so it is nobody's child by then.
 */
function outsider(t: TestContext, run: number): { go: () => void; pids: () => number[] } {
  const at = mkdtempSync(join(tmpdir(), 'outsider-'))
  const [going, list] = [join(at, 'go'), join(at, 'pids')]
  const script = `for i in $(seq 200); do [ -e ${going} ] && break; sleep 0.1; done
for i in $(seq 40); do unshare --mount /bin/sleep 20 & echo $! >> ${list}; done
sleep 1
exec ${NSENTER} -t ${run} -m /bin/sleep 0.1`
  spawn('/usr/bin/setsid', ['--fork', '/bin/sh', '-c', script], { stdio: 'ignore' })
  const pids = (): number[] =>
    existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n').map(Number) : []
  t.after(() => {
    for (const pid of pids()) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
    rmSync(at, { recursive: true })
  })
  return { go: () => writeFileSync(going, ''), pids }
}

function mountsOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined // there are none any more
  }
}

test(
  'a run whose process 1 has let go of its namespaces takes nobody for an intruder who was given their numbers',
  { skip: whyNot() || whyNoStall() },
  async (t) => {
    const { directory, letGo } = await stall(t)
    const apart = ['/usr/bin/unshare', '--pid', '--mount', '--fork']
    const [ending, other] = [shell(t, apart), shell(t, apart)]
    for (const each of [ending, other]) assert.equal(await says(each, 'echo up'), 'up')
    const [init, second] = [childOf(ending.pid ?? 0), childOf(other.pid ?? 0)]
    const heirs = outsider(t, second)
    const { it, seen } = lookout(t)
    for (const pid of [init, second])
      await it.follow({ runId: `r${pid}`, init: { pid, startTime: startTimeOf(pid) }, may: [], trees: [] })
    const number = mountsOf(init)
    // it waits in the kernel, in the run's process namespace alone, and process 1 cannot end before it
    const stuck = spawn(NSENTER, ['-t', `${init}`, '-p', '/bin/cat', join(directory, FILE)], {
      stdio: 'ignore',
    })
    t.after(() => stuck.kill('SIGKILL'))
    const stateOf = (pid: number) => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const reader = await until(() => childOf(stuck.pid ?? 0) || undefined, 'the reader')
    await until(
      () => (/fuse|request_wait/.test(readFileSync(`/proc/${reader}/wchan`, 'utf8')) ? true : undefined),
      'it waits in the kernel',
    )
    process.kill(init, 'SIGKILL')
    ending.kill('SIGKILL') // it shares the mounts
    await until(() => (mountsOf(init) === undefined ? true : undefined), 'its mounts are gone')
    assert.notEqual(stateOf(init), 'Z', 'and it is still there')
    // the kernel gives the lowest number that is free
    heirs.go()
    const heir = await until(
      () => heirs.pids().find((pid) => mountsOf(pid) === number),
      'somebody is given it',
    )
    // by the time somebody who does stand in a run is told, everybody before was looked at
    await until(
      () => seen.find((each) => each.kind === 'intruder' && each.run === `r${second}`),
      'the intruder',
    )
    const wronged = seen.filter((each) => each.kind === 'intruder' && each.pid === heir)
    await letGo()
    assert.deepEqual(wronged, [])
  },
)
