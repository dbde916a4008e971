import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { Nothing } from './words.ts'

/** The console as the owner's commands turn it on and off, and what its own pages say over HTTPS. */

const Time = z.iso.datetime()
const Code = z.string().min(6).max(12)
const Passphrase = z.string().min(1).max(1024)
const PersonName = z.string().min(1).max(32)
const Role = z.enum(['owner', 'operator', 'viewer'])

export const CONSOLE_COOKIE = '__Host-warder'
/** Carries what `GET /session` answered as `csrf`. */
export const CSRF_HEADER = 'x-warder-csrf'
/** Of a request that a page makes by itself: it does not keep the session from going idle. */
export const BACKGROUND_HEADER = 'x-warder-background'

export const ConsoleShape = z.object({
  on: z.boolean(),
  address: z.string().optional().describe('where it listens'),
  url: z.string().optional(),
  fingerprint: z.string().optional().describe('SHA-256 of its certificate'),
  certificateUntil: Time.optional(),
  clientCertificates: z
    .array(z.object({ name: z.string(), until: Time }))
    .optional()
    .describe('authorities a browser has to show a certificate of; absent: none is asked for'),
  since: Time.optional(),
  pages: z.boolean().describe('whether the pages were built'),
  people: z.array(z.object({ name: z.string(), role: Role, since: Time })).describe('beside the owner'),
  totp: z.boolean(),
  passkeys: z.int().describe('of the owner'),
  problem: z.string().optional().describe('why it is not on though it should be'),
})
export type ConsoleAnswer = z.infer<typeof ConsoleShape>

export const CONSOLE_ENDPOINTS = {
  consoleShow: endpoint({
    method: 'GET',
    path: '/v1/console',
    about: 'whether the console is on, and who may come',
    input: Nothing,
    output: ConsoleShape,
  }),
  consoleOpen: endpoint({
    method: 'POST',
    path: '/v1/console',
    about: 'turn the console on until the daemon ends; nothing happens when it is',
    input: z.strictObject({ port: z.int().min(0).max(65_535).optional() }),
    output: ConsoleShape,
  }),
  consoleClose: endpoint({
    method: 'POST',
    path: '/v1/console/close',
    about: 'turn the console off; its sessions end',
    input: Nothing,
    output: ConsoleShape,
  }),
  consoleLink: endpoint({
    method: 'POST',
    path: '/v1/console/links',
    about: 'a link for one log-in, good for ten minutes; with a person, whoever that is may come from now on',
    input: z.strictObject({ person: PersonName.optional(), role: z.enum(['operator', 'viewer']).optional() }),
    output: z.object({ url: z.string(), person: z.string(), role: Role, until: Time }),
  }),
  consoleDismiss: endpoint({
    method: 'DELETE',
    path: '/v1/console/people/:name',
    about: 'take somebody’s way to the console away: sessions, passkeys and links',
    input: z.strictObject({ name: PersonName }),
    output: z.object({ dismissed: z.string() }),
  }),
  consolePolicy: endpoint({
    method: 'POST',
    path: '/v1/console/policy',
    about: 'write the policy file and put it in force, all or nothing; the one before is kept beside it',
    input: z.strictObject({
      text: z.string().max(1_000_000),
      before: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256 of the policy the change was made from; refused where the file is another'),
    }),
    output: z.object({
      digest: z.string(),
      epoch: z.int(),
      rules: z.int(),
      changed: z.boolean(),
      kept: z.string().optional().describe('where the one before is'),
    }),
  }),
  totpBegin: endpoint({
    method: 'POST',
    path: '/v1/console/totp',
    about: 'begin a second factor beside the passphrase; it counts once a code of it was given',
    input: Nothing,
    output: z.object({ secret: z.string(), address: z.string() }),
  }),
  totpConfirm: endpoint({
    method: 'POST',
    path: '/v1/console/totp/confirm',
    about: 'give a code of it; from now on a log-in by passphrase needs one',
    input: z.strictObject({ code: Code }),
    output: z.object({ totp: z.boolean() }),
  }),
  totpRemove: endpoint({
    method: 'POST',
    path: '/v1/console/totp/remove',
    about: 'do without the second factor again',
    input: z.strictObject({ passphrase: Passphrase }),
    output: z.object({ totp: z.boolean() }),
  }),
} as const satisfies Record<string, Endpoint>

/** Who is at the console: what `GET /session` and each log-in answer. */
export const WhoShape = z.object({
  name: z.string(),
  role: Role,
  way: z.enum(['link', 'passphrase', 'passkey']),
  session: z.string(),
  csrf: z.string(),
  freshUntil: Time.nullable().describe('until when acts that need it are let through; null: not now'),
  idleUntil: Time,
  expires: Time,
  passphrase: z.boolean().describe('one is set'),
  totp: z.boolean(),
  passkeys: z.boolean().describe('this address has a name, so that passkeys can be bound to it'),
})
export type WhoAnswer = z.infer<typeof WhoShape>

const For = z.enum(['login', 'fresh', 'register'])

/** What comes in at `/session…`; strict, like everything. */
export const SESSION_INPUTS = {
  login: z.strictObject({ passphrase: Passphrase, code: Code.optional() }),
  link: z.strictObject({ token: z.string().min(1).max(128) }),
  fresh: z.union([
    z.strictObject({ passphrase: Passphrase, code: Code.optional() }),
    z.strictObject({ token: z.string().min(1).max(128) }),
  ]),
  passkeyOptions: z.strictObject({ for: For }),
  passkeyVerify: z.strictObject({
    for: For,
    response: z.record(z.string(), z.unknown()),
    name: z.string().min(1).max(64).optional(),
  }),
} as const
