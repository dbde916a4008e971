import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Directory } from './directory.ts'
import type { Look } from './look.ts'
import { WorkspaceError } from './errors.ts'

/**
 * What stood in a workspace when an agent began, so that a change of the host since can be told from one of the agent:
 * a stamp for every path. A stamp holds the inode and its change time, which no program can set back; contents are
 * therefore not read.
 */
export type Base = ReadonlyMap<string, string>

export const MOST_ENTRIES = 400_000
/** Each level is an open descriptor. */
export const MOST_LEVELS = 128

/** A directory's times change with what is in it, so only the directory itself counts. */
export function stampOf({ kind, mode, sizeBytes, mtimeNs, ctimeNs, inode, bornNs }: Look): string {
  return kind === 'directory'
    ? `directory.${inode}.${bornNs}`
    : `${kind}.${mode.toString(8)}.${sizeBytes}.${mtimeNs}.${ctimeNs}.${inode}`
}

/** Looks at everything below `root`. @throws WorkspaceError `WORKSPACE_TOO_LARGE` */
export async function takeBase(root: Directory, mostEntries = MOST_ENTRIES): Promise<Base> {
  const base = new Map<string, string>()
  const pause = breaths()
  await walk(root, '', 0)
  return base

  async function walk(directory: Directory, prefix: string, level: number): Promise<void> {
    for (const name of directory.names()) {
      await pause()
      const seen = name === undefined ? undefined : directory.look(name)
      if (name === undefined || seen === undefined) continue
      const path = prefix + name
      base.set(path, stampOf(seen))
      if (base.size > mostEntries) throw tooLarge(mostEntries)
      const child = seen.kind === 'directory' && level < MOST_LEVELS ? directory.child(name) : undefined
      if (child === undefined) continue
      try {
        await walk(child, `${path}/`, level + 1)
      } finally {
        child.close()
      }
    }
  }
}

/** Every path and stamp, one a line; a path may hold anything, so it is written as JSON. */
export function writeBase(base: Base): Buffer {
  const lines = [...base].map(([path, stamp]) => `${stamp} ${JSON.stringify(path)}\n`)
  return zstdCompressSync(lines.join(''))
}

/** @throws WorkspaceError `WORKSPACE_UNREADABLE` */
export function readBase(bytes: Uint8Array): Base {
  try {
    const text = zstdDecompressSync(bytes, { maxOutputLength: 512 * 1024 * 1024 }).toString()
    const lines = text.split('\n').filter((line) => line !== '')
    return new Map(lines.map(entryOf))
  } catch (cause) {
    throw new WorkspaceError(
      'WORKSPACE_UNREADABLE',
      'the list of what stood in the workspace when the agent began is damaged',
      'look at the changes by hand, then discard them: warder changes discard AGENT',
      { cause },
    )
  }
}

function entryOf(line: string): [string, string] {
  const gap = line.indexOf(' ')
  const path: unknown = JSON.parse(line.slice(gap + 1))
  if (gap < 1 || typeof path !== 'string') throw new Error('a line is not "stamp path"')
  return [path, line.slice(0, gap)]
}

/** Lets others have the thread from time to time: a workspace can have hundreds of thousands of files. */
export function breaths(every = 500): () => Promise<void> | undefined {
  let count = 0
  return () => {
    count += 1
    return count % every === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined
  }
}

function tooLarge(most: number): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_TOO_LARGE',
    `the workspace has more than ${most} files`,
    'choose a smaller workspace, or let the agent work in a clone: --workspace-mode worktree',
  )
}
