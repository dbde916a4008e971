import { KnownError, systemCode } from '../../core/error.ts'
import { stampOf } from './base.ts'
import type { Change, Flag, Side } from './change.ts'
import type { Directory } from './directory.ts'
import type { Look } from './look.ts'

/** What stands at one path on both sides. */
export interface Sides {
  readonly seen?: Look
  readonly before: Look | undefined
  readonly after?: Side
  readonly old: Side | undefined
  readonly flags: readonly Flag[]
}

export function whatOf(
  seen: Look | undefined,
  before: Look | undefined,
  after?: Side,
  old?: Side,
): Change['what'] {
  if (seen === undefined) return 'deleted'
  if (before === undefined) return 'added'
  if (before.kind !== seen.kind) return 'replaced'
  const isSame = seen.kind === 'directory' || (after?.digest !== undefined && after.digest === old?.digest)
  return isSame ? 'mode' : 'changed'
}

export function sideOf(directory: Directory, name: string, { kind, mode, sizeBytes }: Look): Side {
  const target = kind === 'link' ? quietly(() => directory.target(name)) : undefined
  return {
    kind,
    mode,
    sizeBytes: kind === 'file' ? sizeBytes : 0,
    ...(target === undefined ? {} : { target }),
  }
}

export function stampOfMaybe(seen: Look | undefined): string | undefined {
  return seen === undefined ? undefined : stampOf(seen)
}

/** The same for what takes longer. */
export async function quietlyAsync<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof KnownError || systemCode(error) === undefined) throw error
    return undefined
  }
}

/** An agent may make what its own supervisor cannot read: that is told of the file, and ends nothing. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof KnownError || systemCode(error) === undefined) throw error
    return undefined
  }
}
