import type { Db, Statement } from '../../platform/db.ts'
import { transaction } from '../../platform/db.ts'
import type { FileMarks, FileSeen } from './marks.ts'

/** A label an agent has, and what gave it. */
export interface Taint {
  readonly agent: string
  readonly label: string
  /** What it was shown, such as `web-search/fetch` or the path of a marked file. */
  readonly origin: string
  readonly since: number
}

export interface TaintedFile {
  readonly path: string
  /** Everything below it as well. */
  readonly isTree: boolean
  readonly labels: readonly string[]
  readonly agent: string
  readonly since: number
}

/** What nobody can say of an agent whose book cannot be read: that it has seen nothing of strangers. */
export const UNKNOWN_PAST = ['external-data', 'unknown-past'] as const

/** Files kept one by one for each agent; beyond that the folders they lie in are kept as a whole. */
const MOST_FILES = 20_000

interface FileRow {
  readonly path: string
  readonly tree: number
  readonly labels: string
  readonly agent: string
  readonly since: number
}

export interface TaintBookOptions {
  readonly db: Db
  readonly marks: FileMarks
  readonly now: () => number
  readonly mostFiles?: number
}

/**
 * What each agent was shown that nobody vouches for, and what it wrote since. It outlives sessions and restarts: a
 * later session has the labels again, and so has another agent that reads what this one wrote. Labels are only ever
 * added; that they go is the act of an owner.
 */
export class TaintBook {
  readonly #options: TaintBookOptions
  readonly #mostFiles: number
  readonly #labels = new Map<string, Map<string, Taint>>()
  readonly #sql: Readonly<Record<'label' | 'file' | 'count' | 'at', Statement>>

  constructor(options: TaintBookOptions) {
    const { db, mostFiles = MOST_FILES } = options
    this.#options = options
    this.#mostFiles = mostFiles
    db.exec(SCHEMA)
    this.#sql = {
      label: db.prepare('INSERT OR IGNORE INTO labels (agent, label, origin, since) VALUES (?, ?, ?, ?)'),
      file: db.prepare(
        `INSERT INTO files (path, tree, inode, digest, labels, agent, since) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (path, agent) DO UPDATE SET
           tree = max(tree, excluded.tree), inode = excluded.inode, digest = excluded.digest, labels = excluded.labels`,
      ),
      count: db.prepare('SELECT count(*) AS files FROM files WHERE agent = ? AND tree = 0'),
      at: db.prepare(
        `SELECT path, tree, labels, agent, since FROM files
         WHERE path = ?1 OR (tree = 1 AND path IN (SELECT value FROM json_each(?2)))
           OR (?3 <> '' AND inode = ?3) OR (?4 <> '' AND digest = ?4) OR substr(path, 1, length(?5)) = ?5`,
      ),
    }
    const rows = db.prepare('SELECT agent, label, origin, since FROM labels').all() as unknown as Taint[]
    for (const taint of rows) this.#of(taint.agent).set(taint.label, taint)
  }

  /** @returns in the order they came */
  labels(agent: string): readonly string[] {
    return [...(this.#labels.get(agent)?.keys() ?? [])]
  }

  /** @returns those that are new to this agent */
  add(agent: string, labels: readonly string[], origin: string): readonly string[] {
    const mine = this.#of(agent)
    const fresh = [...new Set(labels)].filter((label) => !mine.has(label))
    const since = this.#options.now()
    // on the disk first: what is not kept there was not added
    for (const label of fresh) this.#sql.label.run(agent, label, origin, since)
    for (const label of fresh) mine.set(label, { agent, label, origin, since })
    return fresh
  }

  /**
   * The agent has written there; `isTree`: anything below it may have changed.
   *
   * @returns what the file is marked with, none when the agent is not tainted
   */
  wrote(agent: string, path: string, isTree = false): readonly string[] {
    const labels = this.labels(agent)
    if (labels.length === 0) return labels
    const { files } = this.#sql.count.get(agent) as { files: number }
    const isMany = files >= this.#mostFiles && !isTree
    const [kept, whole] = isMany ? [parentOf(path), true] : [path, isTree]
    const seen: FileSeen = whole ? {} : this.#options.marks.mark(path, labels)
    const { inode = '', digest = '' } = seen
    this.#sql.file.run(kept, whole ? 1 : 0, inode, digest, labels.join(','), agent, this.#options.now())
    return labels
  }

  /**
   * The agent reads there: what the file carries is from now on the agent's as well, whatever name, place or copy of it
   * it comes under.
   */
  read(agent: string, path: string): readonly string[] {
    const { inode = '', digest = '', labels = [] } = this.#options.marks.look(path)
    const above = JSON.stringify(ancestorsOf(path))
    const below = path === '/' ? path : `${path}/` // who searches a folder reads what lies in it
    const rows = this.#sql.at.all(path, above, inode, digest, below) as unknown as FileRow[]
    const found = [...new Set([...labels, ...rows.flatMap((row) => row.labels.split(','))])]
    if (found.length > 0) this.add(agent, found, path)
    return found
  }

  shown(agent?: string): { readonly taints: readonly Taint[]; readonly files: readonly TaintedFile[] } {
    const taints = [...this.#labels.values()].flatMap((each) => [...each.values()])
    const rows = this.#options.db
      .prepare('SELECT path, tree, labels, agent, since FROM files ORDER BY since DESC, path LIMIT 1000')
      .all() as unknown as FileRow[]
    const isWanted = (each: { readonly agent: string }) => agent === undefined || each.agent === agent
    return {
      taints: taints.filter(isWanted),
      files: rows
        .filter(isWanted)
        .map(({ tree, labels, ...row }) => ({ ...row, isTree: tree === 1, labels: labels.split(',') })),
    }
  }

  /**
   * The owner's word that what this agent has seen and written is harmless. `alsoFiles`: the marks of what it wrote go
   * too; otherwise whoever reads that is tainted again.
   *
   * @returns how much was taken away
   */
  clear(agent: string, alsoFiles: boolean): { readonly labels: readonly string[]; readonly files: number } {
    const { db, marks } = this.#options
    const labels = this.labels(agent)
    const paths = alsoFiles
      ? (db.prepare('SELECT path FROM files WHERE agent = ?').all(agent) as unknown as { path: string }[])
      : []
    transaction(db, () => {
      db.prepare('DELETE FROM labels WHERE agent = ?').run(agent)
      if (alsoFiles) db.prepare('DELETE FROM files WHERE agent = ?').run(agent)
    })
    this.#labels.delete(agent)
    for (const { path } of paths) marks.unmark(path)
    return { labels, files: paths.length }
  }

  close(): void {
    this.#options.db.close()
  }

  #of(agent: string): Map<string, Taint> {
    const mine = this.#labels.get(agent) ?? new Map<string, Taint>()
    this.#labels.set(agent, mine)
    return mine
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS labels (
  agent TEXT NOT NULL, label TEXT NOT NULL, origin TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (agent, label)) STRICT;
CREATE TABLE IF NOT EXISTS files (
  path TEXT NOT NULL, tree INTEGER NOT NULL, inode TEXT NOT NULL, digest TEXT NOT NULL, labels TEXT NOT NULL,
  agent TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (path, agent)) STRICT;
CREATE INDEX IF NOT EXISTS files_by_inode ON files (inode);
CREATE INDEX IF NOT EXISTS files_by_digest ON files (digest);
`

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

/** `/a/b/c`: itself, `/a/b`, `/a` and `/`. */
function ancestorsOf(path: string): string[] {
  const found = [path]
  for (let at = path; at !== '/' && at !== '';) found.push((at = parentOf(at)))
  return found
}
