import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { setImmediate } from 'node:timers/promises'

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
// O_PATH, which Node does not name: holds what is there without opening it
const PATH_ONLY = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW

const STEPS_A_TURN = 200

/** One directory on the way down: what is still in it, and which it was. */
interface Level {
  readonly names: Buffer[]
  readonly inode: bigint
  /** Its name in the level above. */
  readonly name: Buffer
}

/**
 * Removes everything in a directory that nobody writes to any more. It holds two descriptors and does not recurse: an
 * agent may nest directories deeper than a stack, or a table of descriptors, can follow.
 *
 * @throws Error when a directory is not below the one it was found in: somebody moves things about
 */
export function emptyDirectory(top: number): void {
  const steps = emptying(top)
  while (steps.next().done !== true);
}

/** The same with pauses, for trees an agent may have made as large as it likes: others are served meanwhile. */
export async function emptyWithPauses(top: number): Promise<void> {
  let done = 0
  for (const _ of emptying(top)) if (++done % STEPS_A_TURN === 0) await setImmediate()
}

function* emptying(top: number): Generator<void> {
  let fd = openSync(`/proc/self/fd/${top}/.`, DIRECTORY)
  const levels = [levelOf(fd, Buffer.alloc(0))]
  try {
    for (;;) {
      const level = levels.at(-1)!
      const name = level.names.pop()
      if (name !== undefined) {
        yield
        const inner = removeOrOpen(fd, name)
        if (inner === undefined) continue
        closeSync(fd)
        fd = inner
        levels.push(levelOf(fd, name))
        continue
      }
      levels.pop()
      const above = levels.at(-1)
      if (above === undefined) return
      fd = goUp(fd, above)
      rmdirSync(below(fd, level.name))
    }
  } finally {
    closeSync(fd)
  }
}

/** An agent may have shut a directory against its owner, and the kernel shuts the overlay's own. */
export function unlock(path: string | Buffer): void {
  const fd = openSync(path, PATH_ONLY)
  try {
    chmodSync(`/proc/self/fd/${fd}`, 0o700)
  } finally {
    closeSync(fd)
  }
}

/** @returns a descriptor when it is a directory, which has to be emptied first */
function removeOrOpen(fd: number, name: Buffer): number | undefined {
  const path = below(fd, name)
  if (!lstatSync(path).isDirectory()) {
    unlinkSync(path)
    return undefined
  }
  unlock(path)
  return openSync(path, DIRECTORY)
}

function goUp(fd: number, above: Level): number {
  const parent = openSync(`/proc/self/fd/${fd}/..`, DIRECTORY)
  if (fstatSync(parent, { bigint: true }).ino !== above.inode) {
    closeSync(parent)
    throw new Error('a directory was moved while its tree was being removed')
  }
  closeSync(fd)
  return parent
}

function levelOf(fd: number, name: Buffer): Level {
  // names as bytes, for not every name is UTF-8
  const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' })
  return { names, inode: fstatSync(fd, { bigint: true }).ino, name }
}

function below(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name])
}
