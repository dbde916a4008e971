import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { systemCode } from '../../core/error.ts'
import { breaths, MOST_LEVELS, stampOf, type Base } from './base.ts'
import { escapes, reportOf, type Change, type ChangeReport, type Flag } from './change.ts'
import { readContent, saysNewSecret, type Content } from './content.ts'
import { closeFile } from './bytes.ts'
import type { Directory } from './directory.ts'
import type { Look } from './look.ts'
import { marksOf } from './overlay.ts'
import { looksLikeRepository } from './repository.ts'
import { quietly, quietlyAsync, sideOf, stampOfMaybe, whatOf, type Sides } from './sides.ts'

export interface ReadOptions {
  readonly attributes: ExtendedAttributes
  /** What stood in the workspace when the agent began. */
  readonly base: Base
  readonly isProtected: (path: string) => boolean
  /** Masks what has the shape of a secret. */
  readonly redact: (text: string) => string
  /** More than this many changes are not looked at. */
  readonly mostChanges?: number
}

export const MOST_CHANGES = 50_000

interface Place {
  readonly upper: Directory
  /** The directory of the workspace it covers; absent where there is none. */
  readonly lower: Directory | undefined
  readonly prefix: string
  readonly level: number
  /** Set where an outer directory says something that cannot be followed. */
  readonly isMurky: boolean
  /** Set in what git takes for a repository, whatever it is called, and everywhere below. */
  readonly isRepository: boolean
}

/** Compares the upper layer of an overlay with the workspace below it. Nothing an agent wrote is followed. */
export async function readChanges(
  upper: Directory,
  lower: Directory,
  options: ReadOptions,
): Promise<ChangeReport> {
  const reading = new Reading(options)
  await reading.directory({ upper, lower, prefix: '', level: 0, isMurky: false, isRepository: false })
  return reportOf(reading.found(), reading.isComplete)
}

class Reading {
  readonly #options: ReadOptions
  readonly #changes: Change[] = []
  /** Paths of files with several names, by inode; how many names there are in all. */
  readonly #linked = new Map<string, { readonly paths: string[]; readonly links: number }>()
  readonly #pause = breaths(100)
  isComplete = true

  constructor(options: ReadOptions) {
    this.#options = options
  }

  async directory(place: Place): Promise<void> {
    const { upper, lower, prefix } = place
    const marks = marksOf(this.#options.attributes, upper.fd)
    const isMurky = place.isMurky || marks.notUnderstood.length > 0
    const names = upper.names()
    const isRepository = place.isRepository || looksLikeRepository(names, upper, lower)
    for (const name of names) {
      await this.#pause()
      if (this.#isFull()) return
      if (name === undefined) this.#nameless(prefix)
      else await this.#entry({ ...place, isMurky, isRepository }, name)
    }
    if (!marks.isOpaque || lower === undefined) return
    const kept = new Set(names)
    for (const name of lower.names())
      if (name !== undefined && !kept.has(name)) await this.#deleted(place, name)
  }

  /** All changes, with what only the whole can tell: whether every name of a file was seen. */
  found(): Change[] {
    const shared = new Map(
      [...this.#linked.values()].flatMap((file) => file.paths.map((path) => [path, file] as const)),
    )
    return this.#changes.map((change) => {
      const file = shared.get(change.path)
      if (file === undefined) return change
      const sameFile = file.paths.filter((path) => path !== change.path)
      const flags: Flag[] =
        file.links === file.paths.length ? [...change.flags] : [...change.flags, 'outside-link']
      return { ...change, flags, ...(sameFile.length === 0 ? {} : { sameFile }) }
    })
  }

  #isFull(): boolean {
    if (this.#changes.length < (this.#options.mostChanges ?? MOST_CHANGES)) return false
    this.isComplete = false
    return true
  }

  #nameless(prefix: string): void {
    this.#changes.push({ path: `${prefix}(a name that is not text)`, what: 'added', flags: ['unreadable'] })
  }

