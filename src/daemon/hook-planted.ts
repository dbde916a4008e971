import { lstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Finding } from '../core/action.ts'
import { isRepositoryShaped } from '../core/repository.ts'
import { PROTECTED_NAMES } from '../enforce/sandbox/index.ts'
import { protectedMatcher } from '../enforce/workspace/index.ts'

const isProtected = protectedMatcher(PROTECTED_NAMES)
/** Inside such a directory, and read by git as nothing but words. */
const WORDS = /\/\.git\/(?:info\/exclude|COMMIT_EDITMSG|MERGE_MSG|description)$/
const MOST_LEVELS = 16

/**
 * What is to be said of a file that is about to be written: whether other programs of the person obey it. A sandbox
 * keeps such names read-only; a harness outside of one is held to the same list, by a person who is asked.
 *
 * @param workspace only what lies below it counts, for a workspace may itself lie in a directory of such a name
 */
export function plantedAt(path: string, workspace: string): Finding | undefined {
  if (WORDS.test(path)) return undefined
  const isBelow = workspace !== '' && path.startsWith(`${workspace}/`)
  const what = isProtected(isBelow ? path.slice(workspace.length + 1) : path)
    ? 'makes git, an editor, a shell or another agent run something'
    : makesRepository(path, isBelow ? workspace : '/')
      ? 'is part of what git takes for a repository, and git runs what its settings name'
      : undefined
  return what === undefined ? undefined : { rule: 'hook.planted', risk: 'high', note: `${path} ${what}` }
}

/** Whether a directory above the file is a repository without a `.git`, or would be one once the file is there. */
function makesRepository(path: string, root: string): boolean {
  let name = basename(path)
  let directory = dirname(path)
  for (let level = 0; level < MOST_LEVELS && directory !== root && directory !== '/'; level += 1) {
    const [here, part] = [directory, name.toLowerCase()]
    const has = (each: string): boolean =>
      each === part || isThere(join(here, each === 'head' ? 'HEAD' : each))
    if (isRepositoryShaped(has)) return true
    name = basename(directory)
    directory = dirname(directory)
  }
  return false
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false // below a file, or closed to us: nothing git could read
  }
}
