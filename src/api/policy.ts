import { z } from 'zod'
import { SENSITIVITY_LEVELS } from '../core/risk.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import {
  AgentName,
  CapabilityText,
  DecisionShape,
  Nothing,
  Printed,
  Reason,
  Risk,
  VerdictShape,
} from './words.ts'

export const Sensitivity = z.enum(SENSITIVITY_LEVELS)

/** Something in a policy that does not do what it seems to. */
export const FindingShape = z.object({
  kind: z.enum(['unreachable', 'shadowed', 'not_enforceable', 'suspicious']),
  rule: z.string(),
  capability: z.string().optional(),
  where: z.string(),
  reason: z.string(),
  fix: z.string(),
})

/** One thing that speaks of an action, in the order it is weighed. */
export const VoiceShape = z.object({
  source: z.string(),
  effect: z.string(),
  rule: z.string(),
  capability: z.string(),
  reason: z.string(),
  where: z.string().optional(),
  applies: z.boolean(),
  because: z.string().optional(),
})

/** One expectation and what became of it. */
export const CaseShape = z.object({
  where: z.string(),
  who: z.string(),
  action: z.string(),
  expect: z.string(),
  expectRule: z.string(),
  got: z.string(),
  rule: z.string(),
  reason: z.string(),
  ok: z.boolean(),
})

const Ask = z.strictObject({
  as: AgentName.optional(),
  capability: CapabilityText.describe('namespace:action:resource, the resource exact'),
  reason: Reason.optional(),
  task: z.string().max(100).optional(),
  risk: Risk.optional(),
  sensitivity: Sensitivity.optional(),
  format: z.string().max(32).optional(),
})

/** Questions to the policy, and the policy itself. */
export const POLICY_ENDPOINTS = {
  decide: endpoint({
    method: 'POST',
    path: '/v1/decisions',
    about: 'may they: decided and recorded, opens nothing',
    input: Ask,
    output: VerdictShape,
    agents: true,
  }),
  policyShow: endpoint({
    method: 'GET',
    path: '/v1/policy',
    about: 'the policy in force',
    input: Nothing,
    output: z.object({
      file: z.string(),
      digest: z.string(),
      epoch: z.int(),
      text: z.string(),
      policy: Printed,
    }),
  }),
  policyCheck: endpoint({
    method: 'POST',
    path: '/v1/policy/check',
    about: 'what is wrong, dead or not enforceable in a policy',
    input: z.strictObject({
      text: z.string().max(1_048_576).optional(),
      file: z.string().max(4096).optional(),
    }),
    output: z.object({
      file: z.string(),
      digest: z.string(),
      rules: z.int(),
      findings: z.array(FindingShape),
    }),
  }),
  policyExplain: endpoint({
    method: 'POST',
    path: '/v1/policy/explain',
    about: 'may they, why, and the smallest change that would',
    input: Ask,
    output: z.object({
      decision: DecisionShape,
      matched: z.array(VoiceShape),
      change: z
        .object({ note: z.string(), command: z.string().optional(), patch: z.string().optional() })
        .optional()
        .describe('the smallest change that would allow it'),
    }),
  }),
  policyTest: endpoint({
    method: 'POST',
    path: '/v1/policy/test',
    about: 'a table of expectations against the policy in force',
    input: z.strictObject({
      text: z.string().max(1_048_576),
      file: z.string().max(4096).optional(),
      policy: z.string().max(1_048_576).optional(),
    }),
    output: z.object({ passed: z.int(), failed: z.int(), cases: z.array(CaseShape) }),
  }),
  policyReload: endpoint({
    method: 'POST',
    path: '/v1/policy/reload',
    about: 'read the policy file again, all or nothing',
    input: Nothing,
    output: z.object({ digest: z.string(), epoch: z.int(), rules: z.int(), changed: z.boolean() }),
    agents: true,
  }),
} as const satisfies Record<string, Endpoint>
