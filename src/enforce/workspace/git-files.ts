import { closeFile, pieces } from './bytes.ts'
import { MOST_LEVELS } from './base.ts'
import { Directory } from './directory.ts'
import { unsafe } from './git.ts'

/**
 * A repository read as files, without git: its references, and whether its objects are nothing but objects. So none of
 * its configuration is ever read by a program that would obey it.
 */
export interface GitRefs {
  /** Commit or tag object by full name, such as `refs/heads/main`. */
  readonly refs: ReadonlyMap<string, string>
  /** The branch HEAD names, or the commit it stands on. */
  readonly head: { readonly branch: string } | { readonly commit: string } | undefined
}

const OBJECT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
/** Narrower than git's own rule (git-check-ref-format): nothing here is ever special to a program. */
const REF = /^refs\/(?:heads|tags)(?:\/[A-Za-z0-9_+@-][A-Za-z0-9._+@-]*)+$/
const MOST_REF_BYTES = 64 * 1024 * 1024
const MOST_REFS = 100_000

/** @throws WorkspaceError `GIT_UNSAFE` for a repository whose parts lie elsewhere, or are not what they seem */
export function readRefs(repository: Directory): GitRefs {
  for (const name of ['commondir', 'gitdir', 'reftable', 'config.worktree', 'shallow'])
    if (repository.look(name) !== undefined) throw unsafe(`it has a file ${name}`)
  const refs = new Map<string, string>()
  for (const line of (textOf(repository, 'packed-refs') ?? '').split('\n')) {
    const [, object = '', name = ''] = /^([0-9a-f]+) (refs\/(?:heads|tags)\/.+)$/.exec(line) ?? []
    if (name !== '') keep(refs, name, object)
  }
  const loose = repository.child('refs')
  if (loose === undefined) throw unsafe('its refs are no directory')
  try {
    for (const kind of ['heads', 'tags']) looseRefs(loose, kind, `refs/${kind}`, refs, 0)
  } finally {
    loose.close()
  }
  return { refs, head: headOf(textOf(repository, 'HEAD') ?? '') }
}

/**
 * Looks through the objects: plain files in plain directories, and no word that more lie elsewhere.
 *
 * @param mayBorrow the owner's own repository may borrow objects from another; an agent's clone would hand over any
 *   object of this machine that way
 * @throws WorkspaceError `GIT_UNSAFE`
 */
export function checkObjects(repository: Directory, mayBorrow: boolean): void {
  const objects = repository.child('objects')
  if (objects === undefined) throw unsafe('its objects are no directory')
  try {
    checkTree(objects, 'objects', 0, mayBorrow)
  } finally {
    objects.close()
  }
}

function checkTree(directory: Directory, path: string, level: number, mayBorrow: boolean): void {
  for (const name of directory.names()) {
    const seen = name === undefined ? undefined : directory.look(name)
    const inner = `${path}/${name ?? '?'}`
    if (name === undefined || seen === undefined) throw unsafe(`${path} changes while it is looked at`)
    if (/^objects\/info\/(?:http-)?alternates$/.test(inner) && !mayBorrow)
      throw unsafe('it borrows objects from another repository')
    if (seen.kind === 'directory' && level < MOST_LEVELS) {
      const child = directory.child(name)
      if (child === undefined) throw unsafe(`${inner} changes while it is looked at`)
      try {
        checkTree(child, inner, level + 1, mayBorrow)
      } finally {
        child.close()
      }
    } else if (seen.kind !== 'file') throw unsafe(`${inner} is a ${seen.kind}`)
  }
}

function looseRefs(
  outer: Directory,
  name: string,
  path: string,
  refs: Map<string, string>,
  level: number,
): void {
  const directory = level < 32 ? outer.child(name) : undefined
  if (directory === undefined) return
  try {
    for (const each of directory.names()) {
      const seen = each === undefined ? undefined : directory.look(each)
      if (each === undefined || seen === undefined || each.endsWith('.lock')) continue
      if (seen.kind === 'directory') looseRefs(directory, each, `${path}/${each}`, refs, level + 1)
      else if (seen.kind === 'file') keep(refs, `${path}/${each}`, (textOf(directory, each) ?? '').trimEnd())
      else throw unsafe(`${path}/${each} is a ${seen.kind}`)
    }
  } finally {
    directory.close()
  }
}

function keep(refs: Map<string, string>, name: string, object: string): void {
  const isPlain = REF.test(name) && name.length < 256 && !/\.\.|@\{|\.lock(?:\/|$)|\.(?:\/|$)/.test(name)
  if (!isPlain) throw unsafe(`it has a reference called ${JSON.stringify(name.slice(0, 100))}`)
  if (!OBJECT.test(object)) throw unsafe(`its reference ${name} names no object`)
  if (refs.size >= MOST_REFS) throw unsafe(`it has more than ${MOST_REFS} references`)
  refs.set(name, object)
}

function headOf(text: string): GitRefs['head'] {
  const line = text.trimEnd()
  const [, branch] = /^ref: (refs\/heads\/.+)$/.exec(line) ?? []
  if (branch !== undefined) return REF.test(branch) ? { branch } : undefined
  return OBJECT.test(line) ? { commit: line } : undefined
}

function textOf(directory: Directory, name: string): string | undefined {
  const seen = directory.look(name)
  if (seen === undefined) return undefined
  const fd = seen.kind === 'file' ? directory.file(name) : undefined
  if (fd === undefined) throw unsafe(`${name} is a ${seen.kind}`)
  if (seen.sizeBytes > MOST_REF_BYTES) {
    closeFile(fd)
    throw unsafe(`${name} has ${seen.sizeBytes} bytes`)
  }
  try {
    return Buffer.concat([...pieces(fd)].map((piece) => Buffer.from(piece))).toString()
  } finally {
    closeFile(fd)
  }
}

/** `.git` itself, and not what a file of that name points to. @throws WorkspaceError `GIT_UNSAFE` */
export function withRepository<T>(tree: string, use: (repository: Directory) => T): T {
  const root = Directory.open(tree)
  try {
    const repository = root.child('.git')
    if (repository === undefined) throw unsafe(`${tree}/.git is no directory`)
    try {
      return use(repository)
    } finally {
      repository.close()
    }
  } finally {
    root.close()
  }
}
