import { z } from 'zod'
import type { EgressGrant } from '../../enforce/egress/index.ts'
import { keepSecret, type Secret } from '../../platform/locked-memory-secret.ts'

/** A grant as it crosses to the egress process: the same, with the bytes of secrets in the place of what holds them. */

const Text = z.string().max(4096)
const Texts = z.array(Text).max(1000)
/** The channel carries text: what is read from it makes no objects but plain ones, whoever wrote it. */
export const Bytes = z.base64().max(64 * 1024)
const Count = z.number().min(0)
const Ports = z.array(z.int().min(1).max(65_535)).max(1000)

const RuleShape = z.strictObject({
  id: Text,
  effect: z.enum(['allow', 'deny']),
  host: Text,
  ports: Ports.optional(),
  methods: Texts.optional(),
  paths: Texts.optional(),
  addresses: Texts.optional(),
  opaque: z.boolean().optional(),
  until: z.number().optional(),
})

const BindingShape = z.strictObject({
  name: Text,
  placeholder: Text,
  value: Bytes,
  hosts: Texts,
  places: z.array(z.enum(['header', 'query', 'path', 'body'])),
  budget: z.strictObject({ uses: Count }).optional(),
  plainHttp: z.boolean().optional(),
  mentionedTo: Texts.optional(),
  sign: z
    .strictObject({
      kind: z.literal('aws-sigv4'),
      placeholderKeyId: Text,
      keyId: Text,
      sessionToken: Bytes.optional(),
      placeholderToken: Text.optional(),
    })
    .optional(),
  canary: Bytes.optional(),
})
type WireBinding = z.output<typeof BindingShape>

const ContentShape = z.strictObject({
  id: Text,
  host: Text,
  path: Text.optional(),
  outgoing: z
    .strictObject({ secrets: z.enum(['block', 'redact', 'off']).optional(), maxBytes: Count.optional() })
    .optional(),
  incoming: z
    .strictObject({ maxBytes: Count.optional(), types: Texts.optional(), schema: z.json().optional() })
    .optional(),
})

const LimitShape = z.strictObject({
  ...{ id: Text, host: Text, ports: Ports.optional() },
  ...{ atOnce: z.int().min(1).optional(), timeoutMs: z.int().min(1).optional() },
})

export const GrantShape = z.strictObject({
  runId: z.string().min(1).max(128),
  agent: Text,
  rules: z.array(RuleShape).max(10_000),
  budget: z.strictObject({
    ...{ requests: Count, requestsPerMinute: Count, connectionsAtOnce: Count },
    ...{ bytesOut: Count, bytesIn: Count },
  }),
  limits: z.array(LimitShape).max(256_000),
  intercept: Texts,
  secrets: z.array(BindingShape).max(256),
  content: z.array(ContentShape).max(1000),
  pins: z.array(z.strictObject({ host: Text, spkiSha256: Texts })).max(1000),
  asks: z.boolean(),
  airlock: z.union([z.literal('off'), z.strictObject({ openUntil: z.number() })]),
  until: z.number(),
})
export type WireGrant = z.output<typeof GrantShape>

/** Its secrets become text for a moment, since a channel between processes carries nothing else. */
export function toWire(grant: EgressGrant): WireGrant {
  return GrantShape.parse({ ...grant, secrets: grant.secrets.map(bindingToWire) })
}

function bindingToWire({ value, canary, sign, ...rest }: EgressGrant['secrets'][number]): WireBinding {
  const { sessionToken, ...signing } = sign ?? {}
  return BindingShape.parse({
    ...rest,
    value: copyOf(value),
    ...(canary === undefined ? {} : { canary: copyOf(canary) }),
    ...(sign === undefined
      ? {}
      : {
          sign: { ...signing, ...(sessionToken === undefined ? {} : { sessionToken: copyOf(sessionToken) }) },
        }),
  })
}

function copyOf(secret: Secret): string {
  return secret.use((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'))
}

/** Moves the secrets out of the message into memory of their own. */
export function fromWire({ secrets, ...rest }: WireGrant): EgressGrant {
  return { ...rest, secrets: secrets.map(bindingFromWire) } as EgressGrant
}

function bindingFromWire({ value, canary, sign, ...rest }: WireBinding): EgressGrant['secrets'][number] {
  const { sessionToken, ...signing } = sign ?? {}
  const binding = {
    ...rest,
    value: kept(value),
    ...(canary === undefined ? {} : { canary: kept(canary) }),
    ...(sign === undefined
      ? {}
      : {
          sign: {
            ...signing,
            ...(sessionToken === undefined ? {} : { sessionToken: kept(sessionToken) }),
          },
        }),
  }
  return binding as EgressGrant['secrets'][number]
}

/** The bytes behind the text, where nothing but their user sees them. */
export function kept(text: string): Secret {
  return keepSecret(Uint8Array.from(Buffer.from(text, 'base64')))
}

export function closeSecrets({ secrets }: EgressGrant): void {
  for (const { value, canary, sign } of secrets)
    for (const secret of [value, canary, sign?.sessionToken]) secret?.close()
}
