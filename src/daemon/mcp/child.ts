import { randomBytes } from 'node:crypto'
import { sha256 } from '../../core/canonical.ts'
import { newId } from '../../core/id.ts'
import {
  createSession,
  LineReader,
  type Approval,
  type GateAnswer,
  type Inspectors,
  type McpSession,
  type SessionEvent,
  type SessionPorts,
  type StatePort,
} from '../../enforce/mcp/index.ts'
import { createStates } from '../../enforce/mcp/state/index.ts'
import type { Pipe, Piece } from './pipe.ts'
import { ToMcpShape, type FromMcp, type ToMcp, type WireEvent } from './words.ts'

interface Held {
  readonly session: McpSession
  readonly fromClient: LineReader
  readonly fromServer: LineReader
  /** When the client said that nothing more comes; what it asked before is answered first, for a while. */
  endedMs?: number
  isServerEnded?: boolean
}

interface Asked {
  readonly resolve: (words: ToMcp) => void
  readonly reject: (error: Error) => void
}

export interface McpChildOptions {
  readonly say: (words: FromMcp) => void
  readonly pipe: () => Pipe
  readonly inspect: Inspectors
}

type Questions = Extract<FromMcp, { ask: number }>
/** A question without its number. */
type Question = Questions extends infer Q ? (Q extends Questions ? Omit<Q, 'ask'> : never) : never

const LINE_FEED = '\n'
/** How long a client that has closed its output is still answered. */
const ANSWER_MS = 10_000

/** The MCP process from inside: one firewall session for each pair of client and server, the streams of all on one pipe. */
export class McpChild {
  readonly #options: McpChildOptions
  readonly #sessions = new Map<number, Held>()
  readonly #asked = new Map<number, Asked>()
  /** What each agent was shown, as the daemon's book has it. */
  readonly #taint = new Map<string, readonly string[]>()
  /** What was told the daemon and is not yet in what it tells us. */
  readonly #fresh = new Map<string, Set<string>>()
  readonly #states: StatePort
  #count = 0

  constructor(options: McpChildOptions) {
    this.#options = options
    this.#states = createStates({ key: randomBytes(32), now: () => Date.now(), randomBytes })
  }

  /** @throws ZodError for a message that is none: the other end is not our daemon, or not of this version */
  hear(message: unknown): void {
    const words = ToMcpShape.parse(message)
    switch (words.say) {
      case 'open':
        return this.#open(words)
      case 'close':
        return this.#close(words.session, words.why)
      case 'forget':
        for (const { session } of this.#sessions.values()) session.forget()
        return
      case 'ping':
        return this.#options.say({ say: 'pong', ping: words.ping })
      case 'tainted':
        return this.#tainted(words.agent, words.labels)
      default: {
        const asked = this.#asked.get(words.ask)
        this.#asked.delete(words.ask)
        return words.say === 'cannot' ? asked?.reject(new Error(words.why)) : asked?.resolve(words)
      }
    }
  }

  /** A piece of a stream; of a session that is over it is dropped. */
  heard(piece: Piece, number: number, bytes: Buffer): void {
    const held = this.#sessions.get(number)
    if (held === undefined) return
    if (piece === 'from-client') held.fromClient.push(bytes)
    else if (piece === 'from-server') held.fromServer.push(bytes)
    else held.endedMs ??= performance.now()
    this.#endServer(number, held)
  }

  tick(): void {
    for (const [number, held] of this.#sessions) {
      held.session.tick()
      this.#endServer(number, held)
    }
  }

  #endServer(number: number, held: Held): void {
    if (held.endedMs === undefined || held.isServerEnded === true) return
    if (held.session.open > 0 && performance.now() - held.endedMs < ANSWER_MS) return
    held.isServerEnded = true
    this.#options.pipe().say('server-end', number)
  }

