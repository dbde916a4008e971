import { readdirSync, statfsSync, type StatsFs } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import { ensurePassableDirectory, ensurePrivateDirectory } from '../../platform/files.ts'

/** Who an agent runs as. */
export interface RunsAs {
  readonly uid: number
  readonly gid: number
}

export interface Places {
  /** Private to this user, in Warder's state. */
  readonly own: string
  /** For agents that run as another user, who must be able to pass; used only when Warder is root. */
  readonly givenAway: string
  readonly uid: number
}

/** Every directory `<place>/<agent>/<id>`. */
export function directoriesIn({ own, givenAway }: Places): string[] {
  return [own, givenAway].flatMap((place) =>
    namesIn(place).flatMap((agent) => namesIn(join(place, agent)).map((id) => join(place, agent, id))),
  )
}

/** Makes `<place>/<agent>/<id>`, where the user the agent runs as can pass, and nobody else can look. */
export function makePlace(places: Places, agent: string, id: string, { uid }: RunsAs): string {
  const isOwn = uid === places.uid
  const ensure = isOwn ? ensurePrivateDirectory : ensurePassableDirectory
  const place = isOwn ? places.own : places.givenAway
  const directory = join(place, agent, id)
  for (const each of [dirname(place), place, join(place, agent), directory]) ensure(each)
  return directory
}

export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
}

/** How large the file system is on which `path` lies, or will lie, and what an ordinary user may still write there. */
export function spaceAt(path: string): { readonly totalBytes: number; readonly freeBytes: number } {
  const { blocks, bavail, bsize } = fileSystemOf(path)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}

/** A directory that is not made yet will lie where the one it is made in does. */
function fileSystemOf(path: string): StatsFs {
  for (let at = path; ; at = dirname(at)) {
    try {
      return statfsSync(at)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || at === dirname(at)) throw error
    }
  }
}
