import { join } from 'node:path'
import { z } from 'zod'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { CANARY_ERRORS, CanaryError, canaryError } from './errors.ts'

export const CANARY_KINDS = ['file', 'credential', 'token', 'dns', 'tool', 'secret'] as const
export type CanaryKind = (typeof CANARY_KINDS)[number]

const CanaryShape = z.strictObject({
  id: z.string(),
  kind: z.enum(CANARY_KINDS),
  /** The path, host name, `server/tool` or name of the secret; for a token what it is called. */
  name: z.string(),
  plantedAt: z.number(),
  /** SHA-256 of the file, or of the token: the list itself gives none away. */
  digest: z.string(),
  /** How the file was left. */
  file: z
    .strictObject({ mode: z.int(), uid: z.int(), gid: z.int(), inode: z.string(), device: z.string() })
    .optional(),
  /** The token itself, which opens nothing: what leaves a run is searched for it. */
  value: z.string().optional(),
})
export type Canary = z.infer<typeof CanaryShape>

const BookShape = z.strictObject({
  version: z.literal(1),
  /** Rises with each change: an older list put back is told by it. */
  revision: z.int().min(0),
  /** Of the record: what came later is still to be looked at. */
  seen: z.int().min(0),
  canaries: z.array(CanaryShape),
})
export type CanaryState = z.infer<typeof BookShape>

const FileShape = z.strictObject({ canaries: z.string(), mac: z.string() })
const DOMAIN = 'warder.canaries v1\n'
export const MOST_CANARIES = 32
const EMPTY: CanaryState = { version: 1, revision: 0, seen: 0, canaries: [] }

export interface CanaryBookOptions {
  readonly stateDirectory: string
  readonly mac: (text: string) => Buffer
  /** The newest revision the record knows. */
  readonly seenRevision: number
}

/** The list of canaries, sealed: nobody else can take one from it, add one, or put an older list back unseen. */
export class CanaryBook {
  readonly #options: CanaryBookOptions
  #state: CanaryState

  /** @throws CanaryError `CANARY_FORGED`; FileError `FILE_UNSAFE` */
  constructor(options: CanaryBookOptions) {
    this.#options = options
    this.#state = this.#read()
  }

  get state(): CanaryState {
    return this.#state
  }

  list(): readonly Canary[] {
    return this.#state.canaries
  }

  /** @throws CanaryError `CANARY_UNKNOWN` */
  find(idOrName: string): Canary {
    const found = this.list().find(({ id, name }) => id === idOrName || name === idOrName)
    if (found !== undefined) return found
    throw canaryError('CANARY_UNKNOWN', `there is no canary ${idOrName}`, 'see: warder canary list')
  }

  /** @throws CanaryError `CANARY_TOO_MANY`, `CANARY_IN_THE_WAY` */
  checkRoom(kind: CanaryKind, name: string): void {
    if (this.list().length >= MOST_CANARIES)
      throw canaryError(
        'CANARY_TOO_MANY',
        `there are ${MOST_CANARIES} canaries already`,
        'take one away first: warder canary remove',
      )
    if (this.list().some((each) => each.kind === kind && each.name === name))
      throw canaryError('CANARY_IN_THE_WAY', `${name} is a canary already`, 'give it another name')
  }

  /** @returns the new revision */
  add(canary: Canary, seen: number): number {
    return this.#write({ canaries: [...this.list(), canary], seen })
  }

  remove(id: string): number {
    return this.#write({ canaries: this.list().filter((each) => each.id !== id), seen: this.#state.seen })
  }

  /** How far the record was looked at; no change that anybody could take back. */
  saw(seen: number): void {
    if (this.list().length > 0 && seen > this.#state.seen) this.#save({ ...this.#state, seen })
  }

  /** Whether the list on the disk is still the one we wrote. */
  isWhole(): boolean {
    if (this.list().length === 0 && this.#state.revision === 0) return true
    try {
      return textOf(this.#read()) === textOf(this.#state)
    } catch {
      return false
    }
  }

  #write(change: Pick<CanaryState, 'canaries' | 'seen'>): number {
    this.#save({ version: 1, revision: this.#state.revision + 1, ...change })
    return this.#state.revision
  }

  #save(state: CanaryState): void {
    const body = textOf(state)
    ensurePrivateDirectory(join(this.#options.stateDirectory, 'canaries'))
    const mac = this.#options.mac(DOMAIN + body).toString('hex')
    writeFileAtomic(this.#path(), `${JSON.stringify({ canaries: body, mac })}\n`)
    this.#state = state
  }

  #read(): CanaryState {
    const { mac, seenRevision } = this.#options
    try {
      const text = readPrivateFile(this.#path(), 1024 * 1024)?.toString('utf8')
      if (text === undefined && seenRevision === 0) return EMPTY
      if (text === undefined) throw new Error('it is gone')
      const file = FileShape.parse(JSON.parse(text))
      if (mac(DOMAIN + file.canaries).toString('hex') !== file.mac) throw new Error('its seal is broken')
      const state = BookShape.parse(JSON.parse(file.canaries))
      if (state.revision < seenRevision) throw new Error('an older one was put back')
      return state
    } catch (cause) {
      throw new CanaryError(CANARY_ERRORS, 'CANARY_FORGED', {
        what: `the list of canaries cannot be believed: ${messageOf(cause).slice(0, 200)}`,
        fix: 'look at what happened to it; then begin a new one: warder canary remove --all',
        cause,
      })
    }
  }

  #path(): string {
    return join(this.#options.stateDirectory, 'canaries', 'canaries.json')
  }
}

function textOf(state: CanaryState): string {
  return canonicalJson(state as unknown as Json)
}

/** Begins a new list, after the old one could not be believed. */
export function resetBook(options: CanaryBookOptions): CanaryBook {
  const { stateDirectory, mac, seenRevision } = options
  const body = textOf({ ...EMPTY, revision: seenRevision + 1 })
  ensurePrivateDirectory(join(stateDirectory, 'canaries'))
  const sealed = { canaries: body, mac: mac(DOMAIN + body).toString('hex') }
  writeFileAtomic(join(stateDirectory, 'canaries', 'canaries.json'), `${JSON.stringify(sealed)}\n`)
  return new CanaryBook(options)
}
