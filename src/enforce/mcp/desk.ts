import type { Catalogue, KnownTool } from './catalogue.ts'
import type { Members, MessageId } from './frame.ts'
import type { CallMeter } from './limits.ts'
import type { ServerPolicy } from './policy.ts'
import type { GateAnswer, GateQuestion, Route, SessionPorts } from './ports.ts'
import type { Refusal } from './refusal.ts'
import type { Treatment } from './methods.ts'

/** A request of the client that waits for its answer. */
export interface OpenRequest {
  readonly id: MessageId
  readonly route: Route | undefined
  readonly method: string
  readonly treatment: Treatment
  /** The tool, resource or prompt it is about; '' for none. */
  readonly name: string
  readonly sinceMs: number
  untilMs: number
  /** Whether the server has it. */
  isSent: boolean
  /** Of a list: it asks for its beginning. */
  readonly isFirstPage: boolean
  /** What it is found by in progress notices. */
  readonly progressToken: MessageId | undefined
  /** What was decided, once it was. */
  call?: CallFacts
}

/** What is known of a call by the time it is sent, for its answer and for the record. */
export interface CallFacts {
  readonly tool?: KnownTool
  readonly rule: string
  readonly decision: string
  readonly argumentsDigest: string
  /** What its result is labelled with. */
  readonly labels: readonly string[]
  readonly redacted: number
  /** Files it was let write. */
  readonly wrote?: readonly string[]
  /** The digest its request state is bound to. */
  readonly requestDigest: () => string
}

/** What the parts of a session share: what is open, and the ways to answer. */
export interface Desk {
  readonly policy: ServerPolicy
  readonly caller: string
  readonly ports: SessionPorts
  readonly catalogue: Catalogue
  readonly meter: CallMeter
  /** Whether this request still waits: it may have been cancelled, or taken too long, while somebody was asked. */
  readonly isOpen: (request: OpenRequest) => boolean
  readonly forward: (request: OpenRequest, text: string) => void
  /** Tools the server is at work on, a name for each call. */
  readonly underWay: () => readonly string[]
  /** Answers with a refusal, and settles it. */
  readonly refuse: (request: OpenRequest, refusal: Refusal) => void
  /** Hands an answer on, and settles it. */
  readonly answer: (request: OpenRequest, text: string, outcome: 'success' | 'tool-error' | 'failed') => void
  /** The gate, or what it said before to the same question. */
  readonly ask: (question: GateQuestion) => GateAnswer | Promise<GateAnswer>
  /** A request of our own to the server. @throws when it has no answer */
  readonly own: (method: string, params: Members) => Promise<Members>
  /** What requests of our own have to carry, in the revision the client speaks. */
  readonly ownMeta: () => Members | undefined
}

export function deniedBy(answer: Extract<GateAnswer, { effect: 'deny' }>): Refusal {
  const { layer, rule, reason, fix, decision, isStopped } = answer
  return { kind: isStopped === true ? 'stopped' : 'denied', layer, rule, reason, fix, decision }
}
