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

/** What is added to a file, over its rotation; begins at its end. */
class Growth {
  readonly #path: string
  readonly #unitBytes: number
  #inode = 0
  #at = 0
  problem: string | undefined
  /** What was read last is the beginning of another file. */
  isOther = false

  /** @param unitBytes it grows by so much: what is not whole yet is read when it is */
  constructor(path: string, unitBytes = 1) {
    this.#path = path
    this.#unitBytes = unitBytes
    this.#read(true)
  }

  added(): Buffer {
    return this.#read(false)
  }

  #read(isFirst: boolean): Buffer {
    let fd: number
    try {
      fd = openSync(this.#path, 'r')
    } catch (error) {
      this.problem = messageOf(error)
      return Buffer.alloc(0)
    }
    try {
      this.problem = undefined
      const { ino, size } = fstatSync(fd)
      // another file by that name, or one that was emptied, is read from its beginning
      this.isOther = ino !== this.#inode || size < this.#at
      const end = this.#whole(size)
      if (isFirst) this.#at = end
      else if (this.isOther) this.#at = 0
      this.#inode = ino
      if (end <= this.#at) return Buffer.alloc(0)
      // a flood is not read whole: what is newest counts
      const from = Math.max(this.#at, end - this.#whole(MOST_AT_ONCE))
      const bytes = Buffer.alloc(end - from)
      const got = this.#whole(readSync(fd, bytes, 0, bytes.length, from))
      this.#at = from + got
      return bytes.subarray(0, got)
    } finally {
      closeSync(fd)
    }
  }

  #whole(bytes: number): number {
    return bytes - (bytes % this.#unitBytes)
  }
}

/** Lines that are added to a log, over its rotation; begins at its end. */
export class Tail {
  readonly #growth: Growth
  #held: Buffer = Buffer.alloc(0)

  constructor(path: string) {
    this.#growth = new Growth(path)
  }

  get problem(): string | undefined {
    return this.#growth.problem
  }

  /** Whole lines since the last time. */
  lines(): string[] {
    const added = this.#growth.added()
    const bytes = this.#growth.isOther ? added : Buffer.concat([this.#held, added])
    const end = bytes.lastIndexOf(0x0a)
    this.#held = bytes.subarray(end + 1).subarray(0, MOST_AT_ONCE)
    return end === -1 ? [] : bytes.toString('utf8', 0, end).split('\n')
  }
}

/** Records of one length that are added to a file; begins at its end. */
export class RecordTail {
  readonly #growth: Growth

  constructor(path: string, recordBytes: number) {
    this.#growth = new Growth(path, recordBytes)
  }

  get problem(): string | undefined {
    return this.#growth.problem
  }

  /** Whole records since the last time. */
  bytes(): Buffer {
    return this.#growth.added()
  }
}

/** Whether a program by that name runs with the rights of root: who else takes it proves nothing. */
export function isRootRunning(name: string, root = '/proc'): boolean {
  return pidsIn(root).some(
    (pid) =>
      quietly(`${root}/${pid}/comm`).trim() === name &&
      /^Uid:\s+0\s+0\s/m.test(quietly(`${root}/${pid}/status`)),
  )
}
