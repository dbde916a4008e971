import type { ServerResponse } from 'node:http'
import { messageOf } from '../../core/error.ts'
import { DeniedError } from '../../gate/index.ts'
import type { Clock } from '../../platform/clock.ts'
import { bugFields, type Log } from '../../platform/log.ts'
import type { Ledger } from '../../record/audit/index.ts'
import type { Acts } from '../acts.ts'
import type { Caller, Handlers } from '../http/app.ts'
import type { People } from '../people.ts'
import type { Questions } from '../questions.ts'
import { createConsoleApp } from './app.ts'
import type { Bind } from './bind.ts'
import { openCertificate } from './certificate.ts'
import { readClientCa } from './client-ca.ts'
import { goneSignal } from './calls.ts'
import type { OpenConsole } from './control.ts'
import { consoleError } from './errors.ts'
import { EventStream } from './events.ts'
import { askedOfAgents } from './explain.ts'
import type { Visitor } from './guard.ts'
import { Lingering } from './linger.ts'
import { listen } from './listen.ts'
import { readPages } from './pages.ts'

export interface ConsoleWorld {
  readonly people: People
  readonly handlers: Handlers
  readonly acts: Acts
  readonly ledger: Pick<Ledger, 'follow' | 'head' | 'health' | 'read'>
  readonly questions: Pick<Questions, 'follow' | 'list'>
  readonly clock: Clock
  readonly log: Log
}

const MOST_STREAMS = 32
const MOST_OF_A_SESSION = 6

/** Opens the console: its certificate, its pages, its port. @throws ConsoleError `CONSOLE_PORT`, `CONSOLE_CLIENT_CA`, FileError */
export async function openConsole(world: ConsoleWorld, bind: Bind): Promise<OpenConsole> {
  const { people, clock, log, handlers } = world
  const { settings } = people
  const names = ['localhost', ...settings['console.names'].map((name) => name.toLowerCase())]
  const own = [...new Set([...names, '127.0.0.1', '::1', ...(isAny(bind.address) ? [] : [bind.address])])]
  const certificate = openCertificate({
    ...{ directory: settings['paths.keys'], keys: people.room.keys },
    ...{ hosts: own, now: () => clock.now() },
  })
  const client = readClientCa(settings['console.client_ca'], clock.now())
  const pages = readPages()
  const hosts = new Set<string>()
  const streams: Streams = { open: new Map(), lingering: new Lingering() }
  const app = createConsoleApp({
    ...{ people, handlers: askedOfAgents(handlers), pages, hosts: () => hosts },
    isLoopback: bind.isLoopback,
    monotonicMs: () => clock.monotonicMs(),
    events: (visitor, after, response) => follow(world, streams, visitor, after, response),
    bug: (error) => log.error(`unexpected: ${messageOf(error)}`, bugFields(error)),
  })
  const server = await listen({ bind, certificate, clientCa: client?.pem, app })
  for (const host of own) hosts.add(`${host.includes(':') ? `[${host}]` : host}:${server.port}`)
  const address = `${bind.address.includes(':') ? `[${bind.address}]` : bind.address}:${server.port}`
  log.info('the console listens', { address, fingerprint: certificate.fingerprint })
  return {
    address,
    url: `https://${settings['console.names'][0] ?? 'localhost'}:${server.port}/`,
    fingerprint: certificate.fingerprint,
    certificateUntilMs: certificate.untilMs,
    clientAuthorities: client?.authorities ?? [],
    sinceMs: clock.now(),
    hasPages: pages.isBuilt,
    isInUse: () => server.connections() > 0,
    close: async () => {
      const closed = server.close()
      streams.lingering.close()
      await closed
    },
  }
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** The streams that are open, with their sessions, and whoever counts as watching though the page went. */
interface Streams {
  readonly open: Map<ServerResponse, string>
  readonly lingering: Lingering
}

/** The stream of one page; the gate is asked first, as for anybody who reads the record. */
async function follow(
  world: ConsoleWorld,
  { open: streams, lingering }: Streams,
  visitor: Visitor,
  after: number | undefined,
  response: ServerResponse,
): Promise<void> {
  const { acts, ledger, questions, people, clock, handlers } = world
  const { id, console: by } = visitor.session
  const own = [...streams.values()].filter((each) => each === id).length
  if (own >= MOST_OF_A_SESSION || streams.size >= MOST_STREAMS) {
    throw consoleError(
      'CONSOLE_BUSY',
      'as many streams are open as there may be',
      'close a page of the console',
    )
  }
  streams.set(response, id)
  response.once('close', () => streams.delete(response))
  const { credential } = visitor
  const asked = { credential, namespace: 'audit', verb: 'read', resource: '', risk: 'low' as const }
  const verdict = await acts.ask({ ...asked, input: { stream: 'console', after: after ?? null } })
  if (verdict.decision.effect !== 'allow') throw new DeniedError(verdict)
  const everybody = (): boolean => true
  const signal = goneSignal(response)
  const isHeard = by.role !== 'viewer'
  const isLive = (): boolean => people.room.roomsIfAny()?.sessions.live(id) !== undefined
  const stream = new EventStream(
    {
      ledger,
      questions: (until) =>
        questions.follow(isHeard ? lingering.after(id, until, isLive) : until, {
          sees: everybody,
          ...(isHeard ? { answers: everybody } : {}),
        }),
      alerts: (until) => handlers.alertFollow({}, { credential, signal: until }),
      state: () => stateOf(handlers, questions, { credential, signal }),
      isLive,
      now: () => clock.now(),
    },
    response,
  )
  await stream.run(after)
}

async function stateOf(
  handlers: Handlers,
  questions: ConsoleWorld['questions'],
  caller: Caller,
): Promise<object> {
  const { mode, stops, startedAt, version } = await handlers.daemon({}, caller)
  const { runs } = await handlers.runs({}, caller)
  return { mode, stops, runs: runs.length, approvals: questions.list(undefined).length, startedAt, version }
}
