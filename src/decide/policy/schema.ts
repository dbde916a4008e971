import * as z from 'zod'
import { ROLES } from '../../core/principal.ts'
import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../../core/risk.ts'
import { mcpSchema } from './mcp-schema.ts'
import { PRESETS } from './preset.ts'

const capability = z
  .string()
  .max(1024)
  .regex(/^[a-z]+:([a-z]+|\*)(:.+)?$/, 'write namespace:action[:resource_pattern]')
  .describe('namespace:action[:resource_pattern], such as fs:read:${WORKSPACE}/**')
const capabilities = z.array(capability).max(10_000)
const agentName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'an agent name is [a-z0-9][a-z0-9._-]*, at most 63 characters')
const duration = z
  .string()
  .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)$/, 'write a whole number and a unit, such as 10m')
const format = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, 'write a format such as gguf, in lower case')
const reason = z.string().min(1).max(500)

const defaults = z.strictObject({
  grant_duration: duration.optional().describe('how long a grant lasts when nothing is said; 10m'),
  max_grant_duration: duration.optional().describe('the longest grant; at most 24h'),
  sensitivity_ceiling: z
    .enum(SENSITIVITY_LEVELS)
    .optional()
    .describe('what data agents without a ceiling of their own may handle; low'),
  ask_at_least: z
    .enum(RISK_LEVELS)
    .optional()
    .describe(
      'from this risk on, what is allowed still asks a person; high. critical: never ask for risk alone',
    ),
  grantors: z
    .array(z.enum(['owner', 'operator']))
    .min(1)
    .max(2)
    .optional()
    .describe('roles that may give and take back grants; owner'),
})

const sizeText = z.string().regex(/^[1-9]\d{0,11}(B|kB|KiB|MB|MiB|GB|GiB)$/, 'write a size such as 10MiB')

const egressBudget = z.strictObject({
  requests: z.int().min(0).optional().describe('connections and requests over a whole run; 20000'),
  requests_per_minute: z.int().min(0).optional().describe('1200'),
  connections: z.int().min(0).max(128).optional().describe('at once; 128'),
  bytes_out: sizeText.optional().describe('256MiB'),
  bytes_in: sizeText.optional().describe('8GiB'),
})

const agent = z.strictObject({
  description: z.string().max(500).optional(),
  role_preset: z.enum(PRESETS).optional().describe('what the agent holds from the start'),
  tier: z
    .enum(['trusted', 'verified', 'untrusted'])
    .optional()
    .describe(
      'how far its code is trusted: the less, the more its sandbox must keep, whatever its profile says',
    ),
  may_request: capabilities.optional().describe('what it does not hold, but a person may be asked for'),
  ceiling: z.enum(SENSITIVITY_LEVELS).optional().describe('the most sensitive data it may handle'),
  egress: egressBudget.optional().describe('how much one run of it may send and fetch'),
})

const rule = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'a rule id is [a-z0-9][a-z0-9._-]*, at most 63 characters'),
  agents: z
    .array(z.union([agentName, z.literal('*')]))
    .min(1)
    .max(10_000)
    .optional()
    .describe('names, or "*" for every agent; without agents and roles a rule is for every agent'),
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length).optional(),
  effect: z.enum(['allow', 'ask', 'deny']),
  capabilities: capabilities.min(1),
  risk_at_least: z.enum(RISK_LEVELS).optional().describe('for ask and deny: only at this risk or worse'),
  risk_at_most: z
    .enum(['low', 'medium', 'high'])
    .optional()
    .describe('for allow: up to this risk without asking; the level below ask_at_least when absent'),
  reason,
})

const perMinute = z.int().min(0).max(1_000_000).optional()
const counted = {
  calls: perMinute.describe('everything but looking'),
  writes: perMinute.describe('changes to files, settings, packages and services'),
  destructive: perMinute.describe('what removes, ends, or is of high risk'),
  network: perMinute.describe('connections and names looked up'),
  installs: perMinute.describe('packages'),
}

const rates = z.strictObject({
  agent: z
    .strictObject({
      ...counted,
      per_second: perMinute.describe('acts a second; twice as many after a pause'),
    })
    .optional()
    .describe(
      'of one agent, a minute: 60 calls, 20 writes, 5 destructive, 30 network, 5 installs; 10 a second',
    ),
  all: z
    .strictObject(counted)
    .optional()
    .describe(
      'of all agents together, a minute: 300 calls, 60 writes, 10 destructive, 120 network, 5 installs',
    ),
  tool_per_second: perMinute.describe(
    'of one tool or program, whoever uses it; 50, and twice as many after a pause',
  ),
  install_pause: duration.optional().describe('between one package and the next; 10s'),
})

