import { randomBytes } from 'node:crypto'
import { fchmodSync, fchownSync, futimesSync, lchownSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { breaths } from './base.ts'
import { closeFile } from './bytes.ts'
import { Directory } from './directory.ts'
import { placedOf, type Step } from './step.ts'

/** What shall stand at a path afterwards. `expects` is the stamp of what stands there now, null for nothing. */
export type Wish = { readonly path: string; readonly expects: string | null } & (
  | {
      readonly kind: 'file'
      readonly mode: number
      /** Writes the whole content. @throws when it is not what it was taken for */
      readonly fill: (fd: number) => void | Promise<void>
      readonly owner?: Owner
      /** Seconds since the epoch. */
      readonly modifiedSeconds?: number
    }
  | { readonly kind: 'link'; readonly target: string; readonly owner?: Owner }
  | { readonly kind: 'directory' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'mode'; readonly mode: number; readonly was?: number; readonly owner?: Owner }
)

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** How staging directories are called; a snapshot leaves them out. */
export const STAGE_NAME = /^\.warder-stage-[0-9a-f]{12}$/

export async function stageAll(stage: Directory, wishes: readonly Wish[]): Promise<Step[]> {
  const steps: Step[] = []
  const pause = breaths(20)
  for (const [at, wish] of wishes.entries()) {
    steps.push(await stageOne(stage, wish, `new-${at}`))
    await pause()
  }
  return steps
}

async function stageOne(stage: Directory, wish: Wish, name: string): Promise<Step> {
  const { kind, path, expects } = wish
  if (wish.kind === 'mode') {
    const { mode, was, owner } = wish
    return { kind, path, expects, mode, ...(was !== undefined && { was }), ...(owner && { owner }) }
  }
  if (wish.kind === 'file') await stageFile(stage, wish, name)
  else if (wish.kind === 'link') {
    stage.makeLink(name, wish.target)
    if (wish.owner !== undefined) lchownSync(stage.at(name), wish.owner.uid, wish.owner.gid)
  } else return { kind, path, expects }
  return { kind, path, expects, placed: placedOf(stage.look(name)) }
}

async function stageFile(
  stage: Directory,
  { fill, mode, owner, modifiedSeconds }: Extract<Wish, { kind: 'file' }>,
  name: string,
): Promise<void> {
  const fd = stage.create(name, 0o600)
  try {
    await fill(fd)
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
    fchmodSync(fd, mode & 0o1777)
    if (modifiedSeconds !== undefined) futimesSync(fd, modifiedSeconds, modifiedSeconds)
  } finally {
    closeFile(fd)
  }
}

/** Beside the workspace, where no agent is; within it when it is a mount of its own, or what holds it is not ours to write. */
export function stageFor(root: string, device: bigint): string {
  const name = `.warder-stage-${randomBytes(6).toString('hex')}`
  const beside = join(dirname(root), name)
  const within = join(root, name)
  let outer: Directory | undefined
  try {
    outer = Directory.open(dirname(root))
    if (outer.self().device !== device) return within
    outer.makeDirectory(name, 0o700)
    outer.removeDirectory(name)
    return beside
  } catch {
    return within
  } finally {
    outer?.close()
  }
}

export function makeStage(path: string): Directory {
  const outer = Directory.open(dirname(path))
  try {
    outer.makeDirectory(basename(path), 0o700)
  } finally {
    outer.close()
  }
  return Directory.open(path)
}

export function removeStage(path: string): void {
  const outer = Directory.open(dirname(path))
  try {
    outer.removeAll(basename(path))
  } finally {
    outer.close()
  }
}
