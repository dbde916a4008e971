import { basename, dirname, join } from 'node:path'
import type { Look, Lookup, LookKind } from './lookup.ts'
import { profileSchema, type Profile, type ProfileInput } from './profile.ts'

const KINDS: Readonly<Record<string, LookKind>> = {
  '/': 'directory',
  '@': 'link',
  '=': 'socket',
  '|': 'other',
}
const MOST_LINKS = 40

interface Thing {
  readonly kind: LookKind
  /** What a file begins with, or where a link leads. */
  readonly text: string
  readonly isProgram: boolean
}

/**
 * A machine made of names. Each is marked as `ls -F` would: `/` a directory, `*` a program, `@` a link, `=` a socket,
 * `|` anything else, no mark a plain file. Directories above a name need not be given.
 */
export function fakeLookup(
  names: Readonly<Record<string, string>>,
  owner: { readonly uid: number; readonly gid: number } = { uid: 1000, gid: 1000 },
): Lookup {
  const things = thingsOf(names)
  const inodes = new Map([...things.keys()].map((path, i) => [path, `${i + 1}`]))
  const real = (path: string, links = 0): string | undefined => {
    let at = '/'
    for (const name of join('/', path).split('/').filter(Boolean)) {
      const next = join(at, name)
      const thing = things.get(next)
      if (thing === undefined || links > MOST_LINKS) return undefined
      const followed = thing.kind === 'link' ? real(join('/', resolveLink(at, thing.text)), links + 1) : next
      if (followed === undefined) return undefined
      at = followed
    }
    return at
  }
  const place = (path: string): string | undefined => {
    const directory = real(dirname(path))
    return path === '/' || directory === undefined ? directory : join(directory, basename(path))
  }
  const look = (path: string): Look | undefined => {
    const at = place(path)
    const thing = at === undefined ? undefined : things.get(at)
    if (at === undefined || thing === undefined) return undefined
    return { kind: thing.kind, device: '7', inode: inodes.get(at) ?? '', ...owner }
  }
  const follow = (path: string): Thing | undefined => things.get(real(path) ?? 'nowhere')
  return {
    real: (path) => real(path),
    look,
    list: (path) => {
      const at = real(path)
      return [...things]
        .filter(([name]) => name !== '/' && dirname(name) === at)
        .map(([name, { kind }]) => ({ name: basename(name), kind }))
    },
    device: () => undefined,
    link: (path) => (look(path)?.kind === 'link' ? things.get(place(path) ?? '')?.text : undefined),
    isExecutable: (path) => follow(path)?.isProgram === true,
    head: (path) => (follow(path)?.kind === 'file' ? (follow(path)?.text ?? '') : ''),
  }
}

function resolveLink(directory: string, target: string): string {
  return target.startsWith('/') ? target : join(directory, target)
}

function thingsOf(names: Readonly<Record<string, string>>): Map<string, Thing> {
  const directory: Thing = { kind: 'directory', text: '', isProgram: false }
  const things = new Map<string, Thing>([['/', directory]])
  for (const [marked, text] of Object.entries(names)) {
    const mark = marked.slice(-1)
    const path = marked.replace(/[/*@=|]$/, '')
    for (let above = dirname(path); !things.has(above); above = dirname(above)) things.set(above, directory)
    things.set(path, { kind: KINDS[mark] ?? 'file', text, isProgram: mark === '*' })
  }
  return things
}

/** A profile with everything it needs, and these fields. */
export function profileWith(fields: Partial<ProfileInput> = {}): Profile {
  return profileSchema.parse({
    name: 'test',
    description: 'for tests',
    filesystem: { workspace: 'read-write' },
    network: { mode: 'none' },
    process: { fork: true, max_memory: '64MiB', max_processes: 16, max_open_files: 64 },
    environment: { mode: 'restricted' },
    protected: ['.git/', '.npmrc'],
    ...fields,
  })
}
