/**
 * What the MCP firewall adds to a call, over stdio and over HTTP, with everything looked into; beside no firewall at all,
 * and over HTTP beside a proxy one can install (mcp-proxy, which looks into nothing). Rounds take all ways in turn, so that
 * what else the machine does falls on all of them. Then how many calls a second go through one process, and what of its
 * memory stays.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { openInspectors } from '../src/daemon/mcp/inspectors.ts'
import { createSession, LineReader } from '../src/enforce/mcp/index.ts'
import { handshake, inSession, send, stateless } from '../test/kit/mcp-http.ts'
import { openPolicy, QUIET_PORTS, startFront, type Front } from '../test/kit/mcp-front.ts'
import type { LoadDone, LoadJob } from './mcp-load.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'mcp'
const ECHO = fileURLToPath(new URL('./mcp-echo.ts', import.meta.url))
const PEER = fileURLToPath(new URL('./node_modules/.bin/mcp-proxy', import.meta.url))
const ROUNDS = 4
const CALLS = 200
const AT_ONCE = 16
const LOAD_MS = Number(process.env['BENCH_MCP_SECONDS'] ?? 10) * 1000
const MOST_ADDED_US = 300
const LEAST_PER_SECOND = 1000
const MOST_GROWTH_MIB = 4
const MIB = 1024 ** 2
const ARGUMENTS = { said: 'hello' }

type Closing = (() => unknown)[]

export async function run(): Promise<BenchResult[]> {
  const closing: Closing = []
  try {
    return [...(await overStdio(closing)), ...(await overHttp(closing))]
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

/** One call after the other, each as soon as the last is answered. */
type Caller = () => Promise<void>

async function overStdio(closing: Closing): Promise<BenchResult[]> {
  const ways: readonly (readonly [string, Caller])[] = [
    ['no firewall, stdio', direct(closing)],
    ['the firewall, stdio', guarded(closing)],
  ]
  const took = new Map<string, number[]>(ways.map(([name]) => [name, []]))
  for (const [, call] of ways) for (let times = 0; times < CALLS; times += 1) await call()
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, call] of ways)
      for (let times = 0; times < CALLS; times += 1) {
        const began = performance.now()
        await call()
        took.get(name)?.push((performance.now() - began) * 1000)
      }
  return compared(
    'added to a call over stdio, 1 kB answered',
    took,
    'no firewall, stdio',
    'the firewall, stdio',
  )
}

function echo(closing: Closing, ...args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [ECHO, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  closing.push(() => child.kill('SIGKILL'))
  return child
}

function direct(closing: Closing): Caller {
  const child = echo(closing)
  const waiting: (() => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    JSON.parse(line)
    waiting.shift()?.()
  })
  let id = 0
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    child.stdin.write(`${inSession('tools/call', { name: 'echo', arguments: ARGUMENTS }, (id += 1))}\n`)
    return promise
  }
}

function guarded(closing: Closing): Caller {
  const child = echo(closing)
  const waiting: (() => void)[] = []
  const session = createSession({
    policy: openPolicy('echo'),
    caller: 'bench',
    ports: {
      ...{ ...QUIET_PORTS, inspect: openInspectors((message) => console.error(message)) },
      toServer: (text) => void child.stdin.write(`${text}\n`),
      toClient: (text) => {
        if (!text.includes('quick brown fox')) throw new Error(text)
        waiting.shift()?.()
      },
    },
  })
  const lines = new LineReader({
    most: MIB,
    line: (bytes) => session.fromServer(bytes),
    tooLong: () => undefined,
  })
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk))
  let id = 0
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    session.fromClient(inSession('tools/call', { name: 'echo', arguments: ARGUMENTS }, (id += 1)))
    return promise
  }
}

