import { isWithin } from './paths.ts'
import { SandboxError } from './errors.ts'

/** Places that are made for the sandbox, belong to the machine, or are too much to show. */
const NEVER_WHOLE = [
  '/',
  '/etc',
  '/run',
  '/var',
  '/home',
  '/root',
  '/tmp',
  '/usr',
  '/opt',
  '/srv',
  '/mnt',
  '/media',
]
const NEVER = ['/proc', '/sys', '/dev', '/boot']

/** Why a path cannot be shown to an agent as it is, or undefined when it can. */
export function whyTooWide(path: string, home: string): string | undefined {
  if (isWithin(home, path)) return 'is the home directory, or holds it'
  return NEVER_WHOLE.includes(path) || NEVER.some((top) => isWithin(path, top))
    ? 'is part of the machine'
    : undefined
}

/** @throws SandboxError `SANDBOX_PATH_INVALID` */
export function refuseTooWide(path: string, home: string): void {
  const why = whyTooWide(path, home)
  if (why === undefined) return
  throw new SandboxError(
    'SANDBOX_PATH_INVALID',
    `${path} ${why}: too much to show an agent`,
    'name the project directory itself',
  )
}

/** @throws SandboxError `SANDBOX_PATH_EXCLUDED` */
export function refuseExcluded(path: string, exclusions: readonly string[]): void {
  const exclusion = exclusions.find((excluded) => isWithin(path, excluded))
  if (exclusion === undefined) return
  throw new SandboxError(
    'SANDBOX_PATH_EXCLUDED',
    `${path} lies under ${exclusion}, which no agent may see`,
    'move what the agent needs elsewhere; exclusions cannot be lifted',
  )
}
