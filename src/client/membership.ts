import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../platform/files.ts'
import { clientError } from './error.ts'

/** What this user holds to be a guest or a paired device of another Warder: the key, and the token of the day. */
const shape = z.strictObject({
  socket: z.string(),
  /** The far host's own key: what answers there must hold it. */
  server: z.string(),
  name: z.string(),
  /** Ed25519, PKCS #8, base64. */
  key: z.string(),
  member: z.string().optional(),
  token: z.string().optional(),
  tokenExpiresAt: z.string().optional(),
  /** A pairing that is not through yet. */
  pairing: z
    .strictObject({ id: z.string(), code: z.string(), nonce: z.string(), expiresAt: z.string() })
    .optional(),
})
export type Membership = z.infer<typeof shape>

function directoryOf(keysDirectory: string): string {
  return join(keysDirectory, 'memberships')
}

export function writeMembership(keysDirectory: string, membership: Membership): void {
  ensurePrivateDirectory(keysDirectory)
  const directory = directoryOf(keysDirectory)
  ensurePrivateDirectory(directory)
  writeFileAtomic(
    join(directory, `${membership.name}.json`),
    `${JSON.stringify(shape.parse(membership), null, 2)}\n`,
  )
}

export function forgetMembership(keysDirectory: string, name: string): void {
  rmSync(join(directoryOf(keysDirectory), `${name}.json`), { force: true })
}

export function listMemberships(keysDirectory: string): Membership[] {
  return namesIn(keysDirectory).map((name) => readMembership(keysDirectory, name))
}

/** @param name absent: the only one there is @throws ClientError `MEMBERSHIP_MISSING` */
export function findMembership(keysDirectory: string, name: string | undefined): Membership {
  const names = namesIn(keysDirectory)
  const wanted = name ?? (names.length === 1 ? names[0] : undefined)
  if (wanted !== undefined && names.includes(wanted)) return readMembership(keysDirectory, wanted)
  throw clientError('MEMBERSHIP_MISSING', {
    what:
      name === undefined
        ? names.length === 0
          ? 'you are no guest and no device of anybody here'
          : `you have several: ${names.join(', ')}`
        : `you have none called ${name}`,
    fix: names.length > 1 ? 'name one with --as' : 'warder guest join, or warder pair',
  })
}

function readMembership(keysDirectory: string, name: string): Membership {
  const path = join(directoryOf(keysDirectory), `${name}.json`)
  const text = readPrivateFile(path)?.toString('utf8') ?? ''
  const parsed = shape.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw clientError('MEMBERSHIP_MISSING', {
    what: 'the file of this membership does not hold one',
    fix: 'remove it, and join or pair again',
    where: path,
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function namesIn(keysDirectory: string): string[] {
  try {
    return readdirSync(directoryOf(keysDirectory))
      .filter((file) => /^[a-z0-9][a-z0-9-]{0,31}\.json$/.test(file))
      .map((file) => file.slice(0, -'.json'.length))
  } catch {
    return []
  }
}
