import { systemCode } from '../../core/error.ts'
import { stampOf } from './base.ts'
import { inParent } from './below.ts'
import type { Directory } from './directory.ts'
import type { Look } from './look.ts'
import { WorkspaceError } from './errors.ts'
import { placedOf, type Step } from './step.ts'
import { changeFileMode } from './file-mode.ts'

/** Where a step is taken: the workspace, and the staging directory with `new-N` and `old-N`. */
export interface Ground {
  readonly root: Directory
  readonly stage: Directory
}

/**
 * Takes a step, or finds that it was taken before a crash: doing it twice is doing it once.
 *
 * @throws WorkspaceError `WORKSPACE_CHANGED` when something else stands there than was looked at
 */
export function takeStep({ root, stage }: Ground, step: Step, at: number): void {
  if (step.kind === 'mode') return setMode(root, step)
  const isThere = inParent(root, step.path, (parent, name) => {
    if (step.kind === 'remove') moveAside({ root, stage }, parent, name, step, at)
    else if (step.kind === 'directory') makeDirectory({ root, stage }, parent, name, step, at)
    else place({ root, stage }, parent, name, step, at)
    return true
  })
  if (isThere !== true) throw changed(step.path, 'the directory that held it is gone')
}

/** Puts back what a step did, if it did anything. @returns false when somebody changed it since, and it was left alone */
export function undoStep({ root, stage }: Ground, step: Step, at: number): boolean {
  if (step.kind === 'mode') return setModeBack(root, step)
  const old = stage.look(`old-${at}`)
  const result = inParent(root, step.path, (parent, name) => {
    const now = parent.look(name)
    if (old !== undefined) return putBack({ root, stage }, parent, name, { old, now, step, at })
    if (step.kind === 'directory') return now?.kind !== 'directory' || removeEmpty(parent, name, step)
    const isOurs = now !== undefined && placedOf(now) === step.placed
    if (isOurs && step.expects === null) parent.remove(name)
    return true
  })
  return result ?? old === undefined
}

function place(ground: Ground, parent: Directory, name: string, step: Step, at: number): void {
  const { stage } = ground
  const staged = stage.look(`new-${at}`)
  const now = parent.look(name)
  if (staged === undefined) {
    if (now !== undefined && placedOf(now) === step.placed) return // taken before the crash
    throw changed(step.path, 'what was put there is gone')
  }
  if (now !== undefined && now.inode === staged.inode) return stage.remove(`new-${at}`)
  keepOld(ground, parent, name, { now, step, at })
  const isFree = parent.look(name) === undefined
  // a link, not a rename, so that what somebody puts there this very moment is not overwritten
  if (isFree) stage.hardLink(`new-${at}`, parent, name)
  if (isFree) stage.remove(`new-${at}`)
  else stage.rename(`new-${at}`, parent, name)
}

/** Keeps what stands there as `old-N`. A file stays in its place too, so that the path is never without one. */
function keepOld(
  { stage }: Ground,
  parent: Directory,
  name: string,
  { now, step, at }: { now: Look | undefined; step: Step; at: number },
): void {
  const kept = stage.look(`old-${at}`)
  if (kept !== undefined) {
    if (now === undefined || now.inode === kept.inode) return
    throw changed(step.path, 'somebody put another file there')
  }
  mustBe(step, now)
  if (now === undefined) return
  // a new directory can take no file's place
  const mayStay = now.kind === 'file' && step.kind !== 'directory'
  if (!mayStay || !linkedAside(parent, name, stage, at)) parent.rename(name, stage, `old-${at}`)
  mustBeSame(step, now, stage.look(`old-${at}`))
}

function linkedAside(parent: Directory, name: string, stage: Directory, at: number): boolean {
  try {
    parent.hardLink(name, stage, `old-${at}`)
    return true
  } catch (error) {
    // a file of somebody else's may not be linked (fs.protected_hardlinks), and some file systems have no links
    if (['EPERM', 'EMLINK', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

function moveAside({ stage }: Ground, parent: Directory, name: string, step: Step, at: number): void {
  if (stage.look(`old-${at}`) !== undefined) return
  const now = parent.look(name)
  mustBe(step, now)
  parent.rename(name, stage, `old-${at}`)
  mustBeSame(step, now, stage.look(`old-${at}`))
}

function makeDirectory(ground: Ground, parent: Directory, name: string, step: Step, at: number): void {
  const now = parent.look(name)
  if (now?.kind === 'directory') return
  if (now !== undefined || step.expects !== null) keepOld(ground, parent, name, { now, step, at })
  parent.makeDirectory(name, 0o700)
}

function setMode(root: Directory, step: Step): void {
  const { mode = 0o600, owner } = step
  const isSet = inParent(root, step.path, (parent, name) => changeFileMode(parent, name, mode, owner))
  if (isSet !== true) throw changed(step.path, 'it is gone, or cannot be opened')
}

function setModeBack(root: Directory, step: Step): boolean {
  if (step.was === undefined) return true
  return inParent(root, step.path, (parent, name) => changeFileMode(parent, name, step.was ?? 0o600)) ?? true
}

function putBack(
  { stage }: Ground,
  parent: Directory,
  name: string,
  { old, now, step, at }: { old: Look; now: Look | undefined; step: Step; at: number },
): boolean {
  // two names of one file: a rename between them does nothing, and the second name must go
  if (now?.inode === old.inode) {
    stage.remove(`old-${at}`)
    return true
  }
  const isOurs = now === undefined || placedOf(now) === step.placed
  const isOurDirectory = step.kind === 'directory' && now?.kind === 'directory'
  if (isOurDirectory && !removeEmpty(parent, name, step)) return false
  if (!isOurs && !isOurDirectory) return false
  // what replaced it is removed first when a rename could not: a directory does not take a file's place
  if (isOurs && now !== undefined && old.kind === 'directory') parent.remove(name)
  stage.rename(`old-${at}`, parent, name)
  return true
}

function removeEmpty(parent: Directory, name: string, step: Step): boolean {
  if (step.expects?.startsWith('directory.') === true) return true
  try {
    parent.removeDirectory(name)
    return true
  } catch {
    return false
  }
}

function mustBe(step: Step, now: Look | undefined): void {
  const stamp = now === undefined ? null : stampOf(now)
  if (stamp !== step.expects) throw changed(step.path, 'it is not what was looked at')
}

/** Linking and moving change a file's change time, and nothing else. */
function mustBeSame(step: Step, before: Look | undefined, kept: Look | undefined): void {
  const isSame =
    before?.inode === kept?.inode &&
    before?.sizeBytes === kept?.sizeBytes &&
    before?.mtimeNs === kept?.mtimeNs
  if (before?.kind === 'directory' ? before.inode !== kept?.inode : !isSame)
    throw changed(step.path, 'it was exchanged at the last moment')
}

function changed(path: string, why: string): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_CHANGED',
    `${path} was not changed: ${why}`,
    'look at the changes again, then apply them',
    { where: path },
  )
}
