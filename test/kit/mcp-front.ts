import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import {
  Remote,
  startServe,
  type Opened,
  type Reach,
  type Reached,
  type ServeHost,
  type ServeOptions,
} from '../../src/enforce/mcp/http/index.ts'
import {
  createSession,
  LineReader,
  TIERS,
  type Inspectors,
  type McpSession,
  type Route,
  type ServerPolicy,
  type SessionPorts,
} from '../../src/enforce/mcp/index.ts'
import { createStates } from '../../src/enforce/mcp/state/index.ts'

const FIXTURE = fileURLToPath(new URL('./mcp-server/main.ts', import.meta.url))

interface After {
  after(fn: () => Promise<void> | void): void
}

/** The fixture server over HTTP, in a process of its own. @returns its address */
export async function startFixture(t: After): Promise<string> {
  const child = spawn(process.execPath, [FIXTURE, 'http'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => void child.kill('SIGKILL'))
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return (JSON.parse(said.toString()) as { url: string }).url
}

/** Where a server is: at an address, or what to start for each session. */
export type Behind = { readonly url: string } | { readonly argv: readonly [string, ...string[]] }

export const FIXTURE_STDIO: Behind = { argv: [process.execPath, FIXTURE, 'stdio'] }

export interface FrontOptions {
  readonly servers: Readonly<Record<string, Behind>>
  readonly policy?: (name: string) => ServerPolicy
  readonly ports?: Partial<SessionPorts>
  readonly serve?: Partial<ServeOptions>
  /** Names of the clients (default one, `ada`). */
  readonly callers?: readonly string[]
}

export interface Front {
  readonly port: number
  readonly warned: readonly string[]
  readonly live: () => number
  token(caller: string): string
  url(server: string): string
  close(): Promise<void>
}

/** The whole way over HTTP in this process: front, session and server, with a gate that allows what policy does. */
export async function startFront(t: After, options: FrontOptions): Promise<Front> {
  const names = options.callers ?? ['ada']
  const tokens = new Map(names.map((name) => [name, randomBytes(32).toString('base64url')]))
  const callers = [...tokens].map(([name, token]) => ({
    name,
    digest: createHash('sha256').update(token).digest('hex'),
  }))
  const warned: string[] = []
  const live = new Set<object>()
  const states = createStates({ key: randomBytes(32), now: () => Date.now(), randomBytes })
  const host: ServeHost = {
    warn: (message) => warned.push(message),
    open: (server, caller, toClient) => {
      const behind = options.servers[server]
      if (behind === undefined) return Promise.reject(new Error(`there is no server ${server}`))
      const policy = (options.policy ?? openPolicy)(server)
      const opened = open(
        behind,
        { policy, caller, ports: { ...QUIET_PORTS, state: states, ...options.ports } },
        toClient,
      )
      live.add(opened)
      void opened.closed.then(() => live.delete(opened))
      return Promise.resolve(opened)
    },
  }
  const served = await startServe(
    { port: 0, servers: Object.keys(options.servers), callers, ...options.serve },
    host,
  )
  t.after(() => served.close())
  return {
    ...{ port: served.port, warned, live: () => live.size, close: () => served.close() },
    token: (caller) => tokens.get(caller) ?? '',
    url: (server) => `http://127.0.0.1:${served.port}/mcp/${server}`,
  }
}

interface Between {
  readonly policy: ServerPolicy
  readonly caller: string
  readonly ports: Omit<SessionPorts, 'toClient' | 'toServer'>
}

function open(
  behind: Behind,
  { policy, caller, ports }: Between,
  toClient: SessionPorts['toClient'],
): Opened {
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  const end = 'url' in behind ? remote(behind.url) : started(behind.argv)
  const session = createSession({ policy, caller, ports: { ...ports, toClient, toServer: end.send } })
  const ticking = setInterval(() => session.tick(), 100).unref()
  void closed.then(() => clearInterval(ticking))
  return {
    session,
    closed,
    close: () => {
      end.close()
      resolve('it was closed')
    },
  }

  function remote(url: string): { send: (text: string, route?: Route) => void; close(): void } {
    const it = new Remote({
      ...{ url, reach: plainReach, fields: () => ({}), messageBytes: policy.limits.messageBytes },
      ended: resolve,
      fromServer: (text, route) => session.fromServer(text, route),
    })
    return { send: (text, route) => it.send(text, route), close: () => void it.close() }
  }

  function started([program, ...args]: readonly [string, ...string[]]): {
    send: (text: string) => void
    close(): void
  } {
    const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    child.once('exit', () => resolve('the server has ended')).once('error', () => resolve('it did not start'))
    child.stdin?.on('error', () => undefined)
    const lines = new LineReader({
      most: policy.limits.messageBytes,
      line: (bytes) => session.fromServer(bytes),
      tooLong: (sizeBytes) => session.tooLong('server', sizeBytes),
    })
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk))
    return { send: (text) => void child.stdin?.write(`${text}\n`), close: () => void child.kill('SIGKILL') }
  }
}

/** Everything of a server, without asking. */
export function openPolicy(name: string): ServerPolicy {
  const all = { pattern: '*', action: 'allow' } as const
  return {
    ...{ name, tier: 'trusted', secrets: 'redact' },
    tools: [{ ...all, arguments: {}, isClosed: false, labels: [] }],
    resources: [all],
    prompts: [all],
    methods: ['completion/complete', 'subscriptions/listen', 'tasks/list'],
    questions: { sampling: 'allow', elicitation: 'allow', roots: 'allow' },
    limits: { ...TIERS.trusted.limits, callsPerMinute: 1_000_000, calls: 10_000_000 },
  }
}

const NOTHING: Inspectors = {
  text: () => ({ risk: 0, verdict: 'clean', findings: [] }),
  redact: (text) => text,
  secrets: () => [],
  definition: () => ({ risk: 0, verdict: 'clean', findings: [], labels: [] }),
  wrap: (text) => text,
}

/** A gate that allows, and nobody who looks into anything. */
export const QUIET_PORTS: Omit<SessionPorts, 'toClient' | 'toServer'> = {
  decide: () => Promise.resolve({ effect: 'allow', rule: 'test', for: 'session', decision: 'd1' }),
  visible: (_kind, names) => Promise.resolve(new Set(names)),
  approve: (_kind, definitions) => Promise.resolve(definitions.map(() => ({ isGood: true }))),
  record: () => undefined,
  inspect: NOTHING,
  taint: { labels: () => [], add: () => undefined },
  monotonicMs: () => performance.now(),
  newId: () => randomBytes(8).toString('hex'),
}

/** HTTP to the loopback interface, without rules: what a test starts is reached so. */
export const plainReach: Reach = (url, { method, headers, body, signal }) => {
  const { promise, resolve, reject } = Promise.withResolvers<Reached>()
  const asking = requestHttp(url, { method, headers: { ...headers }, signal }, (answer: IncomingMessage) =>
    resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer }),
  )
  asking.once('error', reject)
  asking.end(body)
  return promise
}

export type { McpSession }
