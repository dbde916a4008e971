/**
 * A decision over the daemon's socket: asked over kept connections, decided, and durable in the ledger before the answer
 * comes. Beside it, in the same run, what a bare `node:http` echo over a Unix socket does with the same bodies, and
 * what the ledger alone writes: the two things no gate can be faster than.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connect, type Client } from '../src/client/connect.ts'
import { readSocketSecret } from '../src/platform/socket-secret.ts'
import { openLedger, type AuditEvent } from '../src/record/audit/index.ts'
import type { BenchResult } from './result.ts'

const IN_FLIGHT = [1, 16, 64] as const
const ROUNDS = 3
const ROUND_MS = 1500
const HARDENED = ['--disable-proto=throw', '--disallow-code-generation-from-strings']

interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

type Ask = (round: number) => Promise<unknown>

export async function run(): Promise<BenchResult[]> {
  const home = mkdtempSync(join(tmpdir(), 'wb-')) // short: socket paths have 107 bytes
  const daemon = await startDaemon(home)
  const echo = new Worker(ECHO, { eval: true, workerData: join(home, 'echo.sock') })
  try {
    await once(echo, 'message')
    const secret = () => readSocketSecret(join(home, '.local/share/warder/keys'))
    const gate = many(() => connect({ socketPath: join(home, 'run/warder/warder.sock'), secret }))
    const bare = many(() => connect({ socketPath: join(home, 'echo.sock') }))
    const append = await ownLedger(join(home, 'ledger'))
    const results: BenchResult[] = []
    for (const clients of IN_FLIGHT) {
      const decided: Load[] = []
      const echoed: Load[] = []
      const written: Load[] = []
      // side by side, so that what else the machine does falls on all of them
      for (let round = 0; round <= ROUNDS; round++) {
        const loads = [
          await load(clients, askOf(gate, isVerdict)),
          await load(clients, askOf(bare, isEcho)),
          await load(clients, append),
        ] as const
        if (round === 0) continue // warm
        decided.push(loads[0])
        echoed.push(loads[1])
        written.push(loads[2])
      }
      results.push(...resultsOf(clients, median(decided), median(echoed), median(written)))
    }
    for (const client of [...gate, ...bare]) client.close()
    await append.close()
    return results
  } finally {
    await echo.terminate()
    await stop(daemon)
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

function resultsOf(clients: number, decided: Load, echoed: Load, written: Load): BenchResult[] {
  const at = `${clients} in flight`
  const plain = ({ perSecond, p50, p99 }: Load) => ({
    value: Math.round(perSecond),
    p50: round(p50),
    p99: round(p99),
  })
  const unit = '/s'
  return [
    {
      bench: 'socket',
      name: `decision, recorded, ${at}`,
      unit,
      ...plain(decided),
      ratio: round(decided.perSecond / echoed.perSecond),
      against: 'bare HTTP echo',
      ...(clients === 1 ? { goal: 'p50 < 1 ms', ok: decided.p50 < 1 } : {}),
    },
    { bench: 'socket', name: `bare HTTP echo, ${at}`, unit, ...plain(echoed) },
    { bench: 'socket', name: `ledger alone, ${at}`, unit, ...plain(written) },
  ]
}

/** So many askers, each with one question under way at any time. */
async function load(clients: number, ask: Ask): Promise<Load> {
  const times: number[] = []
  const start = performance.now()
  const asker = async () => {
    for (let at = 0; performance.now() - start < ROUND_MS; at++) {
      const before = performance.now()
      await ask(at)
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: clients }, asker))
  const seconds = (performance.now() - start) / 1000
  times.sort((a, b) => a - b)
  return {
    perSecond: times.length / seconds,
    p50: times[Math.floor(times.length / 2)] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
  }
}

/** A client keeps sixteen connections; with four of them 64 questions are under way at once. */
function many(make: () => Client): readonly Client[] {
  return Array.from({ length: 4 }, make)
}

/** The question every asker asks; its answer is looked at, so that nothing fast and wrong is measured. */
function askOf(clients: readonly Client[], isAnswer: (json: unknown) => boolean): Ask {
  let turn = 0
  return async (at) => {
    const client = clients[turn++ % clients.length]!
    const body = { as: 'builder', capability: `fs:read:/srv/data/${at % 100}.csv` }
    const { json } = await client.request({ method: 'POST', path: '/v1/decisions', body })
    if (!isAnswer(json)) throw new Error(`not the answer: ${JSON.stringify(json)}`)
  }
}

const isVerdict = (json: unknown) =>
  JSON.stringify(json).includes('"effect":"deny"') && JSON.stringify(json).includes('"entry":')
const isEcho = (json: unknown) => JSON.stringify(json).includes('"capability":')

/** In a thread of its own, as the daemon is a process of its own: asker and answerer do not share an event loop. */
const ECHO = `
const { createServer } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
}).listen(workerData, () => parentPort.postMessage('ready'))
`

async function ownLedger(directory: string): Promise<Ask & { close(): Promise<void> }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer = { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }
  const ledger = await openLedger({ directory, hostId: 'bench', signer })
  return Object.assign((at: number) => ledger.append(eventOf(at)), { close: () => ledger.close() })
}

/** What the gate writes for a verdict. */
function eventOf(at: number): AuditEvent {
  return {
    event_type: 'file',
    agent: 'builder',
    action: 'fs:read',
    target: `/srv/data/${at % 100}.csv`,
    capabilities_used: [],
    decision: 'deny',
    decision_id: '019a5c1e-7b1a-7000-8000-000000000001',
    details: { epoch: 12, input_hash: '0123456789abcdef' },
    layer: 'policy',
    permit_id: '',
    reason: 'no rule and no grant allows it',
    request_id: '019a5c1e-7b1a-7000-8000-000000000002',
    result: 'denied',
    risk_level: 'low',
    rule: 'default',
  }
}

/** The daemon as it is shipped: built when there is a build, under its flags, as a process of its own. */
async function startDaemon(home: string): Promise<ChildProcess> {
  const built = fileURLToPath(new URL('../dist/warderd.js', import.meta.url))
  const source = fileURLToPath(new URL('../src/daemon/main.ts', import.meta.url))
  mkdirSync(join(home, 'run'), { mode: 0o700 })
  const daemon = spawn(process.execPath, [...HARDENED, existsSync(built) ? built : source], {
    env: { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await isReady(daemon)
  return daemon
}

function isReady(daemon: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let said = ''
  daemon.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (said.includes('"ready"')) resolve()
  })
  daemon.once('exit', () => reject(new Error(`the daemon did not start:\n${said}`)))
  return promise
}

async function stop(daemon: ChildProcess): Promise<void> {
  const ended = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  await ended
}

function median(loads: readonly Load[]): Load {
  const sorted = loads.toSorted((a, b) => a.perSecond - b.perSecond)
  return sorted[Math.floor(sorted.length / 2)] ?? { perSecond: 0, p50: 0, p99: 0 }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
