import { join } from 'node:path'
import type { Looked, Weakness } from './report.ts'
import { walk, type Walked, type WalkEnd } from './walk.ts'

export interface FilesOptions {
  /** Where the machine's directories stand; `/`, unless a test has its own. */
  readonly root: string
  /** Directories of the owner's with files that may be secret. */
  readonly roots: readonly string[]
  /** Warder's own: for nobody else. */
  readonly own: readonly string[]
  /** The user Warder runs as; undefined where there are no users. */
  readonly uid: number | undefined
  readonly now: () => number
}

/** Names that promise something secret. */
const SECRET_NAME = /^.*(?:\.(?:key|pem|p12|pfx|env|kdbx)|password.*|secret.*|passwd)$|^\.env(?:\..*)?$/i
/** Not secret, whatever else the name says. */
const PUBLIC_NAME = /(?:\.pub|\.example|\.sample|\.md|\.ts|\.js|\.py|\.go|\.rs|\.html|\.css)$/i
const SKIP = new Set(['node_modules', '.git', '.hg', '.venv', 'target', 'dist', 'build'])
const SYSTEM_OPEN = ['etc', 'var'] as const
/** Where programs lie that are found by name; all of /usr would be a hundred thousand files each time. */
const SYSTEM_SET_ID = ['usr/bin', 'usr/sbin', 'usr/libexec', 'usr/local', 'opt'] as const
const MOST_SET_ID = 20
/** Of one kind so many are listed; the others are counted. */
const MOST_LISTED = 50
const LEFTOVER_AGE_MS = 3_600_000

/** Files others may write to or read that they should not, and programs that give their owner's rights away. */
export async function scanFiles(options: FilesOptions, signal: AbortSignal): Promise<Looked> {
  const notes: string[] = []
  const found: Weakness[] = []
  const look = async (root: string, visit: (entry: Walked) => void, skip?: ReadonlySet<string>) =>
    note(notes, root, await walk(root, visit, { signal, ...(skip === undefined ? {} : { skip }) }))
  for (const name of SYSTEM_OPEN)
    await look(join(options.root, name), (entry) => add(found, openForAll(entry)))
  const setId: string[] = []
  for (const name of SYSTEM_SET_ID)
    await look(join(options.root, name), ({ path, stats }) => {
      if (stats.isFile() && (stats.mode & 0o6000) !== 0) setId.push(path)
    })
  add(found, manySetId(setId, options.root))
  for (const root of options.roots) await look(root, (entry) => add(found, openSecret(entry)), SKIP)
  for (const root of options.own)
    await look(root, (entry) => {
      // nobody else comes past a directory that is closed: what lies in it may be an agent's, with modes of its own
      if (entry.path === root) add(found, openOwn(entry, options.uid))
      add(found, leftover(entry, options))
    })
  return { weaknesses: shortened(found), notes }
}

function add(found: Weakness[], weakness: Weakness | undefined): void {
  if (weakness !== undefined) found.push(weakness)
}

function note(notes: string[], root: string, { seen, isCut, unreadable }: WalkEnd): void {
  if (isCut) notes.push(`${root} holds more than ${seen} files: the rest was not looked at`)
  if (unreadable > 0) notes.push(`${unreadable} directories below ${root} cannot be read by this user`)
}

function openForAll({ path, stats }: Walked): Weakness | undefined {
  if (stats.isSymbolicLink() || stats.isSocket() || stats.isFIFO() || (stats.mode & 0o002) === 0)
    return undefined
  // with the sticky bit everybody may add, and nobody may take away another's
  if (stats.isDirectory() && (stats.mode & 0o1000) !== 0) return undefined
  return {
    ...{ id: 'world-writable', area: 'files', severity: 'high', subject: path },
    what: `every user of this machine may write to ${path}`,
    fix: `chmod o-w ${quoted(path)}`,
  }
}

function manySetId(paths: readonly string[], root: string): Weakness | undefined {
  if (paths.length <= MOST_SET_ID) return undefined
  return {
    ...{ id: 'many-set-id', area: 'files', severity: 'medium', subject: root },
    what: `${paths.length} programs run as their owner or group, more than ${MOST_SET_ID}: ${paths.slice(0, 5).join(', ')}, ...`,
    fix: `look at each, and take the bit from those nobody needs: chmod u-s,g-s FILE`,
  }
}

function openSecret({ path, stats }: Walked): Weakness | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (!stats.isFile() || !SECRET_NAME.test(name) || PUBLIC_NAME.test(name) || (stats.mode & 0o077) === 0)
    return undefined
  const isWritable = (stats.mode & 0o022) !== 0
  return {
    ...{ id: 'secret-open', area: 'files', severity: isWritable ? 'high' : 'medium', subject: path },
    what: `${path} looks like a secret, and others may ${isWritable ? 'change' : 'read'} it (mode ${octal(stats.mode)})`,
    fix: `chmod 600 ${quoted(path)}`,
  }
}

function openOwn({ path, stats }: Walked, uid: number | undefined): Weakness | undefined {
  if (stats.isSymbolicLink() || stats.isSocket() || (stats.mode & 0o077) === 0) return undefined
  const isWritable = (stats.mode & 0o022) !== 0
  const isOurs = uid === undefined || stats.uid === uid
  const to = stats.mode & 0o7700
  return {
    ...{ id: 'own-open', area: 'files', severity: isWritable ? 'critical' : 'medium', subject: path },
    what: `${path} is Warder's own, and others may ${isWritable ? 'change' : 'read'} it (mode ${octal(stats.mode)})`,
    fix: `chmod go= ${quoted(path)}`,
    // another user's file would be another user's to change; a set-id bit of ours would be somebody's trap
    ...(isOurs && (stats.mode & 0o7000) === 0
      ? { mend: { kind: 'mode', path, from: stats.mode & 0o7777, to } as const }
      : {}),
  }
}

/** What a writer of ours that was killed left half written. */
function leftover({ path, stats }: Walked, { uid, now }: FilesOptions): Weakness | undefined {
  const isOld = now() - stats.mtimeMs > LEFTOVER_AGE_MS
  if (!stats.isFile() || !isOld || !/\.json\.new$/.test(path) || (uid !== undefined && stats.uid !== uid))
    return undefined
  return {
    ...{ id: 'leftover', area: 'files', severity: 'low', subject: path },
    what: `${path} was left half written`,
    fix: 'warder scan posture files --fix',
    mend: { kind: 'leftover', path },
  }
}

function shortened(found: readonly Weakness[]): Weakness[] {
  return [...Map.groupBy(found, ({ id }) => id)].flatMap(([id, all]) => {
    const more = all.length - MOST_LISTED
    const [first] = all
    if (more <= 0 || first === undefined) return all
    const rest: Weakness = {
      ...{ id, area: 'files', severity: first.severity, subject: 'more' },
      ...{ what: `and ${more} more of the same kind (${id})`, fix: first.fix },
    }
    return [...all.slice(0, MOST_LISTED), rest]
  })
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/** For a shell, since somebody will paste it there. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