async function overHttp(closing: Closing): Promise<BenchResult[]> {
  const t = { after: (fn: () => unknown) => void closing.push(fn) }
  const [said] = (await once(echo(closing, 'http').stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${Number(said)}/`
  const front = await startFront(t, {
    servers: { far: { url }, near: { argv: [process.execPath, ECHO] } },
    ports: { inspect: openInspectors((message) => console.error(message)) },
    policy: (name) => ({ ...openPolicy(name), limits: { ...openPolicy(name).limits, openRequests: 64 } }),
  })
  const loads = new Load(closing)
  const peer = await startPeer(closing)
  const jobs: Record<string, Omit<LoadJob, 'atOnce'>> = {
    'no firewall, HTTP': { url, headers: JSON_FIELDS, body: call() },
    'the firewall, HTTP to HTTP': through(front, 'far'),
    'the firewall, HTTP to stdio': through(front, 'near'),
    'the firewall with a session': await inASession(front),
    ...(peer === undefined ? {} : { 'mcp-proxy, HTTP to stdio': peer }),
  }
  const took = new Map<string, number[]>(Object.keys(jobs).map((name) => [name, []]))
  for (const job of Object.values(jobs)) await loads.run({ ...job, atOnce: 1, calls: CALLS })
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, job] of Object.entries(jobs))
      took.get(name)?.push(...(await loads.run({ ...job, atOnce: 1, calls: CALLS })).took)
  return [
    ...compared(
      'added to a call over HTTP, 1 kB answered',
      took,
      'no firewall, HTTP',
      'the firewall, HTTP to HTTP',
    ),
    ...each(took),
    ...(await many(loads, jobs)),
  ]
}

const JSON_FIELDS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const call = () => inSession('tools/call', { name: 'echo', arguments: ARGUMENTS })

function through(front: Front, server: string): Omit<LoadJob, 'atOnce'> {
  const { headers, body } = stateless('tools/call', { name: 'echo', arguments: ARGUMENTS })
  const authorization = `Bearer ${front.token('ada')}`
  return { url: front.url(server), headers: { ...JSON_FIELDS, authorization, ...headers }, body }
}

async function inASession(front: Front): Promise<Omit<LoadJob, 'atOnce'>> {
  const id = await handshake(front, { server: 'near' })
  const headers = { ...JSON_FIELDS, authorization: `Bearer ${front.token('ada')}`, 'mcp-session-id': id }
  return { url: front.url('near'), headers, body: call() }
}

/** Of the same server over stdio; it speaks the revisions with sessions only. */
async function startPeer(closing: Closing): Promise<Omit<LoadJob, 'atOnce'> | undefined> {
  const port = await freePort()
  const args = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--no-eventStore']
  const child = spawn(PEER, [...args, '--', process.execPath, ECHO], { stdio: 'ignore' })
  closing.push(() => child.kill('SIGKILL'))
  child.on('error', () => undefined)
  const at = { port, token: () => 'none' }
  for (let tries = 0; tries < 100; tries += 1) {
    await sleep(100)
    try {
      const id = await handshake(at, { path: '/mcp' })
      const headers = { ...JSON_FIELDS, 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
      const { text } = await send(at, { path: '/mcp', headers, body: call() })
      if (!text.includes('quick brown fox')) throw new Error(text)
      return { url: `http://127.0.0.1:${port}/mcp`, headers, body: call() }
    } catch {
      // it is still starting
    }
  }
  console.error('mcp-proxy did not come up and is left out')
  return undefined
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function many(loads: Load, jobs: Record<string, Omit<LoadJob, 'atOnce'>>): Promise<BenchResult[]> {
  const name = 'the firewall, HTTP to stdio'
  const job = jobs[name]
  if (job === undefined) return []
  await loads.run({ ...job, atOnce: AT_ONCE, ms: Math.min(LOAD_MS, 3000) })
  const before = heldMib()
  const done = await loads.run({ ...job, atOnce: AT_ONCE, ms: LOAD_MS })
  const perSecond = (done.calls * 1000) / done.ms
  const grown = heldMib() - before
  const peer = jobs['mcp-proxy, HTTP to stdio']
  const theirs =
    peer === undefined ? undefined : await loads.run({ ...peer, atOnce: AT_ONCE, ms: LOAD_MS / 2 })
  const theirsPerSecond = theirs === undefined ? undefined : (theirs.calls * 1000) / theirs.ms
  return [
    {
      ...{ bench: BENCH, name: `${name}, ${AT_ONCE} at once for ${LOAD_MS / 1000} s`, unit: 'calls/s' },
      ...{ value: perSecond, goal: `at least ${LEAST_PER_SECOND}`, ok: perSecond >= LEAST_PER_SECOND },
      ...(theirsPerSecond === undefined ? {} : { ratio: perSecond / theirsPerSecond, against: 'mcp-proxy' }),
    },
    ...(theirsPerSecond === undefined
      ? []
      : [{ bench: BENCH, name: `mcp-proxy, ${AT_ONCE} at once`, unit: 'calls/s', value: theirsPerSecond }]),
    {
      ...{
        bench: BENCH,
        name: `memory that stays held after ${done.calls} calls`,
        unit: 'MiB',
        value: grown,
      },
      ...{ goal: `at most ${MOST_GROWTH_MIB}`, ok: grown <= MOST_GROWTH_MIB },
    },
  ]
}

/** What the process holds once what nobody needs is gone; without that one would measure when it is collected. */
function heldMib(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MIB
}

class Load {
  readonly #worker = new Worker(new URL('./mcp-load.ts', import.meta.url))

  constructor(closing: Closing) {
    closing.push(() => this.#worker.terminate())
  }

  async run(job: LoadJob): Promise<LoadDone> {
    this.#worker.postMessage(job)
    const [done] = (await once(this.#worker, 'message')) as [LoadDone | { problem: string }]
    if ('problem' in done) throw new Error(`${job.url}: ${done.problem}`)
    return done
  }
}

function compared(
  name: string,
  took: ReadonlyMap<string, readonly number[]>,
  without: string,
  withIt: string,
): BenchResult[] {
  const [bare, guardedCalls] = [took.get(without) ?? [], took.get(withIt) ?? []]
  const added = quantile(guardedCalls, 0.5) - quantile(bare, 0.5)
  return [
    {
      ...{ bench: BENCH, name, unit: 'µs', value: added },
      p50: added,
      p99: quantile(guardedCalls, 0.99) - quantile(bare, 0.99),
      ...{ goal: `p50 under ${MOST_ADDED_US} µs`, ok: added < MOST_ADDED_US },
      ...{ ratio: quantile(guardedCalls, 0.5) / quantile(bare, 0.5), against: without },
    },
  ]
}

function each(took: ReadonlyMap<string, readonly number[]>): BenchResult[] {
  return [...took].map(([name, values]) => ({
    ...{ bench: BENCH, name: `${name}, one call`, unit: 'µs', value: quantile(values, 0.5) },
    ...{ p50: quantile(values, 0.5), p99: quantile(values, 0.99) },
  }))
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
