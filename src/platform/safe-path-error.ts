import { KnownError, messageOf, systemCode, type ErrorCatalogue } from '../core/error.ts'

export const SAFE_PATH_ERRORS = {
  SAFE_PATH_LINK: {
    kind: 'forbidden',
    meaning: 'a link, or something else that is no directory, stands in a path that must lead straight down',
  },
  SAFE_PATH_MOUNT: { kind: 'forbidden', meaning: 'a path below a safe root leads into another mount' },
  SAFE_PATH_KIND: {
    kind: 'forbidden',
    meaning:
      'a link, device, pipe, socket or directory stands where a file must be, or a file where a directory must be',
  },
  SAFE_PATH_SHARED: {
    kind: 'forbidden',
    meaning: 'a file below a safe root has another name, perhaps outside',
  },
  SAFE_PATH_MISSING: { kind: 'missing', meaning: 'there is nothing at a path below a safe root' },
  SAFE_PATH_TAKEN: { kind: 'conflict', meaning: 'something stands already at a path below a safe root' },
  SAFE_PATH_FAILED: { kind: 'unavailable', meaning: 'the system refused an operation below a safe root' },
} as const satisfies ErrorCatalogue

export type SafePathCode = keyof typeof SAFE_PATH_ERRORS

export class SafePathError extends KnownError<typeof SAFE_PATH_ERRORS> {
  override readonly name = 'SafePathError'
}

export function safePathError(
  code: SafePathCode,
  path: string,
  why: string,
  fix: string,
  cause?: unknown,
): SafePathError {
  const what = `${JSON.stringify(path)} ${why}`
  return new SafePathError(SAFE_PATH_ERRORS, code, {
    what,
    fix,
    where: path,
    ...(cause === undefined ? {} : { cause }),
  })
}

const MEANINGS: Readonly<Record<string, readonly [SafePathCode, string, string]>> = {
  ELOOP: ['SAFE_PATH_LINK', 'leads through a link', 'name the place itself'],
  ENOTDIR: ['SAFE_PATH_LINK', 'leads through a link or a file', 'name the place itself'],
  EXDEV: ['SAFE_PATH_MOUNT', 'leads into another mount', 'open that mount as a root of its own'],
  ENOENT: ['SAFE_PATH_MISSING', 'is not there', 'check the name'],
  EEXIST: ['SAFE_PATH_TAKEN', 'is there already', 'choose another name, or remove it first'],
  ENOTEMPTY: ['SAFE_PATH_TAKEN', 'is not empty', 'remove what is in it first'],
  EISDIR: ['SAFE_PATH_KIND', 'is a directory', 'name a file'],
}

/** What the system said, in our words. Errors that are ours already go on as they are. */
export function fromSystem(path: string, error: unknown): unknown {
  const code = systemCode(error)
  if (error instanceof KnownError || code === undefined) return error
  const known = Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined
  if (known !== undefined) return safePathError(known[0], path, known[1], known[2], error)
  return safePathError(
    'SAFE_PATH_FAILED',
    path,
    `cannot be used: ${messageOf(error)}`,
    'check its mode and owner, and the disk',
    error,
  )
}
