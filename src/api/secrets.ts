import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { Nothing, Reason, Risk } from './words.ts'

/** Names, hosts and terms of secrets; a value only where the owner gives one or asks to see one. */

export const SecretName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'the name of a secret has 1 to 63 of a-z, 0-9, dot, dash and underscore',
  )
  .meta({ id: 'SecretName' })

/** A value comes in base64, so that any byte can stand in it; 64 KiB at most. */
const Value = z.base64().min(1).max(87_384)
const Store = z.enum(['file', 'keychain', 'keyring', 'environment', 'command'])
const Place = z.enum(['header', 'query', 'path', 'body'])
const Host = z.string().min(1).max(259)
const Principal = z.string().min(1).max(128)
const Duration = z.string().max(32)
const Time = z.iso.datetime()
const Passphrase = z.string().min(1).max(1024)

export const SecretShape = z
  .object({
    name: z.string(),
    store: Store,
    state: z.enum(['ok', 'due', 'rotating', 'overlap', 'disabled']),
    version: z.int(),
    createdAt: Time,
    updatedAt: Time,
    valueSince: Time.describe('how old the value in use is counts from here'),
    dueAt: Time,
    hosts: z.array(z.string()),
    principals: z.array(z.string()),
    places: z.array(Place),
    uses: z.int().optional().describe('how often one run may use it'),
    plainHttp: z.boolean(),
    signingKeyId: z.string().optional(),
    hook: z.string().optional(),
    automatic: z.boolean(),
    entry: z.string().optional(),
    source: z.string().optional(),
    disabled: z.object({ at: Time, why: z.string() }).optional(),
    hasPrevious: z.boolean(),
  })
  .meta({ id: 'Secret' })
export type SecretAnswer = z.infer<typeof SecretShape>

const Terms = {
  hosts: z.array(Host).max(64).optional(),
  principals: z.array(Principal).max(64).optional(),
  places: z.array(Place).min(1).max(4).optional(),
  uses: z.int().min(0).optional().describe('0: without a number'),
  plainHttp: z.boolean().optional(),
  signingKeyId: z.string().max(128).optional(),
  rotateAfter: Duration.optional(),
  hook: z.string().max(4096).optional().describe('an absolute path; empty: none'),
  automatic: z.boolean().optional(),
  source: z.string().max(500).optional(),
}

export const LeakShape = z.object({
  where: z.string(),
  line: z.int().optional(),
  rule: z.string(),
  risk: Risk,
  shown: z.string(),
})
export type LeakAnswer = z.infer<typeof LeakShape>

const PathFindingShape = z.object({
  path: z.string(),
  why: z.string(),
  fixable: z.boolean(),
  fixed: z.boolean(),
})

const Named = z.object({ secret: SecretShape, entry: z.int().optional().describe('in the ledger') })
const ByName = { name: SecretName }

