import { z } from 'zod'
import { SERVER_TIERS } from '../../enforce/mcp/index.ts'

/**
 * What the daemon and its MCP process tell each other beside the streams, over the channel between them. Each end takes
 * every message for a stranger's until it has been read; the channel's end is the other's death.
 */

const Text = z.string().max(4096)
const Name = z.string().max(4096)
const Call = z.int().positive()
const Session = z.int().positive()
const Amount = z.number().min(0)
const Action = z.enum(['allow', 'ask', 'deny'])
const Labels = z.array(z.string().max(64)).max(64)

const ArgumentShape = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'array', 'object']).exactOptional(),
  required: z.boolean().exactOptional(),
  pattern: z.string().exactOptional(),
  oneOf: z.array(z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
  range: z.tuple([z.number(), z.number()]).exactOptional(),
  maxLength: Amount.exactOptional(),
  path: z
    .strictObject({ access: z.enum(['read', 'write', 'list', 'delete']), below: z.array(Name) })
    .exactOptional(),
  url: z.strictObject({ hosts: z.array(Text) }).exactOptional(),
  command: z.boolean().exactOptional(),
  text: z.boolean().exactOptional(),
})

const NameRuleShape = z.strictObject({ pattern: Name, action: Action })

/** What policy says of one server, as the firewall holds it. */
export const ServerPolicyShape = z.strictObject({
  name: Text,
  tier: z.enum(SERVER_TIERS),
  tools: z.array(
    z.strictObject({
      ...{ pattern: Name, action: Action },
      arguments: z.record(z.string(), ArgumentShape),
      isClosed: z.boolean(),
      labels: Labels,
      accepts: Labels.exactOptional(),
      callMs: Amount.exactOptional(),
    }),
  ),
  resources: z.array(NameRuleShape),
  prompts: z.array(NameRuleShape),
  methods: z.array(Text),
  questions: z.strictObject({ sampling: Action, elicitation: Action, roots: Action }),
  limits: z.strictObject({
    ...{ callsPerMinute: Amount, calls: Amount, callMs: Amount },
    ...{ openRequests: Amount, messageBytes: Amount, tools: Amount },
  }),
  secrets: z.enum(['redact', 'block', 'off']),
})

const GateAnswerShape = z.discriminatedUnion('effect', [
  z.strictObject({
    effect: z.literal('allow'),
    ...{ rule: Text, decision: Text, for: z.enum(['session', 'once']) },
  }),
  z.strictObject({
    effect: z.literal('deny'),
    ...{ layer: Text, rule: Text, reason: Text, fix: Text, decision: Text },
    isStopped: z.boolean().exactOptional(),
  }),
])

const ApprovalShape = z.discriminatedUnion('isGood', [
  z.strictObject({ isGood: z.literal(true) }),
  z.strictObject({ isGood: z.literal(false), rule: Text, reason: Text, fix: Text }),
])

export const ToMcpShape = z.discriminatedUnion('say', [
  z.strictObject({
    say: z.literal('open'),
    ...{ call: Call, session: Session, policy: ServerPolicyShape, caller: Text, agent: Text, taint: Labels },
  }),
  z.strictObject({ say: z.literal('close'), session: Session, why: Text }),
  z.strictObject({ say: z.literal('answer'), ask: Call, answer: GateAnswerShape }),
  z.strictObject({ say: z.literal('visible'), ask: Call, names: z.array(Name) }),
  z.strictObject({ say: z.literal('approved'), ask: Call, approvals: z.array(ApprovalShape) }),
  /** What was asked cannot be answered; nothing is allowed by it. */
  z.strictObject({ say: z.literal('cannot'), ask: Call, why: Text }),
  z.strictObject({ say: z.literal('forget') }),
  z.strictObject({ say: z.literal('ping'), ping: Call }),
  z.strictObject({ say: z.literal('tainted'), agent: Text, labels: Labels }),
])
export type ToMcp = z.output<typeof ToMcpShape>

const TouchedShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    ...{ verb: z.enum(['read', 'write', 'list', 'delete']), path: z.string().max(65_536) },
    below: z.array(Name).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('connect'),
    url: z.string().max(65_536),
    hosts: z.array(Text).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('command'), text: z.string().max(1_048_576) }),
])

const QuestionShape = z.strictObject({
  kind: z.enum(['tool', 'resource', 'prompt', 'question']),
  name: Name,
  touched: z.array(TouchedShape).max(256),
  argumentsDigest: Text,
  summary: Text,
  flows: z.array(Text).max(64),
  isAsked: z.boolean(),
})

const SeenShape = z.strictObject({
  risk: z.number(),
  verdict: z.enum(['clean', 'marked', 'blocked']),
  findings: z.array(z.strictObject({ rule: Text, field: Text, reason: Text })),
  labels: Labels,
})

export const DefinitionKindShape = z.enum(['tool', 'prompt', 'resource', 'resource-template', 'instructions'])

const EventShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('call'),
    ...{ method: Text, name: Name, rule: Text, decision: Text, ms: Amount, labels: Labels, redacted: Amount },
    outcome: z.enum(['success', 'tool-error', 'refused', 'failed']),
    ...{ argumentsDigest: Text, resultDigest: Text },
    /** Files it was let write. */
    wrote: z.array(z.string().max(65_536)).max(256),
  }),
  z.strictObject({
    kind: z.literal('refused'),
    from: z.enum(['client', 'server']),
    ...{ method: Text, name: Name, rule: Text, reason: Text },
  }),
  z.strictObject({
    kind: z.literal('found'),
    ...{ method: Text, name: Name, rule: Text, reason: Text },
    verdict: z.enum(['marked', 'blocked']),
  }),
])
export type WireEvent = z.output<typeof EventShape>

export const FromMcpShape = z.discriminatedUnion('say', [
  z.strictObject({ say: z.literal('ready') }),
  z.strictObject({ say: z.literal('opened'), call: Call }),
  z.strictObject({ say: z.literal('ask'), ask: Call, session: Session, question: QuestionShape }),
  z.strictObject({
    say: z.literal('see'),
    ...{ ask: Call, session: Session, kind: QuestionShape.shape.kind, names: z.array(Name).max(100_000) },
  }),
  z.strictObject({
    say: z.literal('approve'),
    ...{ ask: Call, session: Session, kind: DefinitionKindShape, isMore: z.boolean() },
    definitions: z
      .array(z.strictObject({ name: Name, definition: z.unknown(), seen: SeenShape }))
      .max(100_000),
  }),
  z.strictObject({ say: z.literal('event'), session: Session, body: EventShape }),
  z.strictObject({ say: z.literal('taint'), session: Session, labels: Labels, name: Name }),
  z.strictObject({ say: z.literal('warn'), message: z.string().max(4096) }),
  /** Behind everything that was told of the session. */
  z.strictObject({ say: z.literal('closed'), session: Session }),
  z.strictObject({ say: z.literal('pong'), ping: Call }),
])
export type FromMcp = z.output<typeof FromMcpShape>

/** Texts as long as the channel takes them. */
export function cut<T extends object>(answer: T): T {
  const entries = Object.entries(answer).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, 4000) : (value as unknown),
  ])
  return Object.fromEntries(entries) as T
}
