import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { messageOf, systemCode } from '../../core/error.ts'
import { parseListeners, type Listener } from './listeners.ts'

/** Everything that listens in this network, with who has it open where we may look. */
export function readListeners(known: ReadonlyMap<string, Listener>, root = '/proc'): Listener[] {
  const found = (['tcp', 'udp'] as const).flatMap((protocol) =>
    [protocol, `${protocol}6`].flatMap((name) => parseListeners(protocol, quietly(`${root}/net/${name}`))),
  )
  // whose it is takes a look at every descriptor of everybody: only for what is new
  const isNew = found.some(({ inode }) => !known.has(inode))
  const owners = isNew
    ? socketOwners(new Set(found.map(({ inode }) => inode)), root)
    : new Map<string, string>()
  return found.map((listener) => {
    const program = known.get(listener.inode)?.program ?? owners.get(listener.inode)
    return program === undefined ? listener : { ...listener, program }
  })
}

function socketOwners(wanted: ReadonlySet<string>, root: string): Map<string, string> {
  const owners = new Map<string, string>()
  for (const pid of pidsIn(root)) {
    for (const fd of list(`${root}/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`${root}/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && wanted.has(inode)) owners.set(inode, quietly(`${root}/${pid}/comm`).trim())
    }
  }
  return owners
}

export function pidsIn(root = '/proc'): string[] {
  return list(root).filter((name) => /^\d+$/.test(name))
}

/** Loaded kernel modules by name; undefined where the kernel has none. */
export function readModules(root = '/proc'): ReadonlySet<string> | undefined {
  try {
    const text = readFileSync(`${root}/modules`, 'utf8')
    return new Set(text.split('\n').flatMap((line) => line.split(' ')[0] || []))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function quietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone meanwhile, or not ours to look at
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

const MOST_AT_ONCE = 1024 * 1024

/** Lines that are added to a log, over its rotation; begins at its end. */
export class Tail {
  readonly #path: string
  #inode = 0
  #at = 0
  #held = ''
  problem: string | undefined

  constructor(path: string) {
    this.#path = path
    this.#read(true)
  }

  /** Whole lines since the last time. */
  lines(): string[] {
    const lines = (this.#held + this.#read(false)).split('\n')
    this.#held = (lines.pop() ?? '').slice(0, MOST_AT_ONCE)
    return lines
  }

  #read(isFirst: boolean): string {
    let fd: number
    try {
      fd = openSync(this.#path, 'r')
    } catch (error) {
      this.problem = messageOf(error)
      return ''
    }
    try {
      this.problem = undefined
      const { ino, size } = fstatSync(fd)
      // another file by that name, or one that was emptied, is read from its beginning
      const isOther = ino !== this.#inode || size < this.#at
      if (isFirst) this.#at = size
      else if (isOther) this.#at = 0
      this.#inode = ino
      if (size <= this.#at) return ''
      // a flood is not read whole: what is newest counts
      const from = Math.max(this.#at, size - MOST_AT_ONCE)
      const bytes = Buffer.alloc(size - from)
      const got = readSync(fd, bytes, 0, bytes.length, from)
      this.#at = from + got
      return bytes.toString('utf8', 0, got)
    } finally {
      closeSync(fd)
    }
  }
}