  async #entry(place: Place, name: string): Promise<void> {
    const seen = place.upper.look(name)
    if (seen === undefined) return
    if (seen.isWhiteout) return await this.#deleted(place, name)
    if (seen.kind === 'directory') return await this.#innerDirectory(place, name, seen)
    const before = place.lower?.look(name)
    const path = place.prefix + name
    if (seen.kind === 'file') return await this.#file(place, name, seen, before)
    const after = sideOf(place.upper, name, seen)
    const old = before === undefined ? undefined : sideOf(place.lower!, name, before)
    if (seen.kind === 'link' && old?.kind === 'link' && old.target === after.target) return
    const kind: Flag[] =
      seen.kind === 'link'
        ? escapes(path, after.target ?? '/')
          ? ['escaping-link']
          : []
        : [seen.kind as Flag]
    await this.#add(place, name, { seen, before, after, old, flags: kind })
  }

  async #innerDirectory(place: Place, name: string, seen: Look): Promise<void> {
    const path = place.prefix + name
    const before = place.lower?.look(name)
    const after = sideOf(place.upper, name, seen)
    const old = before === undefined ? undefined : sideOf(place.lower!, name, before)
    const flags: Flag[] = (seen.mode & 0o6000 & ~(before?.mode ?? 0)) === 0 ? [] : ['set-id']
    let child: Directory | undefined
    try {
      child = place.level < MOST_LEVELS ? place.upper.child(name) : undefined
    } catch (error) {
      if (systemCode(error) !== 'EACCES') throw error
    }
    if (child === undefined) flags.push('unreadable')
    else if (marksOf(this.#options.attributes, child.fd).notUnderstood.length > 0)
      flags.push('not-understood')
    if (before?.kind !== 'directory' || flags.length > 0 || before.mode !== seen.mode)
      await this.#add(place, name, { seen, before, after, old, flags })
    if (child === undefined) return
    const lower = before?.kind === 'directory' ? place.lower?.child(name) : undefined
    try {
      await this.directory({
        upper: child,
        lower,
        prefix: `${path}/`,
        level: place.level + 1,
        isMurky: place.isMurky,
        isRepository: place.isRepository,
      })
    } finally {
      child.close()
      lower?.close()
    }
  }

  async #file(place: Place, name: string, seen: Look, before: Look | undefined): Promise<void> {
    const path = place.prefix + name
    const content = await quietlyAsync(() => readContent(place.upper, name))
    const was =
      before?.kind === 'file' ? await quietlyAsync(() => readContent(place.lower!, name)) : undefined
    if (seen.links > 1) this.#noteLink(path, seen)
    const flags = this.#fileFlags(seen, before, content, was)
    if (!place.isMurky && this.#isMurky(place.upper, name)) flags.push('not-understood')
    const isSame = was !== undefined && content?.digest === was.digest && before?.mode === seen.mode
    if (isSame && !flags.some((flag) => flag === 'not-understood' || flag === 'set-id')) return
    const after = {
      ...sideOf(place.upper, name, seen),
      ...(content === undefined ? {} : { digest: content.digest }),
    }
    const old =
      before === undefined
        ? undefined
        : { ...sideOf(place.lower!, name, before), ...(was === undefined ? {} : { digest: was.digest }) }
    await this.#add(place, name, { seen, before, after, old, flags })
  }

  #fileFlags(seen: Look, before: Look | undefined, content?: Content, was?: Content): Flag[] {
    const flags: Flag[] = []
    if ((seen.mode & 0o6000) !== 0) flags.push('set-id')
    const couldRun = before?.kind === 'file' && (before.mode & 0o111) !== 0
    if ((seen.mode & 0o111) !== 0 && !couldRun) flags.push('executable')
    if (content === undefined) return [...flags, 'unreadable']
    if (content.digest === was?.digest) return flags // the permissions alone
    if (content.isLarge) flags.push('large')
    else if (content.text === undefined) flags.push('binary')
    const [now, then] = [content.text ?? content.latin, was?.text ?? was?.latin]
    if (now !== undefined && saysNewSecret(now, then, this.#options.redact)) flags.push('secret')
    return flags
  }

  #isMurky(directory: Directory, name: string): boolean {
    const fd = quietly(() => directory.file(name))
    if (fd === undefined) return false
    try {
      return marksOf(this.#options.attributes, fd).notUnderstood.length > 0
    } finally {
      closeFile(fd)
    }
  }

  #noteLink(path: string, seen: Look): void {
    const key = `${seen.device}.${seen.inode}`
    const known = this.#linked.get(key)
    if (known === undefined) this.#linked.set(key, { paths: [path], links: seen.links })
    else known.paths.push(path)
  }

  /** The overlay removed it, or an opaque directory hides it. */
  async #deleted(place: Place, name: string): Promise<void> {
    const before = place.lower?.look(name)
    if (before === undefined || this.#isFull()) return // gone on both sides, or never there: nothing is left to do
    await this.#add(place, name, { before, old: sideOf(place.lower!, name, before), flags: [] })
  }

  /** What would go with a directory, and whether the host put or changed something in it meanwhile. */
  async #below(
    outer: Directory,
    name: string,
    prefix: string,
    level = 0,
  ): Promise<{ count: number; isChanged: boolean; isProtected: boolean }> {
    const found = { count: 0, isChanged: false, isProtected: false }
    const directory = level < MOST_LEVELS ? outer.child(name) : undefined
    if (directory === undefined) return { ...found, isChanged: true }
    try {
      for (const each of directory.names()) {
        await this.#pause()
        const seen = each === undefined ? undefined : directory.look(each)
        const path = `${prefix}${each ?? ''}`
        found.count += 1
        found.isChanged ||= seen === undefined || stampOf(seen) !== this.#options.base.get(path)
        found.isProtected ||= this.#options.isProtected(path)
        if (each === undefined || seen?.kind !== 'directory') continue
        const inner = await this.#below(directory, each, `${path}/`, level + 1)
        found.count += inner.count
        found.isChanged ||= inner.isChanged
        found.isProtected ||= inner.isProtected
      }
      return found
    } finally {
      directory.close()
    }
  }

  async #add(place: Place, name: string, { seen, before, after, old, flags }: Sides): Promise<void> {
    const path = place.prefix + name
    const { base, isProtected } = this.#options
    const isGoing = before?.kind === 'directory' && seen?.kind !== 'directory'
    const below = isGoing ? await this.#below(place.lower!, name, `${path}/`) : NOTHING_BELOW
    const isConflict = below.isChanged || stampOfMaybe(before) !== base.get(path)
    const all: Flag[] = [
      ...(below.isProtected || place.isRepository || isProtected(path) ? (['protected'] as const) : []),
      ...flags,
      ...(place.isMurky ? (['not-understood'] as const) : []),
      ...(isConflict ? (['conflict'] as const) : []),
    ]
    this.#changes.push({
      path,
      what: whatOf(seen, before, after, old),
      ...(old === undefined ? {} : { before: old }),
      ...(after === undefined ? {} : { after }),
      flags: [...new Set(all)],
      ...(isGoing ? { contains: below.count } : {}),
      ...(before === undefined ? {} : { stood: stampOf(before) }),
    })
  }
}

const NOTHING_BELOW = { count: 0, isChanged: false, isProtected: false }