const hostPattern = z
  .string()
  .max(253)
  .regex(
    /^(?:(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])$/,
    'write a name in lower case, *.name for all below it, or an address ([::1] in brackets)',
  )
const mediaType = z
  .string()
  .regex(/^[a-z0-9.+-]+\/(?:[a-z0-9.+-]+|\*)$/, 'write a media type such as application/json')

const egress = z.strictObject({
  id: rule.shape.id,
  agents: rule.shape.agents,
  hosts: z.array(hostPattern).min(1).max(256),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .max(64)
    .optional()
    .describe('absent: every port a rule allows'),
  methods: z
    .array(z.string().regex(/^[A-Z]{1,16}$/, 'write a method in capitals, such as GET'))
    .min(1)
    .max(16)
    .optional()
    .describe('absent: any; needs inspect, for in a tunnel nobody sees them'),
  paths: z
    .array(z.string().max(512).startsWith('/'))
    .min(1)
    .max(256)
    .optional()
    .describe('* is one part, ** any number; absent: any; needs inspect'),
  inspect: z
    .boolean()
    .optional()
    .describe('TLS is opened by the proxy, so that methods, paths and contents are seen; needed for secrets'),
  opaque: z
    .boolean()
    .optional()
    .describe('what is not TLS for that very name goes through too: SSH, a server that speaks first'),
  addresses: z
    .array(
      z.string().regex(/^[0-9a-f.:]+(?:\/\d{1,3})?$/, 'write an address or a network, such as 10.1.0.0/16'),
    )
    .min(1)
    .max(64)
    .optional()
    .describe('private addresses these names may stand for'),
  pins: z
    .array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'write SHA-256 of the public key in base64'))
    .min(1)
    .max(8)
    .optional()
    .describe('the keys these hosts may prove themselves with (RFC 7469); needs inspect'),
  at_once: z
    .int()
    .min(1)
    .max(128)
    .optional()
    .describe('connections of a run at the same time, to what each of the hosts names'),
  timeout: duration.optional().describe('how long one connection lasts at most'),
  outgoing: z
    .strictObject({
      secrets: z
        .enum(['block', 'redact', 'off'])
        .optional()
        .describe('keys and personal data in what is sent; block'),
      max_size: sizeText.optional(),
    })
    .optional(),
  incoming: z
    .strictObject({
      max_size: sizeText.optional(),
      types: z.array(mediaType).min(1).max(64).optional(),
      schema: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('JSON Schema an answer in JSON has to fit'),
    })
    .optional(),
})

export const policySchema = z
  .strictObject({
    version: z.literal(1),
    defaults: defaults.optional(),
    agents: z.record(agentName, agent).optional(),
    rules: z.array(rule).max(10_000).optional(),
    egress: z
      .array(egress)
      .max(1000)
      .optional()
      .describe('how hosts that a rule or grant lets an agent reach are reached; opens nothing by itself'),
    mcp: mcpSchema.optional().describe('servers of the Model Context Protocol; what is not named is denied'),
    agent_risk: z
      .strictObject({
        always_deny: capabilities.optional(),
        ask: capabilities.optional(),
        allow: capabilities.optional(),
      })
      .optional()
      .describe('what every agent may never do, may do when a person agrees, and may do'),
    rates: rates
      .optional()
      .describe('how often agents may act; what is more is refused, and opens again by itself'),
    models: z
      .strictObject({ allow_formats: z.array(format).optional(), deny_formats: z.array(format).optional() })
      .optional()
      .describe('formats a model may be promoted in; an empty or missing list allows none'),
  })
  .meta({ id: 'warder-policy', title: 'Warder policy, version 1' })

export type PolicyDocument = z.infer<typeof policySchema>
export type RuleDocument = NonNullable<PolicyDocument['rules']>[number]
export type EgressDocument = NonNullable<PolicyDocument['egress']>[number]

const expectation = z.strictObject({
  agent: agentName.optional(),
  role: z.enum(ROLES).optional(),
  action: capability.describe('namespace:verb[:resource], with a concrete resource'),
  risk: z.enum(RISK_LEVELS).optional(),
  sensitivity: z.enum(SENSITIVITY_LEVELS).optional(),
  format: z.string().optional(),
  task: z.string().optional(),
  expect: z.enum(['allow', 'ask', 'deny']),
  rule: z.string().optional(),
})

export const expectationsSchema = z.array(expectation).min(1).max(10_000)
export type Expectation = z.infer<typeof expectation>

/** The JSON Schema of the policy file, for editors and other languages; kept in `schemas/policy.schema.json`. */
export function policyJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(policySchema, { io: 'input' }), undefined, 2)}\n`
}
