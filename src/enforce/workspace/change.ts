import { digestOf } from '../../core/canonical.ts'
import type { Kind } from './look.ts'

/** Why a change is not applied unless somebody says so, each by its own word. */
export const ACCEPTABLE = [
  'protected',
  'secret',
  'executable',
  'escaping-link',
  'large',
  'binary',
  'conflict',
] as const
export type AcceptableFlag = (typeof ACCEPTABLE)[number]

/** Why a change is never applied, whatever is accepted. */
export const NEVER = [
  'device',
  'fifo',
  'socket',
  'set-id',
  'outside-link',
  'not-understood',
  'unreadable',
] as const
export type NeverFlag = (typeof NEVER)[number]
export type Flag = AcceptableFlag | NeverFlag

export const FLAG_MEANINGS: Readonly<Record<Flag, string>> = {
  protected: 'a name that makes tools of the host run something',
  secret: 'the new text holds what looks like a secret',
  executable: 'a program that was not one before',
  'escaping-link': 'a link that leads, or may lead, outside the workspace',
  large: 'too large to be looked at',
  binary: 'not text, so nobody can read what changed',
  conflict: 'the host changed it too since the agent began',
  device: 'a device',
  fifo: 'a named pipe',
  socket: 'a socket',
  'set-id': 'would run as its owner, whoever starts it',
  'outside-link': 'a second name of a file outside the change set',
  'not-understood': 'the overlay says something about it that Warder does not understand',
  unreadable: 'it cannot be read, or its name is not text',
}

/** One side of a change. */
export interface Side {
  readonly kind: Kind
  readonly mode: number
  readonly sizeBytes: number
  /** Where a link leads, as written. */
  readonly target?: string
  /** SHA-256 of a regular file's content. */
  readonly digest?: string
}

/** What an agent did at one path. Paths are relative to the workspace. */
export interface Change {
  readonly path: string
  /** `mode`: the permissions alone; `replaced`: another kind of thing stands there now. */
  readonly what: 'added' | 'changed' | 'deleted' | 'mode' | 'replaced'
  readonly before?: Side
  readonly after?: Side
  readonly flags: readonly Flag[]
  /** Everything that goes with a deleted directory. */
  readonly contains?: number
  /** Stamp of what the host has there; absent: nothing. */
  readonly stood?: string
  /** Other paths of the same file. */
  readonly sameFile?: readonly string[]
}

export interface ChangeReport {
  readonly changes: readonly Change[]
  /** False when there was more than could be looked at; then nothing is applied. */
  readonly complete: boolean
  /** SHA-256 of all of it: two reports of one digest would do the same. */
  readonly digest: string
}

export function reportOf(changes: readonly Change[], complete: boolean): ChangeReport {
  const sorted = changes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return { changes: sorted, complete, digest: digestOf(JSON.parse(JSON.stringify([complete, sorted]))) }
}

export function isNever(flag: Flag): flag is NeverFlag {
  return (NEVER as readonly Flag[]).includes(flag)
}

/** Whether a path is one of these or below one of them; no paths means all. */
export function isAsked(path: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((each) => path === each || path.startsWith(`${each}/`))
}

/**
 * Whether a link at `path` may lead outside its workspace: it is absolute, climbs higher than the workspace's root, or
 * climbs after it went down, where another link could stand.
 */
export function escapes(path: string, target: string): boolean {
  if (target.startsWith('/') || target.includes('\0')) return true
  const components = target.split('/').filter((part) => part !== '' && part !== '.')
  const climbs = components.findIndex((part) => part !== '..')
  const up = climbs === -1 ? components.length : climbs
  return up > path.split('/').length - 1 || components.slice(up).includes('..')
}
