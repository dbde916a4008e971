import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { AgentName, CapabilityText, Id, Reason } from './words.ts'

export const GrantShape = z
  .object({
    id: z.string(),
    principal: z.string(),
    capability: z.string(),
    grantor: z.string(),
    reason: z.string(),
    task: z.string().optional(),
    notBefore: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().optional(),
    revokedBy: z.string().optional(),
    state: z.enum(['pending', 'live', 'expired', 'revoked', 'distrusted']),
    warnings: z.array(z.string()).describe('what the grantor should know'),
  })
  .meta({ id: 'Grant' })
export type GrantAnswer = z.infer<typeof GrantShape>

/** Capabilities for a time. */
export const GRANT_ENDPOINTS = {
  grantAdd: endpoint({
    method: 'POST',
    path: '/v1/grants',
    about: 'grant a capability for a time',
    input: z.strictObject({
      principal: AgentName,
      capability: CapabilityText,
      reason: Reason,
      duration: z.string().max(32).optional(),
      startsIn: z.string().max(32).optional(),
      task: z.string().max(100).optional(),
    }),
    output: GrantShape,
    agents: true,
  }),
  grantList: endpoint({
    method: 'GET',
    path: '/v1/grants',
    about: 'grants',
    input: z.strictObject({ principal: AgentName.optional(), all: z.stringbool().optional() }),
    output: z.object({ grants: z.array(GrantShape) }),
  }),
  grantRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/grants/:id',
    about: 'revoke a grant; takes effect at once',
    input: z.strictObject({ id: Id, reason: Reason.optional() }),
    output: GrantShape,
    agents: true,
  }),
} as const satisfies Record<string, Endpoint>
