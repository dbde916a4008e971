import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Reason } from './words.ts'

/** What the owner may do with the firewall and the kernel settings of the machine. */
export const FIREWALL_ACTS = [
  'apply',
  'confirm',
  'rollback',
  'restore',
  'remove',
  'allow',
  'revoke',
  'block',
  'unblock',
  'sysctl-apply',
  'sysctl-rollback',
] as const
export const FirewallAct = z.enum(FIREWALL_ACTS)
export type FirewallActName = z.infer<typeof FirewallAct>

const Subject = {
  act: FirewallAct,
  about: z.string().max(200).describe('what exactly, such as tcp 80 from 10.0.0.0/8 for 1h'),
}

/** None of these is open to agents. The deed itself is done by the caller, who has the rights the daemon has not. */
export const FIREWALL_ENDPOINTS = {
  firewallAsk: endpoint({
    method: 'POST',
    path: '/v1/firewall/acts',
    about: 'may the firewall be changed so: decided and recorded before it is done',
    input: z.strictObject({
      ...Subject,
      digest: z.string().length(64).describe('of exactly what will be done'),
      reason: Reason.optional(),
    }),
    output: z.object({ entry: z.int().optional() }),
  }),
  firewallTell: endpoint({
    method: 'POST',
    path: '/v1/firewall/outcomes',
    about: 'what became of a change of the firewall, for the record',
    input: z.strictObject({
      ...Subject,
      result: z.enum(['success', 'failure']),
      note: z.string().max(500).default(''),
    }),
    output: z.object({}),
  }),
} as const
