import { z } from 'zod'
import { ALERTS } from '../../enforce/egress/index.ts'
import { Bytes, GrantShape } from './grant-words.ts'

/**
 * What the daemon and its egress process tell each other over the channel between them. Each end takes every message for
 * a stranger's until it has been read; the channel's end is the other's death.
 */

const Text = z.string().max(4096)
const RunId = z.string().min(1).max(128)
const Call = z.int().positive()
const Amount = z.number().min(0)
const Place = { host: z.string().min(1).max(256), port: z.int().min(1).max(65_535) }

const AirlockShape = z.union([z.literal('off'), z.strictObject({ openUntil: z.number() })])

const SettingsShape = z.strictObject({
  /** Servers that are asked for names; absent: as this machine finds them. */
  resolvers: z.array(Text).min(1).optional(),
  proxy: z
    .strictObject({ ...Place, authorization: Bytes.optional(), names: z.enum(['here', 'there']) })
    .optional(),
  /** PEM. */
  roots: z.array(z.string().max(1024 * 1024)).optional(),
  limits: z
    .strictObject({
      ...{ headMs: Amount, resolveMs: Amount, connectMs: Amount },
      ...{ idleMs: Amount, totalMs: Amount, askMs: Amount },
    })
    .partial(),
  airlock: AirlockShape,
})
type WireSettings = z.output<typeof SettingsShape>

/** How the process works, the same for all runs; told once, first. */
export type Settings = Omit<WireSettings, 'proxy'> & {
  readonly proxy?: Omit<NonNullable<WireSettings['proxy']>, 'authorization'> & {
    /** The whole value of Proxy-Authorization; zero once it has been sent. */
    readonly authorization?: Uint8Array
  }
}

export function settingsWords({ proxy, ...rest }: Settings): WireSettings {
  if (proxy === undefined) return rest
  const { authorization, ...place } = proxy
  const text = authorization === undefined ? undefined : Buffer.from(authorization).toString('base64')
  return { ...rest, proxy: text === undefined ? place : { ...place, authorization: text } }
}

const ShapeShape = z.strictObject({
  id: Text.optional(),
  methods: z.array(Text).optional(),
  paths: z.array(Text).optional(),
  opaque: z.boolean().optional(),
  addresses: z.array(Text).optional(),
})

const AnswerShape = z.discriminatedUnion('effect', [
  z.strictObject({
    effect: z.literal('allow'),
    rule: Text,
    for: z.enum(['once', 'run']),
    shapes: z.array(ShapeShape).max(256).optional(),
  }),
  z.strictObject({ effect: z.literal('deny'), rule: Text, reason: Text, fix: Text }),
])

export const ToEgressShape = z.discriminatedUnion('say', [
  z.strictObject({ say: z.literal('begin'), settings: SettingsShape }),
  z.strictObject({
    say: z.literal('open'),
    call: Call,
    grant: GrantShape,
    socketPath: z.string().startsWith('/').max(256),
    uid: z.int().min(0).optional(),
  }),
  z.strictObject({ say: z.literal('update'), call: Call, grant: GrantShape }),
  z.strictObject({ say: z.literal('shut'), call: Call, runId: RunId, ...Place }),
  z.strictObject({ say: z.literal('close'), call: Call, runId: RunId }),
  z.strictObject({ say: z.literal('usage'), call: Call, runId: RunId }),
  z.strictObject({ say: z.literal('halt'), call: Call, why: Text }),
  z.strictObject({ say: z.literal('airlock'), call: Call, airlock: AirlockShape }),
  z.strictObject({ say: z.literal('answer'), ask: Call, answer: AnswerShape }),
  /** Whether these events were kept. */
  z.strictObject({ say: z.literal('kept'), events: z.array(Call), isKept: z.boolean() }),
])
export type ToEgress = z.output<typeof ToEgressShape>

const OfRun = { runId: RunId, agent: Text, at: z.number() }

/** Port 0: a request for nowhere that could be understood. */
const EventPlace = { ...Place, port: z.int().min(0).max(65_535) }

const EventShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decision'),
    ...{ ...OfRun, ...EventPlace, id: Text, rule: Text, reason: Text, asked: z.boolean() },
    via: z.enum(['connect', 'socks', 'http', 'https']),
    method: Text.optional(),
    path: Text.optional(),
    verdict: z.enum(['allow', 'deny']),
    code: Text.optional(),
  }),
  z.strictObject({
    kind: z.literal('end'),
    ...{ ...OfRun, ...EventPlace, id: Text, bytesOut: Amount, bytesIn: Amount, ms: Amount },
    address: Text.optional(),
    status: z.int().optional(),
    code: Text.optional(),
    reason: Text.optional(),
    fix: Text.optional(),
    labels: z.array(Text),
    secrets: z.array(Text),
    findings: z.array(Text),
  }),
  z.strictObject({
    kind: z.literal('alert'),
    ...OfRun,
    alert: z.enum(ALERTS),
    host: Text,
    reason: Text,
    secret: Text.optional(),
  }),
])

const QuestionShape = z.strictObject({
  runId: RunId,
  agent: Text,
  ...Place,
  method: Text.optional(),
  path: Text.optional(),
})

const PlaceUsageShape = z.strictObject({ ...Place, connections: Amount, bytesOut: Amount, bytesIn: Amount })

const UsageShape = z.strictObject({
  ...{ requests: Amount, refused: Amount, connections: Amount, bytesOut: Amount, bytesIn: Amount },
  places: z.array(PlaceUsageShape),
  outward: z.array(z.strictObject({ localPort: Amount, address: Text, port: Amount })),
})

export const FromEgressShape = z.discriminatedUnion('say', [
  z.strictObject({ say: z.literal('ready') }),
  z.strictObject({ say: z.literal('opened'), call: Call, authorityPem: z.string().optional() }),
  z.strictObject({ say: z.literal('used'), call: Call, usage: UsageShape.optional() }),
  z.strictObject({ say: z.literal('done'), call: Call }),
  z.strictObject({
    say: z.literal('failed'),
    ...{ call: Call, what: Text, fix: Text },
    /** Absent: a fault of Warder's own. */
    code: Text.optional(),
    where: Text.optional(),
  }),
  z.strictObject({ say: z.literal('ask'), ask: Call, question: QuestionShape }),
  /** Without a number: nobody waits for it to be kept. */
  z.strictObject({ say: z.literal('event'), event: Call.optional(), body: EventShape }),
  z.strictObject({ say: z.literal('warn'), message: Text }),
])
export type FromEgress = z.output<typeof FromEgressShape>
