import { canonicalJson, sha256, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { identityError, type IdentityError } from './errors.ts'
import { isSame, type PeopleKeys } from './keys.ts'
import { RECORDS, type RecordKind, type RecordOf } from './records.ts'
import type { PeopleStore, Row } from './store.ts'

export interface BookOptions {
  readonly store: PeopleStore
  readonly keys: Pick<PeopleKeys, 'mac'>
  /** The version the ledger saw last; a store that is behind it was put back to an older state. */
  readonly atLeast: number
  /** Where a new book begins to count: above the one it takes the place of. */
  readonly beginsAt?: number
  /** Told of a change somebody must be able to find again; its version goes into the ledger. */
  readonly changed?: (version: number) => void
}

type Entries = Map<string, unknown>

/**
 * The book of people: sealed rows, held in memory, written through. Every row carries a MAC, and one seal covers them
 * all, so that a row which was altered, removed, or put back is seen when the book is opened; the ledger's newest
 * version shows when the whole file was put back.
 */
export class PeopleBook {
  readonly #options: BookOptions
  readonly #kinds = new Map<string, Entries>()
  readonly #macs = new Map<string, string>()
  #version = 0

  /** @throws IdentityError `PEOPLE_UNTRUSTED` */
  constructor(options: BookOptions) {
    this.#options = options
    try {
      this.#load()
    } catch (error) {
      throw untrusted(messageOf(error), error)
    }
  }

  #load(): void {
    const { store, atLeast } = this.#options
    for (const row of store.rows()) this.#take(row)
    const seal = store.seal()
    if (seal === undefined && this.#macs.size > 0) throw new Error('rows stand in it without a seal')
    if (seal !== undefined) {
      if (!isSame(seal.mac, this.#sealMac(seal.version))) throw new Error('its seal does not fit its rows')
      this.#version = seal.version
    } else if (this.#options.beginsAt !== undefined) this.#version = this.#options.beginsAt
    if (this.#version < atLeast) {
      throw new Error(`it is at version ${this.#version}, and the ledger has seen ${atLeast}`)
    }
  }

  #take(row: Row): void {
    const { kind, key, body, mac } = row
    if (!Object.hasOwn(RECORDS, kind))
      throw new Error(`it has a row of an unknown kind ${JSON.stringify(kind)}`)
    if (!isSame(mac, this.#rowMac(kind, key, body))) throw new Error(`its row ${kind} ${key} was altered`)
    const value = RECORDS[kind as RecordKind].parse(JSON.parse(body))
    this.#entries(kind).set(key, value)
    this.#macs.set(`${kind}\n${key}`, Buffer.from(mac).toString('hex'))
  }

  get version(): number {
    return this.#version
  }

  get<K extends RecordKind>(kind: K, key: string): RecordOf<K> | undefined {
    return this.#entries(kind).get(key) as RecordOf<K> | undefined
  }

  list<K extends RecordKind>(kind: K): readonly RecordOf<K>[] {
    return [...this.#entries(kind).values()] as RecordOf<K>[]
  }

  /** With the keys they stand under. */
  entries<K extends RecordKind>(kind: K): readonly (readonly [string, RecordOf<K>])[] {
    return [...this.#entries(kind)] as [string, RecordOf<K>][]
  }

  /** Writes one row, durable when this returns. @param isWeighty it must not be possible to take it back unseen */
  put<K extends RecordKind>(kind: K, key: string, value: RecordOf<K>, isWeighty = false): void {
    const body = canonicalJson(RECORDS[kind].parse(value) as Json)
    const row: Row = { kind, key, body, mac: this.#rowMac(kind, key, body) }
    this.#write([row], [], isWeighty)
    this.#entries(kind).set(key, JSON.parse(body))
  }

  remove(kind: RecordKind, key: string, isWeighty = false): void {
    if (!this.#entries(kind).has(key)) return
    this.#write([], [{ kind, key }], isWeighty)
    this.#entries(kind).delete(key)
  }

  /** Marks a number as used. @returns false when it was used before */
  spend(nonce: string, expiresAt: number, now: number): boolean {
    return this.#options.store.spend(nonce, expiresAt, now)
  }

  #write(put: readonly Row[], remove: readonly Pick<Row, 'kind' | 'key'>[], isWeighty: boolean): void {
    const before = new Map(this.#macs)
    for (const { kind, key, mac } of put) this.#macs.set(`${kind}\n${key}`, Buffer.from(mac).toString('hex'))
    for (const { kind, key } of remove) this.#macs.delete(`${kind}\n${key}`)
    const version = this.#version + 1
    try {
      this.#options.store.write({ put, remove, seal: { version, mac: this.#sealMac(version) } })
    } catch (error) {
      // nothing was written: memory must not know more than the disk
      this.#macs.clear()
      for (const [name, mac] of before) this.#macs.set(name, mac)
      throw error
    }
    this.#version = version
    if (isWeighty) this.#options.changed?.(version)
  }

  #entries(kind: string): Entries {
    const found = this.#kinds.get(kind)
    if (found !== undefined) return found
    const fresh: Entries = new Map()
    this.#kinds.set(kind, fresh)
    return fresh
  }

  #rowMac(kind: string, key: string, body: string): Buffer {
    return this.#options.keys.mac('store', 1, canonicalJson(['row', kind, key, body]))
  }

  #sealMac(version: number): Buffer {
    const names = [...this.#macs].sort(([a], [b]) => (a < b ? -1 : 1))
    return this.#options.keys.mac('store', 1, canonicalJson(['seal', version, sha256(canonicalJson(names))]))
  }
}

function untrusted(why: string, cause: unknown): IdentityError {
  return identityError(
    'PEOPLE_UNTRUSTED',
    `the book of people is not used: ${why}`,
    'put people.db back from a backup; without one: warder owner reset (guests and devices then pair again)',
    cause,
  )
}