/** None of these is open to agents: an agent uses a secret through the way out, and never sees it. */
export const SECRET_ENDPOINTS = {
  secretSet: endpoint({
    method: 'POST',
    path: '/v1/secrets/:name',
    about: 'make a secret, or give one a new value',
    input: z.strictObject({
      ...ByName,
      value: Value.optional().describe('absent only for a store that is filled by others'),
      store: Store.optional(),
      entry: z.string().max(256).optional(),
      ...Terms,
    }),
    output: Named,
  }),
  secretBind: endpoint({
    method: 'POST',
    path: '/v1/secrets/:name/bind',
    about: 'change what a secret is for, not its value',
    input: z.strictObject({
      ...ByName,
      ...Terms,
      enabled: z.boolean().optional(),
      reason: Reason.optional(),
    }),
    output: Named,
  }),
  secretRead: endpoint({
    method: 'POST',
    path: '/v1/secrets/:name/read',
    about: 'what is known of a secret; with reveal, its value',
    input: z.strictObject({ ...ByName, reveal: z.boolean().default(false), reason: Reason.optional() }),
    output: Named.extend({
      fingerprint: z.string().describe('the same for the same value, on this installation only'),
      sizeBytes: z.int(),
      value: Value.optional(),
    }),
  }),
  secretList: endpoint({
    method: 'GET',
    path: '/v1/secrets',
    about: 'names and terms of all secrets',
    input: Nothing,
    output: z.object({
      secrets: z.array(SecretShape),
      locked: z.boolean(),
      isProtected: z.boolean(),
      problems: z.array(z.string()),
    }),
  }),
  secretDelete: endpoint({
    method: 'DELETE',
    path: '/v1/secrets/:name',
    about: 'forget a secret and every value of it',
    input: z.strictObject(ByName),
    output: Named,
  }),
  secretRotate: endpoint({
    method: 'POST',
    path: '/v1/secrets/:name/rotate',
    about: 'change the value of a secret, keeping the one before until the new one is known to work',
    input: z.strictObject({
      ...ByName,
      step: z
        .enum(['run', 'verified', 'back', 'abort'])
        .describe(
          'run: by the hook, or to the value given; verified: forget the old one; back: use it again',
        ),
      value: Value.optional(),
    }),
    output: Named.extend({ steps: z.array(z.string()) }),
  }),
  secretImport: endpoint({
    method: 'POST',
    path: '/v1/secret-import',
    about: 'take secrets over from a .env file, a file of Fernet tokens, or variables',
    input: z.strictObject({
      format: z.enum(['env', 'fernet']),
      text: z.base64().max(1_400_000),
      key: z.base64().max(1024).optional().describe('the Fernet key file'),
      all: z.boolean().default(false).describe('also variables whose name says nothing of a secret'),
      dryRun: z.boolean().default(false),
      store: z.enum(['file', 'keychain', 'keyring']).optional(),
    }),
    output: z.object({
      imported: z.array(z.object({ name: z.string(), from: z.string(), new: z.boolean() })),
      skipped: z.array(z.object({ from: z.string(), why: z.string() })),
    }),
  }),
  secretLeaks: endpoint({
    method: 'POST',
    path: '/v1/secret-leaks',
    about: 'look for secrets where none should be; one a line',
    input: z.strictObject({ project: z.string().max(4096).startsWith('/').optional() }),
    output: LeakShape,
    stream: true,
  }),
  secretPaths: endpoint({
    method: 'POST',
    path: '/v1/secret-paths',
    about: 'whether others could get at what is kept',
    input: z.strictObject({ fix: z.boolean().default(false) }),
    output: z.object({ findings: z.array(PathFindingShape) }),
  }),
  secretUnlock: endpoint({
    method: 'POST',
    path: '/v1/secret-store/unlock',
    about: 'give the passphrase of the store',
    input: z.strictObject({ passphrase: Passphrase }),
    output: z.object({ locked: z.boolean() }),
  }),
  secretLock: endpoint({
    method: 'POST',
    path: '/v1/secret-store/lock',
    about: 'forget the key of the store until its passphrase comes again',
    input: Nothing,
    output: z.object({ locked: z.boolean() }),
  }),
  secretProtect: endpoint({
    method: 'POST',
    path: '/v1/secret-store/protect',
    about: 'set or remove the passphrase of the store; no value is sealed anew',
    input: z.strictObject({ passphrase: Passphrase.optional(), old: Passphrase.optional() }),
    output: z.object({ protected: z.boolean() }),
  }),
  secretSeal: endpoint({
    method: 'POST',
    path: '/v1/secret-store/seal',
    about: 'a sealed boot file with these secrets',
    input: z.strictObject({ names: z.array(SecretName).min(1).max(500), key: z.base64().min(12).max(4096) }),
    output: z.object({ file: z.string(), secrets: z.int() }),
  }),
} as const satisfies Record<string, Endpoint>

/** A secret asked for a run: `NAME`, or `NAME=host[,host]` for some of its hosts only. */
export const SecretWanted = z.strictObject({ name: SecretName, hosts: z.array(Host).max(16).default([]) })
export type SecretWanted = z.infer<typeof SecretWanted>

/** Reads `--secret NAME[=HOST[,HOST]]`. @throws Error saying what is wrong, for the parser of the command line */
export function parseSecretOption(text: string): SecretWanted {
  const at = text.indexOf('=')
  const hosts = at === -1 ? [] : text.slice(at + 1).split(',')
  const result = SecretWanted.safeParse({ name: at === -1 ? text : text.slice(0, at), hosts })
  if (result.success && (at === -1 || hosts.every((host) => host !== ''))) return result.data
  throw new Error('it is not NAME or NAME=HOST, such as github-token=api.github.com')
}
