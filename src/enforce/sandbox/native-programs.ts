import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf, systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'

/** The programs of ours that are built from C: see native/README.md. */
export type NativeProgram =
  | 'launcher'
  | 'init'
  | 'confine'
  | 'attempts'
  | 'transparent'
  | 'lookout'
  | 'sentry'

/** Where they are, each compared with its digest before it is used. */
export interface NativePrograms {
  /**
   * Opens one for reading; whoever gets the descriptor closes it. It means the very file that was compared, whatever
   * stands at its path by the time it is run.
   *
   * @throws SandboxError `SANDBOX_UNAVAILABLE` when it is not the file that was built
   */
  open(name: NativeProgram): number
}

const SUMS = 'SHA256SUMS'
const O_CLOEXEC = 0o2000000
const IN_SOURCES = import.meta.url.endsWith('.ts')
const BUILD_FIX = 'as root: apt install gcc libc6-dev, then in the clone run: npm run build'

/** Beside the bundle when installed; in `dist/` of the checkout while developing. */
export function nativeDirectory(): string {
  return fileURLToPath(new URL(IN_SOURCES ? '../../../dist/native/' : './native/', import.meta.url))
}

/**
 * @param needed what must be there
 * @returns the programs, or why they cannot be used
 */
export function findNativePrograms(
  needed: readonly NativeProgram[] = ['launcher', 'init'],
  directory: string = nativeDirectory(),
): NativePrograms | { readonly missing: string; readonly fix: string } {
  const known = new Map<NativeProgram, string>()
  const programs: NativePrograms = { open: (name) => openChecked(directory, name, known) }
  try {
    for (const name of needed) closeSync(programs.open(name))
    return programs
  } catch (error) {
    return { missing: messageOf(error), fix: error instanceof SandboxError ? error.fix : BUILD_FIX }
  }
}

/** `known` remembers which file was compared already: reading it again for every start would cost a millisecond. */
function openChecked(directory: string, name: NativeProgram, known: Map<NativeProgram, string>): number {
  const path = join(directory, name)
  const fd = openProgram(path)
  const mark = markOf(fstatSync(fd, { bigint: true }))
  if (known.get(name) === mark) return fd
  const found = createHash('sha256').update(readFileSync(fd)).digest('hex')
  if (found === digestsIn(directory).get(name)) {
    known.set(name, mark)
    return fd
  }
  closeSync(fd)
  throw new SandboxError('SANDBOX_UNAVAILABLE', `${path} is not the file that was built`, BUILD_FIX)
}

function openProgram(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | O_CLOEXEC)
  } catch (cause) {
    const what =
      systemCode(cause) === 'ENOENT'
        ? `${path} was not built`
        : `${path} cannot be opened: ${messageOf(cause)}`
    throw new SandboxError('SANDBOX_UNAVAILABLE', what, BUILD_FIX, { cause })
  }
}

function markOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function digestsIn(directory: string): ReadonlyMap<string, string> {
  try {
    const lines = readFileSync(join(directory, SUMS), 'utf8').trimEnd().split('\n')
    return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
  } catch (cause) {
    throw new SandboxError('SANDBOX_UNAVAILABLE', `${directory} has no ${SUMS}`, BUILD_FIX, { cause })
  }
}