  #open({ call, session: number, policy, caller, agent, taint }: Extract<ToMcp, { say: 'open' }>): void {
    this.#tainted(agent, taint)
    const { messageBytes } = policy.limits
    const session = createSession({ policy, caller, ports: this.#portsOf(number, agent, policy.name) })
    const reader = (from: 'client' | 'server', line: (bytes: Buffer) => void): LineReader =>
      new LineReader({ most: messageBytes, line, tooLong: (size) => session.tooLong(from, size) })
    this.#sessions.set(number, {
      session,
      fromClient: reader('client', (line) => session.fromClient(line)),
      fromServer: reader('server', (line) => session.fromServer(line)),
    })
    this.#options.say({ say: 'opened', call })
  }

  /** What the daemon's book has, and what it has not heard of yet: no label is gone while both are on their way. */
  #tainted(agent: string, labels: readonly string[]): void {
    const fresh = this.#fresh.get(agent)
    for (const label of labels) fresh?.delete(label)
    this.#taint.set(agent, [...labels, ...(fresh ?? [])])
  }

  #close(number: number, why: string): void {
    const held = this.#sessions.get(number)
    held?.session.close(why)
    this.#sessions.delete(number)
    this.#options.say({ say: 'closed', session: number }) // behind the last receipts
    // on the pipe, behind the last answers
    this.#options.pipe().say('ended', number)
  }

  #portsOf(number: number, agent: string, server: string): SessionPorts {
    const { say, pipe, inspect } = this.#options
    return {
      toClient: (message) => void pipe().say('to-client', number, message + LINE_FEED),
      toServer: (message) => void pipe().say('to-server', number, message + LINE_FEED),
      decide: async (question) => {
        const words = await this.#ask({
          ...{ say: 'ask', session: number },
          question: { ...question, touched: question.touched.map(touchedWords), flows: [...question.flows] },
        })
        return expected(words, 'answer').answer as GateAnswer
      },
      visible: async (kind, names) => {
        if (names.length === 0) return new Set()
        const words = await this.#ask({ say: 'see', session: number, kind, names: [...names] })
        return new Set(expected(words, 'visible').names)
      },
      approve: async (kind, definitions, isMore) => {
        const words = await this.#ask({
          ...{ say: 'approve', session: number, kind, isMore },
          definitions: definitions.map(({ name, definition, seen: { findings, labels, ...rest } }) => ({
            ...{ name, definition },
            seen: {
              ...rest,
              findings: findings.slice(0, 20).map(short),
              labels: [...labels],
            },
          })),
        })
        return expected(words, 'approved').approvals as readonly Approval[]
      },
      record: (event) => say({ say: 'event', session: number, body: eventWords(event) }),
      inspect,
      taint: {
        labels: () => this.#taint.get(agent) ?? [],
        add: (labels, { name }) => {
          const before = this.#taint.get(agent) ?? []
          const fresh = labels.filter((label) => !before.includes(label))
          if (fresh.length === 0) return
          this.#taint.set(agent, [...before, ...fresh])
          this.#fresh.set(agent, new Set([...(this.#fresh.get(agent) ?? []), ...fresh]))
          say({ say: 'taint', session: number, labels: fresh, name: `${server}/${name}`.slice(0, 1000) })
        },
      },
      state: this.#states,
      monotonicMs: () => performance.now(),
      newId,
    }
  }

  #ask(question: Question): Promise<ToMcp> {
    const { promise, resolve, reject } = Promise.withResolvers<ToMcp>()
    this.#count += 1
    this.#asked.set(this.#count, { resolve, reject })
    this.#options.say({ ...question, ask: this.#count } as FromMcp)
    return promise
  }
}

function expected<S extends ToMcp['say']>(words: ToMcp, say: S): Extract<ToMcp, { say: S }> {
  if (words.say !== say) throw new Error('the daemon answered something else than it was asked')
  return words as Extract<ToMcp, { say: S }>
}

type Touched = Extract<FromMcp, { say: 'ask' }>['question']['touched'][number]

function touchedWords(touched: Parameters<SessionPorts['decide']>[0]['touched'][number]): Touched {
  if (touched.kind === 'file') {
    const { below, ...rest } = touched
    return below === undefined ? rest : { ...rest, below: [...below] }
  }
  if (touched.kind === 'command') return touched
  const { hosts, ...rest } = touched
  return hosts === undefined ? rest : { ...rest, hosts: [...hosts] }
}

const SHORT = 1000

/** Names of a stranger's may be as long as it likes; the channel takes them no longer than this. */
function short<T extends Readonly<Record<string, string>>>(words: T): T {
  return Object.fromEntries(Object.entries(words).map(([name, text]) => [name, text.slice(0, SHORT)])) as T
}

function eventWords(event: SessionEvent): WireEvent {
  const name = event.name.slice(0, SHORT)
  if (event.kind !== 'call') {
    return { ...event, name, method: event.method.slice(0, 200), reason: event.reason.slice(0, SHORT) }
  }
  const { answer, labels, wrote, ...rest } = event
  return {
    ...rest,
    name,
    labels: [...labels],
    wrote: [...wrote],
    resultDigest: answer === '' ? '' : sha256(answer),
  }
}
