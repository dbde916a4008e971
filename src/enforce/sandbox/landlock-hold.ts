import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs'
import { systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { FILE_RIGHTS, type PathRule } from './landlock-rules.ts'

/** A rule on what was opened, so that something put at that path later changes nothing. */
export interface HeldRule {
  readonly path: string
  readonly fd: number
  readonly access: bigint
}

const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000

/**
 * Opens what the rules are about, and compares it with what stood there when the run was decided on.
 *
 * @throws SandboxError `SANDBOX_CHANGED`; then nothing is left open
 */
export function holdRules(rules: readonly PathRule[]): HeldRule[] {
  const held: HeldRule[] = []
  try {
    for (const rule of rules) {
      const fd = openRule(rule)
      if (fd === undefined) continue
      const isDirectory = fstatSync(fd).isDirectory()
      held.push({ path: rule.path, fd, access: isDirectory ? rule.access : rule.access & FILE_RIGHTS })
    }
    return held
  } catch (error) {
    releaseRules(held)
    throw error
  }
}

export function releaseRules(held: readonly HeldRule[]): void {
  for (const { fd } of held) closeSync(fd)
}

function openRule({ path, identity, optional }: PathRule): number | undefined {
  let fd: number
  try {
    // what the decision named is never a link; the system's own parts may be reached by one
    fd = openSync(path, O_PATH | O_CLOEXEC | (identity === undefined ? 0 : constants.O_NOFOLLOW))
  } catch (cause) {
    if (optional === true && systemCode(cause) === 'ENOENT') return undefined
    throw changed(path, cause)
  }
  const seen = fstatSync(fd, { bigint: true })
  const isSame =
    identity === undefined ||
    (`${seen.dev}` === identity.device && `${seen.ino}` === identity.inode && kindOf(seen) === identity.kind)
  if (isSame) return fd
  closeSync(fd)
  throw changed(path)
}

function kindOf(seen: BigIntStats): string {
  return seen.isDirectory() ? 'directory' : seen.isFile() ? 'file' : seen.isSocket() ? 'socket' : 'other'
}

function changed(path: string, cause?: unknown): SandboxError {
  return new SandboxError(
    'SANDBOX_CHANGED',
    `${path} is not what it was when the run was decided on`,
    'find out who exchanged it, then start the run again',
    { cause },
  )
}
