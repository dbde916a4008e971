import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { Printed, Risk } from './words.ts'

const Limit = z.coerce.number().int().min(1).max(10_000)

export const EntryShape = z.record(z.string(), z.unknown()).and(
  z.object({
    seq: z.int(),
    id: z.string(),
    timestamp: z.string(),
    event_type: z.string(),
    agent: z.string(),
    action: z.string(),
    target: z.string(),
    decision: z.string(),
    result: z.string(),
    risk_level: z.string(),
    layer: z.string(),
    rule: z.string(),
    reason: z.string(),
  }),
)
export type EntryAnswer = z.infer<typeof EntryShape>

export const AuditFilter = z.strictObject({
  agent: z.string().optional(),
  action: z.string().optional().describe('a prefix, such as fs: or process:spawn'),
  decision: z.enum(['allow', 'ask', 'deny']).optional(),
  result: z.string().optional(),
  risk: Risk.optional(),
  type: z.string().optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  unsettled: z.stringbool().optional(),
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('only entries with a lower number: with the lowest one of a page, the page before it'),
  limit: Limit.optional(),
})

/** The record. */
export const AUDIT_ENDPOINTS = {
  auditList: endpoint({
    method: 'GET',
    path: '/v1/audit',
    about: 'entries of the ledger',
    input: AuditFilter,
    output: z.object({ entries: z.array(EntryShape) }),
  }),
  auditShow: endpoint({
    method: 'GET',
    path: '/v1/audit/entries/:id',
    about: 'one entry, by number, id or unique prefix',
    input: z.strictObject({ id: z.string().min(1).max(64) }),
    output: EntryShape,
  }),
  auditFollow: endpoint({
    method: 'GET',
    path: '/v1/audit/follow',
    about: 'entries as they are written',
    input: AuditFilter,
    output: EntryShape,
    stream: true,
  }),
  auditExport: endpoint({
    method: 'GET',
    path: '/v1/audit/export',
    about: 'entries for other tools',
    input: AuditFilter.extend({ format: z.enum(['jsonl', 'csv', 'ocsf']) }),
    output: z.object({ text: z.string() }),
    stream: true,
  }),
  auditArchive: endpoint({
    method: 'POST',
    path: '/v1/audit/archive',
    about: 'compress, encrypt and set aside a month',
    input: z.strictObject({ month: z.string().regex(/^\d{4}-\d{2}$/), remove: z.boolean().default(false) }),
    output: Printed,
  }),
} as const satisfies Record<string, Endpoint>
