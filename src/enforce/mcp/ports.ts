import type { RiskLevel } from '../../core/risk.ts'
import type { FileAccess, ServerPolicy } from './policy.ts'

/** Where a message came from or goes to, opaque to a session: an HTTP exchange, say. Over stdio there is none. */
export type Route = object

/** What the gate is asked about a call, beside the call itself: what it would touch. Paths and URLs are as they were given. */
export type Touched =
  | {
      readonly kind: 'file'
      readonly verb: FileAccess
      readonly path: string
      /** Folders one of which it has to lie in, whatever the gate says. */
      readonly below?: readonly string[]
    }
  | { readonly kind: 'connect'; readonly url: string; readonly hosts?: readonly string[] }
  | { readonly kind: 'command'; readonly text: string }

/** What a decision is about: a tool, a resource, a prompt, or a question a server puts to its client. */
export type AskedKind = 'tool' | 'resource' | 'prompt' | 'question'

/** A question to the gate. What is asked about twice in the same words is asked once, where the answer says so. */
export interface GateQuestion {
  readonly kind: AskedKind
  /** The tool's name, the resource's URI, the prompt's name, or `sampling`, `elicitation`, `roots`. */
  readonly name: string
  readonly touched: readonly Touched[]
  /** SHA-256 of the canonical form of the arguments; a yes for once holds for these alone. */
  readonly argumentsDigest: string
  /** The arguments as a person reads them, secrets masked, cut short. */
  readonly summary: string
  /** Flows that need a further yes, such as `external-data to write`. */
  readonly flows: readonly string[]
  /** The policy wants each such call to be asked about. */
  readonly isAsked: boolean
}

/** What the gate said. */
export type GateAnswer =
  | {
      readonly effect: 'allow'
      readonly rule: string
      /** `session`: good for the same question until {@link McpSession.forget}. */
      readonly for: 'session' | 'once'
      /** The entry or decision it can be found by. */
      readonly decision: string
    }
  | {
      readonly effect: 'deny'
      readonly layer: string
      readonly rule: string
      readonly reason: string
      readonly fix: string
      readonly decision: string
      readonly isStopped?: boolean
    }

/** What a text scanner found. */
export interface TextSeen {
  readonly risk: number
  readonly verdict: 'clean' | 'marked' | 'blocked'
  readonly findings: readonly { readonly rule: string; readonly family: string; readonly reason: string }[]
}

/** What was found in a definition, and what the tool openly can do. */
export interface DefinitionSeen {
  readonly risk: number
  readonly verdict: 'clean' | 'marked' | 'blocked'
  readonly findings: readonly { readonly rule: string; readonly field: string; readonly reason: string }[]
  readonly labels: readonly string[]
}

export type DefinitionKind = 'tool' | 'prompt' | 'resource' | 'resource-template' | 'instructions'

/** Who looks into what passes; everything here is pure and quick, and answers for any input. */
export interface Inspectors {
  readonly text: (text: string, channel: 'tool-result' | 'prompt' | 'mcp-metadata') => TextSeen
  /** The text with secrets (and personal data with check digits) masked; the same string when there is none. */
  readonly redact: (text: string) => string
  /** The rules that found something. */
  readonly secrets: (text: string) => readonly { readonly rule: string; readonly risk: RiskLevel }[]
  readonly definition: (server: string, kind: DefinitionKind, definition: unknown) => DefinitionSeen
  /** Puts an envelope around text that is not to be trusted. */
  readonly wrap: (
    text: string,
    about: { readonly source: string; readonly labels: readonly string[] },
  ) => string
}

/** What a session was told of one definition. */
export type Approval =
  | { readonly isGood: true }
  | { readonly isGood: false; readonly rule: string; readonly reason: string; readonly fix: string }

/** Compares definitions with what was approved, and remembers those seen first. In the same order as asked. */
export type ApproveDefinitions = (
  kind: DefinitionKind,
  definitions: readonly {
    readonly name: string
    readonly definition: unknown
    readonly seen: DefinitionSeen
  }[],
  /** More of the list is to come. */
  isMore: boolean,
) => Promise<readonly Approval[]>

