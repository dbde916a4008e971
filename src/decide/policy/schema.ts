import * as z from 'zod'
import { ROLES } from '../../core/principal.ts'
import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../../core/risk.ts'
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

export const policySchema = z
  .strictObject({
    version: z.literal(1),
    defaults: defaults.optional(),
    agents: z.record(agentName, agent).optional(),
    rules: z.array(rule).max(10_000).optional(),
    agent_risk: z
      .strictObject({
        always_deny: capabilities.optional(),
        ask: capabilities.optional(),
        allow: capabilities.optional(),
      })
      .optional()
      .describe('what every agent may never do, may do when a person agrees, and may do'),
    models: z
      .strictObject({ allow_formats: z.array(format).optional(), deny_formats: z.array(format).optional() })
      .optional()
      .describe('formats a model may be promoted in; an empty or missing list allows none'),
  })
  .meta({ id: 'warder-policy', title: 'Warder policy, version 1' })

export type PolicyDocument = z.infer<typeof policySchema>
export type RuleDocument = NonNullable<PolicyDocument['rules']>[number]

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
