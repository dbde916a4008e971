import { z } from 'zod'
import { PEOPLE_APPROVAL_CALLS } from './people-approvals.ts'
import { MemberShape } from './people.ts'
import { AgentName, CapabilityText, Nothing, Reason, VerdictShape } from './words.ts'

const Time = z.iso.datetime()
const PersonName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a name has 1 to 32 of a-z, 0-9 and dash')
const Found = z.string().min(1).max(64)
const Base64 = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(1024)

/** The headers of a signed request, on the socket for guests and devices. */
export const PROOF_HEADERS = {
  token: 'warder-token',
  nonce: 'warder-nonce',
  time: 'warder-time',
  signature: 'warder-signature',
} as const

const Issued = z.object({
  member: MemberShape,
  token: z.string(),
  expiresAt: Time,
})
export type IssuedAnswer = z.infer<typeof Issued>

/** One call on the socket for guests and devices: everything is POST, and `signed` says whose proof it needs. */
export interface PeopleCall {
  readonly path: `/v1/people/${string}`
  /** By the key of a guest or device, by the secret of the chat bridge, or by nobody. */
  readonly signed: boolean | 'bridge'
  readonly input: z.ZodType
  readonly output: z.ZodType
  /** Answers line by line, for as long as somebody listens. */
  readonly stream?: true
}

/** Every call there is on that socket; nothing of the owner's is reachable there. */
export const PEOPLE_CALLS = {
  hello: {
    path: '/v1/people/hello',
    signed: false,
    input: z.strictObject({ nonce: Base64 }),
    output: z.object({ server: z.string(), signature: z.string(), time: z.int() }),
  },
  redeem: {
    path: '/v1/people/redeem',
    signed: false,
    input: z.strictObject({ invitation: z.string().min(1).max(512), publicKey: Base64, signature: Base64 }),
    output: Issued,
  },
  pairingRequest: {
    path: '/v1/people/pairing',
    signed: false,
    input: z.strictObject({
      name: PersonName,
      type: z.enum(['linux', 'macos', 'ios', 'android', 'cli', 'web']),
      publicKey: Base64,
    }),
    output: z.object({
      id: z.string(),
      code: z.string(),
      nonce: z.string(),
      server: z.string(),
      expiresAt: Time,
    }),
  },
  pairingState: {
    path: '/v1/people/pairing/state',
    signed: false,
    input: z.strictObject({ id: Found }),
    output: z.object({ state: z.string() }),
  },
  pairingProve: {
    path: '/v1/people/pairing/prove',
    signed: false,
    input: z.strictObject({ id: Found, code: z.string().min(8).max(32), signature: Base64 }),
    output: Issued,
  },
  renew: {
    path: '/v1/people/token',
    // by the key alone: there is no token yet, or it is over
    signed: false,
    input: z.strictObject({ member: Found }),
    output: Issued,
  },
  message: {
    path: '/v1/people/message',
    signed: 'bridge',
    input: z.strictObject({
      sender: z.string().min(1).max(128).describe('who wrote it, as the bridge knows them'),
      text: z.string().max(4096).describe('not looked at before the sender was let in'),
    }),
    output: z.object({
      known: z.boolean(),
      reply: z.string().optional().describe('for the sender; absent: nothing is said'),
    }),
  },
  whoami: { path: '/v1/people/whoami', signed: true, input: Nothing, output: MemberShape },
  ask: {
    path: '/v1/people/ask',
    signed: true,
    input: z.strictObject({ capability: CapabilityText, reason: Reason.optional() }),
    output: VerdictShape,
  },
  status: {
    path: '/v1/people/status',
    signed: true,
    input: Nothing,
    output: z.object({
      mode: z.enum(['normal', 'manual']),
      runs: z.array(
        z.object({ agent: z.string(), profile: z.string(), startedAt: Time, processes: z.int() }),
      ),
      degraded: z.array(z.string()),
    }),
  },
  stop: {
    path: '/v1/people/stop',
    signed: true,
    input: z.strictObject({ agent: AgentName.optional(), reason: Reason }),
    output: z.object({ mode: z.enum(['normal', 'manual']), halted: z.int() }),
  },
  exec: {
    path: '/v1/people/exec',
    signed: true,
    input: z.strictObject({
      argv: z.array(z.string().max(131_072)).min(1).max(256),
      stdin: z.string().max(262_144).optional(),
      reason: Reason.optional(),
    }),
    output: z.object({
      run: z.string(),
      reason: z.string(),
      code: z.int().optional(),
      signal: z.string().optional(),
      stdout: z.string().describe('base64'),
      stderr: z.string().describe('base64'),
      note: z.string().optional(),
    }),
  },
  ...PEOPLE_APPROVAL_CALLS,
} as const satisfies Record<string, PeopleCall>

export type PeopleCallName = keyof typeof PEOPLE_CALLS
export type PeopleInput<N extends PeopleCallName> = z.output<(typeof PEOPLE_CALLS)[N]['input']>
export type PeopleOutput<N extends PeopleCallName> = z.output<(typeof PEOPLE_CALLS)[N]['output']>
