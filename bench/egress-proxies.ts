/**
 * The proxies that are measured: Warder's own process, as the daemon starts it and with a ledger behind it, and tinyproxy
 * and squid as Debian has them, each an ordinary process on loopback with a configuration of its own.
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../src/core/id.ts'
import { egressEvent } from '../src/daemon/egress-events.ts'
import { EgressProcess } from '../src/daemon/egress/process.ts'
import type { EgressEvent } from '../src/enforce/egress/index.ts'
import { systemClock } from '../src/platform/clock.ts'
import { openLedger } from '../src/record/audit/index.ts'
import type { Origin } from './egress-origin.ts'
import type { Way } from './egress-load.ts'

type ProxyAddress = NonNullable<Way['proxy']>

export interface Proxy {
  readonly name: string
  readonly address: ProxyAddress
  close(): Promise<void>
}

/** One run's way out. */
export interface WayOut {
  readonly address: ProxyAddress
  /** What its programs are told to trust, where TLS is opened. */
  readonly authorityPem: string | undefined
}

export interface Warder {
  /** Of the process that carries. */
  pid(): number
  open(does: 'tunnels' | 'intercepts'): Promise<WayOut>
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const READY_MS = 20_000
/** So that no budget stands in the way of being measured. */
const ENDLESS = {
  requests: Number.MAX_SAFE_INTEGER,
  requestsPerMinute: Number.MAX_SAFE_INTEGER,
  connectionsAtOnce: 1024,
  bytesOut: Number.MAX_SAFE_INTEGER,
  bytesIn: Number.MAX_SAFE_INTEGER,
}

/** @param isKept whether a ledger keeps what it did, as in the daemon; otherwise it is forgotten at once */
export async function startWarder(directory: string, origin: Origin, isKept: boolean): Promise<Warder> {
  mkdirSync(directory, { mode: 0o700 })
  const ledger = isKept ? await ownLedger(join(directory, 'ledger')) : undefined
  const forget = async () => undefined
  const egress = new EgressProcess({
    ask: async () => ({ effect: 'deny', rule: 'default', reason: 'nobody is here to ask', fix: 'none' }),
    record: async (event: EgressEvent) => await (ledger?.append(egressEvent(event)) ?? forget()).then(forget),
    lost: (_, why) => console.error(`the egress process is gone: ${why}`),
    settings: () => ({ limits: {}, airlock: 'off', roots: [origin.root] }),
    clock: systemClock,
    log: { warn: console.error, error: console.error },
  })
  const ports = [origin.plainPort, origin.tlsPort]
  const rules = [{ id: 'bench', effect: 'allow', host: HOST, ports } as const]
  return {
    pid: () => egress.state.pid ?? 0,
    open: async (does) => {
      const runId = newId()
      const path = join(directory, `${does}.sock`)
      const { authorityPem } = await egress.open(
        {
          ...{ runId, agent: 'bench', rules, budget: ENDLESS, asks: false },
          intercept: does === 'intercepts' ? [HOST] : [],
          ...{
            secrets: [],
            content: [],
            pins: [],
            limits: [],
            airlock: 'off',
            until: Number.MAX_SAFE_INTEGER,
          },
        },
        path,
      )
      return { address: { path }, authorityPem }
    },
    close: async () => {
      await egress.end()
      await ledger?.close()
    },
  }
}

async function ownLedger(directory: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer = { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }
  return await openLedger({ directory, hostId: 'bench', signer })
}

interface Peer {
  readonly name: string
  readonly program: string
  readonly args: (file: string) => readonly string[]
  readonly config: (own: { readonly directory: string; readonly port: number; readonly to: number }) => string
}

const PEERS: readonly Peer[] = [
  // what Warder is held to: it keeps no record, because its own waits for the disk with every line
  tinyproxy('tinyproxy', 'Warning'),
  tinyproxy('tinyproxy, logging as installed', 'Info'),
  {
    name: 'squid',
    program: '/usr/sbin/squid',
    args: (file) => ['-N', '-f', file],
    // it makes connections and caches nothing, and starts no helpers
    config: ({ directory, port, to }) => `
http_port ${HOST}:${port}
acl measured port ${to}
http_access allow localhost measured
http_access deny all
cache deny all
cache_mem 8 MB
access_log stdio:${directory}/access.log
cache_log ${directory}/cache.log
cache_store_log none
netdb_filename none
pid_filename ${directory}/squid.pid
coredump_dir ${directory}
pinger_enable off
shutdown_lifetime 0 seconds
max_filedescriptors 4096
`,
  },
]

/** Beside addresses, files and what is logged, as Debian installs it. */
function tinyproxy(name: string, logLevel: string): Peer {
  return {
    name,
    program: '/usr/bin/tinyproxy',
    args: (file) => ['-d', '-c', file],
    config: ({ directory, port, to }) => `
Port ${port}
Listen ${HOST}
Timeout 600
LogFile "${directory}/tinyproxy.log"
LogLevel ${logLevel}
MaxClients 100
Allow ${HOST}
ConnectPort ${to}
`,
  }
}

/** Those that are installed; the others are named. */
export async function startPeers(directory: string, origin: Origin): Promise<Proxy[]> {
  const started: Proxy[] = []
  for (const [at, peer] of PEERS.entries()) {
    if (existsSync(peer.program)) started.push(await startPeer(peer, join(directory, `peer-${at}`), origin))
    else
      console.log(
        `SKIPPED ${peer.name}: ${peer.program} is not there (apt-get install ${basename(peer.program)})`,
      )
  }
  return started
}

async function startPeer(peer: Peer, directory: string, origin: Origin): Promise<Proxy> {
  const { name, program, args, config } = peer
  mkdirSync(directory, { mode: 0o700 })
  chmodSync(directory, 0o777) // squid does not stay root, and has to write there
  const file = join(directory, 'config')
  const port = await freePort()
  writeFileSync(file, config({ directory, port, to: origin.plainPort }))
  const child = spawn(program, args(file), { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory })
  const ended = once(child, 'exit')
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk.toString()))
  const close = async () => {
    child.kill('SIGKILL') // it has nothing to put away
    await ended
  }
  try {
    await accepting(port, () => child.exitCode !== null)
  } catch (error) {
    await close()
    throw new Error(`${name} does not start: ${said.join('')}`, { cause: error })
  }
  return { name, address: { host: HOST, port }, close }
}

/** A port nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, HOST), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

async function accepting(port: number, hasEnded: () => boolean): Promise<void> {
  const until = performance.now() + READY_MS
  while (performance.now() < until && !hasEnded()) {
    const socket = connect({ host: HOST, port })
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('nobody accepts connections on its port')
}

/** What the kernel says a process holds in memory. */
export function residentBytes(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}
