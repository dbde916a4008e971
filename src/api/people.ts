import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { AgentName, CapabilityText, Nothing, Reason } from './words.ts'

/** A passphrase comes in a body, is compared and forgotten; it is never in an answer, a record or a log. */
const Passphrase = z.string().min(1).max(1024)
const Time = z.iso.datetime()
const Scope = z.array(CapabilityText).min(1).max(32)
const Accept = z
  .array(z.enum(['wide-scope']))
  .max(4)
  .default([])
const Duration = z.string().max(32)
const PersonName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a name has 1 to 32 of a-z, 0-9 and dash')
const Workspace = z.string().min(1).max(4096)
const Found = z.string().min(1).max(64)

export const SessionShape = z.object({
  id: z.string(),
  startedAt: Time,
  seenAt: Time,
  endsAt: Time,
  fresh: z.boolean().describe('the passphrase was given a short time ago'),
  current: z.boolean().describe('the one that asks'),
  console: z
    .object({ person: z.string(), role: z.string(), way: z.string(), from: z.string() })
    .optional()
    .describe('of one at the console: whose it is, how they logged in, and from where'),
})

export const MemberShape = z.object({
  id: z.string(),
  what: z.enum(['guest', 'device']),
  name: z.string(),
  type: z.string(),
  principal: z.string().describe('as policy and record call it'),
  state: z.enum(['invited', 'active', 'expired', 'revoked', 'lapsed']),
  scope: z.array(z.string()),
  workspace: z.string().optional(),
  fingerprint: z.string().optional().describe('of its key'),
  madeAt: Time,
  redeemBy: Time.optional(),
  activeAt: Time.optional(),
  expiresAt: Time,
  revokedAt: Time.optional(),
  revokedBy: z.string().optional(),
  tokenExpiresAt: Time.optional(),
})
export type MemberAnswer = z.infer<typeof MemberShape>

export const ActivityShape = z.object({
  requests: z.int(),
  lastAt: Time.optional(),
  entries: z.array(
    z.object({
      seq: z.int(),
      timestamp: z.string(),
      kind: z.enum(['tool call', 'request', 'session event', 'permission check', 'error']),
      action: z.string(),
      target: z.string(),
      decision: z.string(),
      result: z.string(),
    }),
  ),
})

export const PairingShape = z.object({
  id: z.string(),
  what: z.enum(['device', 'sender']),
  state: z.enum(['requested', 'approved', 'active', 'rejected', 'expired', 'cancelled']),
  name: z.string(),
  type: z.string(),
  fingerprint: z.string().optional(),
  uid: z.int().optional().describe('of the user who asked, as the kernel gave it'),
  requestedAt: Time,
  expiresAt: Time,
})
export type PairingAnswer = z.infer<typeof PairingShape>

export const SlipShape = z.object({
  id: z.string(),
  agent: z.string(),
  task: z.string(),
  state: z.enum(['issued', 'spent', 'expired', 'revoked']),
  issuedAt: Time,
  expiresAt: Time,
})

const Terms = {
  scope: Scope,
  workspace: Workspace.optional(),
  expiresIn: Duration.optional(),
  accept: Accept,
}

