import type { Stats } from 'node:fs'
import { join } from 'node:path'
import type { Looked, Weakness } from './report.ts'
import { walk } from './walk.ts'

export interface KeysOptions {
  /** Directories of keys: Warder's own, and the user's, such as `~/.ssh`. */
  readonly own: string
  readonly others: readonly string[]
  readonly uid: number | undefined
  readonly now: () => number
}

const OLD_MS = 2 * 365 * 86_400_000
const PUBLIC = /(?:\.pub|known_hosts(?:\.old)?|authorized_keys2?|config|environment|rc)$/

/** Keys that others can read or change, that belong to somebody else, or that were never exchanged. */
export async function scanKeys(options: KeysOptions, signal: AbortSignal): Promise<Looked> {
  const found: Weakness[] = []
  const notes: string[] = []
  for (const root of [options.own, ...options.others]) {
    const isOwn = root === options.own
    const end = await walk(root, ({ path, stats }) => found.push(...ofKey(path, stats, isOwn, options)), {
      signal,
    })
    if (end.unreadable > 0)
      notes.push(`${end.unreadable} directories below ${root} cannot be read by this user`)
    if (isOwn && end.seen <= 1) notes.push(`there are no keys in ${root} yet`)
  }
  return { weaknesses: found, notes }
}

function ofKey(path: string, stats: Stats, isOwn: boolean, { uid, now }: KeysOptions): Weakness[] {
  if (stats.isSymbolicLink()) return isOwn ? [linkWeakness(path)] : []
  const isSecret = isOwn || (stats.isFile() && !PUBLIC.test(path)) || stats.isDirectory()
  const about = (id: string, severity: Weakness['severity'], what: string, fix: string): Weakness => ({
    ...{ id, area: 'keys', severity, what, fix, subject: path },
  })
  const found: Weakness[] = []
  const open = isSecret ? stats.mode & (stats.isDirectory() && !isOwn ? 0o022 : 0o077) : stats.mode & 0o022
  if (open !== 0) found.push(openKey(about, path, stats, isOwn && stats.uid === uid))
  if (uid !== undefined && stats.uid !== uid && stats.uid !== 0)
    found.push(about('key-owner', 'high', `${path} belongs to user ${stats.uid}`, `chown ${uid} ${path}`))
  if (isOwn && stats.isFile() && now() - stats.mtimeMs > OLD_MS)
    found.push(
      about('key-old', 'low', `${path} was not exchanged for two years`, 'make a new one: docs/secrets.md'),
    )
  return found
}

function openKey(
  about: (id: string, severity: Weakness['severity'], what: string, fix: string) => Weakness,
  path: string,
  { mode }: Stats,
  isMendable: boolean,
): Weakness {
  const isWritable = (mode & 0o022) !== 0
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  const weakness = about(
    'key-open',
    isWritable ? 'critical' : 'high',
    `others may ${isWritable ? 'change' : 'read'} ${path} (mode ${octal})`,
    `chmod go= ${path}`,
  )
  if (!isMendable || (mode & 0o7000) !== 0) return weakness
  return { ...weakness, mend: { kind: 'mode', path, from: mode & 0o7777, to: mode & 0o7700 } }
}

function linkWeakness(path: string): Weakness {
  return {
    ...{ id: 'key-link', area: 'keys', severity: 'high', subject: path },
    what: `${path} is a link: whoever can change what it leads to chooses the key`,
    fix: 'put the file itself there',
  }
}

/** Where a user's keys lie. */
export function keyPlaces(home: string): string[] {
  return ['.ssh', '.gnupg', '.config/age'].map((name) => join(home, name))
}
