import { digestOf, type Json } from '../../core/canonical.ts'
import type { Members } from './frame.ts'
import { TIERS, type ServerPolicy, type ToolRule } from './policy.ts'
import type { GateAnswer, GateQuestion, McpSession, SessionEvent, SessionPorts } from './ports.ts'
import { createSession } from './session.ts'

export const RULE: Omit<ToolRule, 'pattern'> = { action: 'allow', arguments: {}, isClosed: false, labels: [] }

export function policyOf(more: Partial<ServerPolicy> = {}): ServerPolicy {
  return {
    ...{ name: 'box', tier: 'trusted', tools: [{ ...RULE, pattern: '*' }] },
    ...{ resources: [], prompts: [], methods: [], secrets: 'redact' },
    questions: { sampling: 'deny', elicitation: 'deny', roots: 'deny' },
    limits: TIERS.trusted.limits,
    ...more,
  }
}

export interface Message {
  readonly id?: number | string | null
  readonly method?: string
  readonly params?: Members
  readonly result?: Members
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Members }
}

export interface Bench {
  readonly session: McpSession
  readonly toClient: Message[]
  readonly toServer: Message[]
  /** As they were handed on. */
  readonly texts: string[]
  readonly events: SessionEvent[]
  readonly asked: GateQuestion[]
  readonly tainted: string[]
  /** What the clock shows. */
  nowMs: number
  readonly client: (message: unknown) => void
  readonly server: (message: unknown) => void
  /** Lets what waits for a promise go on. */
  readonly settle: () => Promise<void>
  /** Lists these tools as the server would when asked by the session itself. */
  readonly list: (tools: readonly Members[]) => Promise<void>
}

export interface BenchOptions {
  readonly policy?: Partial<ServerPolicy>
  readonly decide?: (question: GateQuestion) => GateAnswer | Promise<GateAnswer>
  readonly ports?: Partial<SessionPorts>
}

export const YES: GateAnswer = { effect: 'allow', rule: 'rule.test', for: 'session', decision: 'd1' }
/** Texts with this word are attacks, those with `odd` may be. */
export const EVIL = 'EVIL'

/** A session between two ends that say whatever a test wants. */
export function bench({ policy, decide = () => YES, ports = {} }: BenchOptions = {}): Bench {
  const [toClient, toServer, texts]: [Message[], Message[], string[]] = [[], [], []]
  const [events, asked, tainted]: [SessionEvent[], GateQuestion[], string[]] = [[], [], []]
  let ids = 0
  const all: SessionPorts = {
    toClient: (text) => {
      texts.push(text)
      toClient.push(JSON.parse(text) as Message)
    },
    toServer: (text) => {
      texts.push(text)
      toServer.push(JSON.parse(text) as Message)
    },
    decide: async (question) => {
      asked.push(question)
      return await decide(question)
    },
    visible: async (_kind, names) => new Set(names),
    approve: async (_kind, definitions) =>
      definitions.map(({ seen }) =>
        seen.verdict === 'blocked'
          ? { isGood: false, rule: 'definition.test', reason: 'bad', fix: 'none' }
          : { isGood: true },
      ),
    record: (event) => events.push(event),
    inspect: {
      text: (text) => {
        const verdict = text.includes(EVIL) ? 'blocked' : text.includes('odd') ? 'marked' : 'clean'
        const findings =
          verdict === 'clean' ? [] : [{ rule: 'override.test', family: 'override', reason: 'told' }]
        return { risk: verdict === 'blocked' ? 0.9 : 0, verdict, findings }
      },
      redact: (text) => text.replaceAll(/sk-[a-z0-9]{8}/g, '[redacted token]'),
      secrets: (text) => (/sk-[a-z0-9]{8}/.test(text) ? [{ rule: 'token', risk: 'high' }] : []),
      definition: (_server, _kind, definition) => {
        const text = JSON.stringify(definition)
        const labels = [...text.matchAll(/can:([a-z-]+)/g)].map(([, label]) => label!)
        return { risk: 0, verdict: text.includes(EVIL) ? 'blocked' : 'clean', findings: [], labels }
      },
      wrap: (text) => `<<${text}>>`,
    },
    taint: { labels: () => tainted, add: (labels) => void tainted.push(...labels) },
    monotonicMs: () => it.nowMs,
    newId: () => `own${(ids += 1)}`,
    ...ports,
  }
  const session = createSession({ policy: policyOf(policy), caller: 'tester', ports: all })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  const text = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message))
  const it: Bench = {
    ...{ session, toClient, toServer, texts, events, asked, tainted, settle, nowMs: 0 },
    client: (message) => session.fromClient(text(message)),
    server: (message) => session.fromServer(text(message)),
    async list(tools) {
      await settle()
      const own = toServer.findLast(({ method }) => method === 'tools/list')
      session.fromServer(text({ jsonrpc: '2.0', id: own?.id, result: { tools } }))
      await settle()
    },
  }
  return it
}

export function request(id: number | string, method: string, params: Members = {}): Members {
  return { jsonrpc: '2.0', id, method, params }
}

export function call(id: number, name: string, given: Members = {}): Members {
  return request(id, 'tools/call', { name, arguments: given })
}

export function answer(id: number | string, result: Members): Members {
  return { jsonrpc: '2.0', id, result }
}

export function said(text: string): Members {
  return { content: [{ type: 'text', text }] }
}

export function tool(name: string, more: Members = {}): Members {
  return { name, inputSchema: { type: 'object' }, ...more }
}

export function digest(value: Members): string {
  return digestOf(value as Json)
}