/** What the owner does with passphrase, sessions, guests, devices and capability tokens. */
export const PEOPLE_ENDPOINTS = {
  passphraseSet: endpoint({
    method: 'POST',
    path: '/v1/owner/passphrase',
    about: 'set or replace the owner’s passphrase; every session ends',
    input: z.strictObject({ passphrase: Passphrase, old: Passphrase.optional() }),
    output: z.object({ set: z.boolean() }),
  }),
  passphraseCheck: endpoint({
    method: 'POST',
    path: '/v1/owner/passphrase/check',
    about: 'whether it is the passphrase',
    input: z.strictObject({ passphrase: Passphrase }),
    output: z.object({ set: z.boolean() }),
  }),
  passphraseRemove: endpoint({
    method: 'POST',
    path: '/v1/owner/passphrase/remove',
    about: 'do without a passphrase again',
    input: z.strictObject({ passphrase: Passphrase }),
    output: z.object({ set: z.boolean() }),
  }),
  ownerReset: endpoint({
    method: 'POST',
    path: '/v1/owner/reset',
    about: 'begin a new book of people, where the old one cannot be trusted',
    input: z.strictObject({ reason: Reason }),
    output: z.object({ set: z.boolean(), kept: z.string().optional().describe('where the old file is') }),
  }),
  login: endpoint({
    method: 'POST',
    path: '/v1/sessions',
    about: 'begin a session',
    input: z.strictObject({ passphrase: Passphrase }),
    output: z.object({ session: SessionShape, token: z.string() }),
  }),
  sessionList: endpoint({
    method: 'GET',
    path: '/v1/sessions',
    about: 'the owner’s sessions',
    input: Nothing,
    output: z.object({ sessions: z.array(SessionShape), passphrase: z.boolean() }),
  }),
  sessionEnd: endpoint({
    method: 'DELETE',
    path: '/v1/sessions/:id',
    about: 'end a session; `current` is the one that asks',
    input: z.strictObject({ id: Found }),
    output: z.object({ ended: z.string() }),
  }),
  guestInvite: endpoint({
    method: 'POST',
    path: '/v1/guests',
    about: 'invite a guest',
    input: z.strictObject({ name: PersonName, ...Terms, reason: Reason.optional() }),
    output: z.object({
      guest: MemberShape,
      invitation: z.string().describe('shown once; whoever has it first is the guest'),
      socket: z.string().optional().describe('where it is redeemed; absent: no socket for people is open'),
    }),
  }),
  guestList: endpoint({
    method: 'GET',
    path: '/v1/guests',
    about: 'guests',
    input: z.strictObject({ all: z.stringbool().optional() }),
    output: z.object({ guests: z.array(MemberShape) }),
  }),
  guestShow: endpoint({
    method: 'GET',
    path: '/v1/guests/:id',
    about: 'a guest, and what it did',
    input: z.strictObject({ id: Found }),
    output: z.object({ guest: MemberShape, activity: ActivityShape }),
  }),
  guestRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/guests/:id',
    about: 'take a guest’s rights away; what it runs ends',
    input: z.strictObject({ id: Found }),
    output: z.object({ guest: MemberShape, endedRuns: z.int() }),
  }),
  pairingList: endpoint({
    method: 'GET',
    path: '/v1/pairings',
    about: 'who waits to be paired',
    input: Nothing,
    output: z.object({ pairings: z.array(PairingShape), socket: z.string().optional() }),
  }),
  pairingLook: endpoint({
    method: 'POST',
    path: '/v1/pairings/look',
    about: 'who waits under a code',
    input: z.strictObject({ code: z.string().min(8).max(32) }),
    output: PairingShape,
  }),
  pairingApprove: endpoint({
    method: 'POST',
    path: '/v1/pairings/approve',
    about: 'let a device prove itself, or a chat sender in',
    input: z.strictObject({
      code: z.string().min(8).max(32),
      ...Terms,
      fingerprint: z.string().max(64).optional().describe('refused when the key is another one'),
    }),
    output: PairingShape,
  }),
  pairingReject: endpoint({
    method: 'POST',
    path: '/v1/pairings/reject',
    about: 'refuse a pairing, by code or id',
    input: z.strictObject({ code: z.string().min(8).max(64) }),
    output: PairingShape,
  }),
  deviceList: endpoint({
    method: 'GET',
    path: '/v1/devices',
    about: 'paired devices and known chat senders',
    input: z.strictObject({ all: z.stringbool().optional() }),
    output: z.object({
      devices: z.array(MemberShape),
      senders: z.array(
        z.object({ channel: z.string(), sender: z.string(), scope: z.array(z.string()), expiresAt: Time }),
      ),
    }),
  }),
  deviceRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/devices/:id',
    about: 'take a device’s rights away',
    input: z.strictObject({ id: Found }),
    output: z.object({ device: MemberShape, endedRuns: z.int() }),
  }),
  deviceRotate: endpoint({
    method: 'POST',
    path: '/v1/devices/rotate',
    about: 'end the token of one device, or all tokens and the key they are sealed with',
    input: z.strictObject({ id: Found.optional() }),
    output: z.object({ rotated: z.string() }),
  }),
  senderRevoke: endpoint({
    method: 'POST',
    path: '/v1/senders/revoke',
    about: 'forget a chat sender',
    input: z.strictObject({ channel: z.string().min(1).max(128), sender: z.string().min(1).max(128) }),
    output: z.object({ revoked: z.boolean() }),
  }),
  tokenIssue: endpoint({
    method: 'POST',
    path: '/v1/tokens',
    about: 'make a capability token for one task of one agent',
    input: z.strictObject({
      agent: AgentName,
      task: z.string().min(1).max(100),
      intent: z.string().min(1).max(2000),
      capabilities: Scope,
      expiresIn: Duration.optional(),
    }),
    output: z.object({ token: z.string(), slip: SlipShape }),
  }),
  tokenList: endpoint({
    method: 'GET',
    path: '/v1/tokens',
    about: 'capability tokens that are out, without their text',
    input: Nothing,
    output: z.object({ tokens: z.array(SlipShape) }),
  }),
  tokenRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/tokens/:id',
    about: 'take a capability token back',
    input: z.strictObject({ id: Found }),
    output: SlipShape,
  }),
  tokenCheck: endpoint({
    method: 'POST',
    path: '/v1/tokens/check',
    about: 'whether a capability token is good for who asks; spends nothing',
    input: z.strictObject({ token: z.string().min(1).max(16_384), agent: AgentName.optional() }),
    output: z.object({
      agent: z.string(),
      task: z.string(),
      capabilities: z.array(z.string()),
      expiresAt: Time,
    }),
    agents: true,
  }),
  tokenSpend: endpoint({
    method: 'POST',
    path: '/v1/tokens/spend',
    about: 'turn a capability token into grants for its task, once',
    input: z.strictObject({ token: z.string().min(1).max(16_384) }),
    output: z.object({ agent: z.string(), task: z.string(), grants: z.array(z.string()), expiresAt: Time }),
    agents: true,
  }),
} as const satisfies Record<string, Endpoint>