/** Labels of what an agent has been shown, across all its servers. */
export interface TaintPort {
  readonly labels: () => readonly string[]
  readonly add: (
    labels: readonly string[],
    origin: { readonly server: string; readonly name: string },
  ) => void
}

/** Wraps request state and task ids so that only who was given one can bring it back, once (2026-07-28). */
export interface StatePort {
  readonly seal: (value: string, bound: StateBinding) => string
  /** @returns the server's own value, or why it is refused */
  readonly open: (
    sealed: string,
    bound: StateBinding,
  ) => { readonly value: string } | { readonly rule: string; readonly reason: string }
}

export interface StateBinding {
  readonly kind: 'request-state' | 'task'
  readonly server: string
  readonly caller: string
  /** SHA-256 of the canonical form of the original request's method and params, without state and answers. */
  readonly request: string
}

/** What a session tells, for the record. */
export type SessionEvent =
  | {
      readonly kind: 'call'
      readonly method: string
      readonly name: string
      readonly outcome: 'success' | 'tool-error' | 'refused' | 'failed'
      readonly rule: string
      readonly decision: string
      readonly argumentsDigest: string
      /** The answer as it was handed on, for its digest; '' for none. Nobody keeps it. */
      readonly answer: string
      readonly ms: number
      readonly labels: readonly string[]
      /** Files it was let write, as they were named. */
      readonly wrote: readonly string[]
      /** How many places were masked on the way in and out. */
      readonly redacted: number
    }
  | {
      readonly kind: 'refused'
      readonly from: 'client' | 'server'
      readonly method: string
      readonly name: string
      readonly rule: string
      readonly reason: string
    }
  | {
      readonly kind: 'found'
      readonly method: string
      readonly name: string
      readonly rule: string
      readonly reason: string
      readonly verdict: 'marked' | 'blocked'
    }

/** Everything a session reaches. It keeps no time of its own: {@link McpSession.tick} is called a few times a second. */
export interface SessionPorts {
  /** One whole message without the line feed. `route`: the one its request came with; absent: unasked. */
  readonly toClient: (message: string, route?: Route) => void
  readonly toServer: (message: string, route?: Route) => void
  readonly decide: (question: GateQuestion) => Promise<GateAnswer>
  /** Which of these tools the gate would not deny now; asks nobody and records nothing. */
  readonly visible: (kind: AskedKind, names: readonly string[]) => Promise<ReadonlySet<string>>
  readonly approve: ApproveDefinitions
  readonly record: (event: SessionEvent) => void
  readonly inspect: Inspectors
  readonly taint: TaintPort
  /** Absent: state passes as it is (revisions before 2026-07-28 have none). */
  readonly state?: StatePort
  readonly monotonicMs: () => number
  /** For ids of our own requests to the server. */
  readonly newId: () => string
}

export interface SessionOptions {
  readonly policy: ServerPolicy
  /** Who calls: `agent` or the name of an HTTP client; binds request state. */
  readonly caller: string
  readonly ports: SessionPorts
}

/** One client and one server, and everything between them. Never throws for what they send. */
export interface McpSession {
  /** One message as it came, without its line feed: bytes or text. */
  fromClient(message: Uint8Array | string, route?: Route): void
  fromServer(message: Uint8Array | string, route?: Route): void
  /** A message that was too long to be kept; what it was is not known. */
  tooLong(from: 'client' | 'server', sizeBytes: number, route?: Route): void
  /** Answers of the gate that were remembered hold no longer (policy changed, a grant ended, a stop came). */
  forget(): void
  /** Ends what takes too long. */
  tick(): void
  /** Every open request gets an error with this reason; nothing passes afterwards. Settled once. */
  close(why: string): void
  /** What is open, for a look. */
  readonly open: number
}
