import { z } from 'zod'
import { DOMAINS } from '../core/action.ts'
import { LAYERS } from '../core/decision.ts'
import { isAgentName } from '../core/principal.ts'
import { RISK_LEVELS } from '../core/risk.ts'

/** The words of the wire that several endpoints share. What comes in is strict: an unknown field is refused. */

/** For a call that says nothing more than that it is made. */
export const Nothing = z.strictObject({})

export const AgentName = z
  .string()
  .refine(
    isAgentName,
    'an agent name has 1 to 63 of a-z, 0-9, dot, dash, underscore, and is neither a role nor warder nor unknown',
  )
  .meta({ id: 'AgentName' })
export const CapabilityText = z.string().min(3).max(1024).meta({ id: 'Capability' })
export const Reason = z.string().min(1).max(500)
export const Id = z.string().min(4, 'an id is given whole, or at least its first four signs').max(64)
export const Risk = z.enum(RISK_LEVELS)

export const EvidenceShape = z.object({
  domain: z.enum(DOMAINS),
  policyDigest: z.string(),
  inputHash: z.string(),
  epoch: z.int(),
  microseconds: z.number(),
})

export const DecisionShape = z
  .object({
    effect: z.enum(['allow', 'ask', 'deny']),
    layer: z.enum(LAYERS),
    rule: z.string(),
    reason: z.string(),
    fix: z.string().optional(),
    capabilities: z.array(z.string()),
    evidence: EvidenceShape,
  })
  .meta({ id: 'Decision' })

export const VerdictShape = z
  .object({
    id: z.string(),
    request: z.string(),
    principal: z.string(),
    action: z.string(),
    risk: Risk,
    decision: DecisionShape,
    entry: z.int().optional().describe('sequence number in the ledger'),
  })
  .meta({ id: 'Verdict' })
export type VerdictAnswer = z.infer<typeof VerdictShape>

/** RFC 9457 problem details with a stable `code`, the `fix`, and the verdict when a decision said no; see `problem.ts`. */
export const ProblemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    kind: z.enum(['invalid', 'forbidden', 'missing', 'conflict', 'stopped', 'unavailable']).optional(),
    fix: z.string().optional(),
    where: z.string().optional(),
    problems: z.array(z.unknown()).optional(),
    verdict: VerdictShape.optional(),
  })
  .meta({ id: 'Problem' })

/** A file of the caller's, or of the server's, that a client only prints. */
export const Printed = z.record(z.string(), z.unknown())
