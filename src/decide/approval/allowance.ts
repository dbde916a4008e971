import type { BookLine, LineFields } from './book.ts'
import { ApprovalError } from './error.ts'
import { matches, type CommandPattern } from './pattern.ts'
import type { Segment, Subject } from './subject.ts'

/** A command an agent need not ask for any more. */
export interface Allowance {
  readonly id: string
  readonly agent: string
  readonly pattern: CommandPattern
  readonly by: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly expiresAt: number
  readonly usedAt?: number
  readonly uses: number
}

/** An allowance with its use, which changes at every match. */
interface Kept {
  readonly allowance: Allowance
  usedAt: number | undefined
  uses: number
  /** When its use was last written down. */
  writtenAt: number | undefined
}

export interface AllowanceOptions {
  readonly append: (fields: LineFields) => unknown
  readonly newId: () => string
}

const DAY_MS = 24 * 3_600_000
const USUAL_MS = 30 * DAY_MS
const LONGEST_MS = 90 * DAY_MS
const UNUSED_MS = 90 * DAY_MS
/** A use is written down at most so often: it is for the 90 days, and every match would be a commit. */
const USE_WRITTEN_EVERY_MS = DAY_MS

/**
 * Standing allowances, found by agent and by the digest of the program: a changed binary, or another of the same name
 * earlier in the PATH, finds nothing.
 */
export class Allowances {
  readonly #options: AllowanceOptions
  readonly #all = new Map<string, Kept>()
  /** Those without holes by their whole command, those with holes by program: neither look-up grows with the book. */
  readonly #found = new Map<string, Map<string, Kept>>()

  constructor(options: AllowanceOptions, lines: readonly BookLine[]) {
    this.#options = options
    for (const line of lines) this.#replay(line)
  }

  #replay(line: BookLine): void {
    if (line.kind === 'allowance') {
      const { id, agent, pattern, by, at, expiresAt } = line
      this.#put({ id, agent, pattern, by, at, expiresAt, uses: 0 })
    } else if (line.kind === 'ended') this.#drop(line.id)
    else if (line.kind === 'used') {
      const kept = this.#all.get(line.id)
      if (kept !== undefined) [kept.usedAt, kept.uses, kept.writtenAt] = [line.at, line.uses, line.at]
    }
  }

  /** @throws ApprovalError `ALLOWANCE_INVALID` for a time that is too long */
  add(agent: string, pattern: CommandPattern, by: string, now: number, forMs = USUAL_MS): Allowance {
    if (!Number.isSafeInteger(forMs) || forMs < 1 || forMs > LONGEST_MS) {
      throw new ApprovalError('ALLOWANCE_INVALID', {
        what: `an allowance cannot last ${forMs} ms`,
        fix: 'give at most 90d; 30d is usual',
      })
    }
    const made = { id: this.#options.newId(), agent, pattern, by, at: now, expiresAt: now + forMs }
    this.#options.append({ kind: 'allowance', ...made })
    const allowance = { ...made, uses: 0 }
    this.#put(allowance)
    return allowance
  }

  /** The allowance that covers this command, if any does; it counts as used. */
  match(agent: string, subject: Subject, now: number): Allowance | undefined {
    const found =
      this.#among(exactKey(agent, subject.segments), subject, now) ??
      this.#among(programKey(agent, subject.segments), subject, now)
    if (found === undefined) return undefined
    this.#use(found, now)
    return found.allowance
  }

  #among(key: string, subject: Subject, now: number): Kept | undefined {
    for (const kept of this.#found.get(key)?.values() ?? []) {
      if (now < endOfKept(kept) && matches(kept.allowance.pattern, subject)) return kept
    }
    return undefined
  }

  #use(kept: Kept, now: number): void {
    kept.usedAt = now
    kept.uses += 1
    if (kept.writtenAt !== undefined && now - kept.writtenAt < USE_WRITTEN_EVERY_MS) return
    kept.writtenAt = now
    this.#options.append({ kind: 'used', id: kept.allowance.id, uses: kept.uses, at: now })
  }

  /** @throws ApprovalError `ALLOWANCE_UNKNOWN` */
  revoke(id: string, by: string, now: number): Allowance {
    const allowance = this.#all.get(id)?.allowance
    if (allowance === undefined) {
      throw new ApprovalError('ALLOWANCE_UNKNOWN', {
        what: `there is no allowance ${id}`,
        fix: 'look at: warder allowance list',
      })
    }
    this.#drop(id) // out of force first: a book that cannot be written must not keep it alive
    this.#options.append({ kind: 'ended', id, by, at: now })
    return allowance
  }

  /** Forgets those whose time is over, or that nobody used for 90 days. */
  sweep(now: number): readonly Allowance[] {
    const over = [...this.#all.values()].filter((kept) => now >= endOfKept(kept)).map(shown)
    for (const { id } of over) this.#drop(id)
    return over
  }

  list(): readonly Allowance[] {
    return [...this.#all.values()].map(shown)
  }

  #put(allowance: Allowance): void {
    const key = keyOf(allowance)
    const bucket = this.#found.get(key) ?? new Map<string, Kept>()
    const kept: Kept = { allowance, usedAt: undefined, uses: 0, writtenAt: undefined }
    this.#found.set(key, bucket.set(allowance.id, kept))
    this.#all.set(allowance.id, kept)
  }

  #drop(id: string): void {
    const allowance = this.#all.get(id)?.allowance
    if (allowance === undefined) return
    const key = keyOf(allowance)
    const bucket = this.#found.get(key)
    bucket?.delete(id)
    if (bucket?.size === 0) this.#found.delete(key)
    this.#all.delete(id)
  }
}

function endOfKept({ allowance: { at, expiresAt }, usedAt }: Kept): number {
  return Math.min(expiresAt, (usedAt ?? at) + UNUSED_MS)
}

/** With what is known of its use by now. */
function shown({ allowance, usedAt, uses }: Kept): Allowance {
  return usedAt === undefined ? allowance : { ...allowance, uses, usedAt }
}

/** When it ends: at its time, or when it was not used for so long. */
export function endOf({ at, expiresAt, usedAt }: Allowance): number {
  return Math.min(expiresAt, (usedAt ?? at) + UNUSED_MS)
}

function keyOf({ agent, pattern: { segments } }: Allowance): string {
  const literal = segments.map(({ seals, args }) => ({
    seals,
    args: args.flatMap((arg) => ('literal' in arg ? [arg.literal] : [])),
  }))
  const isExact = segments.every(({ args }, i) => args.length === literal[i]!.args.length)
  return isExact ? exactKey(agent, literal) : programKey(agent, segments)
}

type Keyed = readonly Pick<Segment, 'seals' | 'args'>[]

function programKey(agent: string, segments: readonly Pick<Segment, 'seals'>[]): string {
  return `${agent} ${segments[0]?.seals[0]?.sha256 ?? ''}`
}

function exactKey(agent: string, segments: Keyed): string {
  return `${programKey(agent, segments)} ${segments.map(({ args }) => args.join('\n')).join('\n\n')}`
}
