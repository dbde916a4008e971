import { SecretValue } from '../../platform/secret-value.ts'
import type { Catalogue } from './catalogue.ts'
import * as problem from './book-errors.ts'
import { SecretsError } from './errors.ts'
import { isValueSize, ROTATE_AFTER_MS, type KeptValue, type SecretRecord } from './record.ts'
import type { StoreName, ValueRef, ValueStore } from './store.ts'
import { checkAutomatic, checkName, checkTerms, present, type NewTerms, type Terms } from './terms.ts'

export interface BookOptions {
  readonly catalogue: Catalogue
  /** @throws SecretsError `STORE_UNAVAILABLE`, `STORE_REFUSED` */
  readonly storeOf: (store: StoreName) => ValueStore | Promise<ValueStore>
  readonly now: () => number
  readonly newId: () => string
}

export type Slot = 'current' | 'candidate' | 'previous'

/**
 * The secrets there are. A value is written under a new reference before the list names it, and taken away after the
 * list has forgotten it: whatever is interrupted, the list never names a value that is not there.
 */
export class SecretBook {
  readonly #options: BookOptions

  constructor(options: BookOptions) {
    this.#options = options
  }

  list(): readonly SecretRecord[] {
    return this.#options.catalogue.list()
  }

  /** @throws SecretsError `SECRET_UNKNOWN` */
  find(name: string): SecretRecord {
    const record = this.#options.catalogue.find(name)
    if (record !== undefined) return record
    throw problem.unknown(name)
  }

  /**
   * Makes a secret, or gives one a new value; the value before it is kept as `previous` until somebody says that the
   * new one works.
   *
   * @param value absent only where the store is somebody else's to fill
   */
  async set(name: string, terms: NewTerms, value: SecretValue | undefined): Promise<SecretRecord> {
    checkName(name)
    checkTerms(terms)
    const before = this.#options.catalogue.find(name)
    if (before?.candidate) throw problem.rotating(name)
    const store = terms.store ?? before?.store ?? 'file'
    if (before !== undefined && before.store !== store) throw problem.otherStore(before, store)
    const fresh = await this.#write({ name, version: (before?.version ?? 0) + 1 }, store, terms, value)
    const next: SecretRecord = {
      ...(before ?? this.#begin(name, store)),
      ...present(terms),
      store,
      entry: terms.entry ?? before?.entry ?? null,
      updatedAt: this.#options.now(),
      version: fresh.version,
      current: fresh,
      previous: before !== undefined && value !== undefined ? before.current : null,
    }
    await this.#commit(next, before, fresh)
    if (before?.previous) await this.#forget(before, before.previous)
    return next
  }

  /** Changes what is known of a secret, not its value. */
  bind(name: string, terms: Terms): SecretRecord {
    checkTerms(terms)
    return this.#change(name, (record) => ({ ...record, ...present(terms) }))
  }

  /** @throws SecretsError `SECRET_UNKNOWN`, `SECRET_STATE`, `SECRET_DAMAGED`, and what the store says */
  async value(name: string, slot: Slot = 'current'): Promise<SecretValue> {
    const record = this.find(name)
    const kept = record[slot]
    if (kept === null) throw problem.state(name, `it has no ${slot} value`)
    const store = await this.#options.storeOf(record.store)
    const bytes = await store.read(refOf(record, kept))
    if (bytes !== undefined && isValueSize(bytes.length)) return SecretValue.take(bytes)
    bytes?.fill(0)
    const fix =
      record.source === null ? `set it again: warder secret set ${name}` : `have it again: ${record.source}`
    throw new SecretsError('SECRET_DAMAGED', `the value of ${name} is not in the store ${record.store}`, fix)
  }

  /** Forgets it; the list first, so that nothing can use it any more. */
  async delete(name: string): Promise<SecretRecord> {
    const found: { record?: SecretRecord } = {}
    this.#options.catalogue.change(name, (record) => {
      if (record === undefined) throw problem.unknown(name)
      found.record = record
      return undefined
    })
    const { record } = found
    if (record === undefined) throw problem.unknown(name)
    for (const kept of [record.current, record.candidate, record.previous]) {
      if (kept !== null) await this.#forget(record, kept)
    }
    return record
  }

  /** Keeps a value beside the one in use, for a rotation. @throws SecretsError `SECRET_STATE` when one waits already */
  async propose(name: string, value: SecretValue): Promise<SecretRecord> {
    const before = this.find(name)
    if (before.candidate !== null) throw problem.rotating(name)
    const fresh = await this.#write({ name, version: before.version + 1 }, before.store, before, value)
    const next = { ...before, version: fresh.version, candidate: fresh, updatedAt: this.#options.now() }
    await this.#commit(next, before, fresh)
    return next
  }

  /** The candidate is used from now on; what was used is kept as `previous`. */
  accept(name: string): SecretRecord {
    return this.#change(name, (record) => {
      if (record.candidate === null) throw problem.state(name, 'no new value waits')
      if (record.previous !== null) throw problem.state(name, 'the value before the one in use is still kept')
      return { ...record, current: record.candidate, previous: record.current, candidate: null }
    })
  }

  /** Goes back to the value before; the one in use is forgotten. */
  async restore(name: string): Promise<SecretRecord> {
    const before = this.find(name)
    const next = this.#change(name, (record) => {
      if (record.previous === null) throw problem.state(name, 'no value before it is kept')
      return { ...record, current: record.previous, previous: null }
    })
    await this.#forget(before, before.current)
    return next
  }

  /** Forgets a value that is not in use. */
  async drop(name: string, slot: 'candidate' | 'previous'): Promise<SecretRecord> {
    const kept = this.find(name)[slot]
    const next = this.#change(name, (record) => {
      if (kept === null || record[slot]?.id !== kept.id) throw problem.state(name, `it has no ${slot} value`)
      return { ...record, [slot]: null }
    })
    if (kept !== null) await this.#forget(next, kept)
    return next
  }

  /** Takes it out of use, or back into it. @param why absent: it may be used again */
  disable(name: string, why: string | undefined): SecretRecord {
    const disabled = why === undefined ? null : { at: this.#options.now(), why: why.slice(0, 500) }
    return this.#change(name, (record) => ({ ...record, disabled }))
  }

  /** Says that whoever fills the store has put a new value there. */
  renewed(name: string): SecretRecord {
    return this.#change(name, (record) => ({
      ...record,
      current: { ...record.current, at: this.#options.now() },
    }))
  }

  #begin(name: string, store: StoreName): Omit<SecretRecord, 'current' | 'version'> {
    const at = this.#options.now()
    const id = this.#options.newId()
    return {
      ...{ id, name, store, createdAt: at, updatedAt: at, rotateAfterMs: ROTATE_AFTER_MS },
      ...{ hosts: [], principals: [], candidate: null, previous: null },
      ...{ places: ['header'], uses: null, plainHttp: false, signingKeyId: null, disabled: null },
      ...{ hook: null, isAutomatic: false, entry: null, source: null },
    }
  }

  #change(name: string, how: (record: SecretRecord) => SecretRecord): SecretRecord {
    const made: { record?: SecretRecord } = {}
    this.#options.catalogue.change(name, (record) => {
      if (record === undefined) throw problem.unknown(name)
      const next = { ...how(record), updatedAt: this.#options.now() }
      checkAutomatic(next)
      made.record = next
      return next
    })
    return made.record ?? this.find(name)
  }

  async #write(
    of: { readonly name: string; readonly version: number },
    storeName: StoreName,
    { entry }: { readonly entry?: string | null },
    value: SecretValue | undefined,
  ): Promise<KeptValue> {
    const kept = { version: of.version, id: this.#options.newId(), at: this.#options.now() }
    const store = await this.#options.storeOf(storeName)
    if (!store.isWritable) {
      if (value !== undefined) throw problem.notWritable(storeName)
      const there = await store.read({ ...of, ...kept, ...(entry ? { entry } : {}) })
      if (there === undefined) throw problem.notThere(storeName, entry ?? of.name)
      there.fill(0)
      return kept
    }
    if (value === undefined || !isValueSize(value.sizeBytes)) throw problem.badSize()
    const copy = value.copy()
    try {
      await store.write({ ...of, ...kept }, copy)
    } finally {
      copy.fill(0)
    }
    return kept
  }

  /** @param before what the new entry was made from; when the list says otherwise by now, somebody came between */
  async #commit(next: SecretRecord, before: SecretRecord | undefined, fresh: KeptValue): Promise<void> {
    try {
      checkAutomatic(next)
      this.#options.catalogue.change(next.name, (record) => {
        if (
          record?.version !== before?.version ||
          record?.updatedAt !== before?.updatedAt ||
          record?.id !== before?.id
        )
          throw problem.changed(next.name)
        return next
      })
    } catch (error) {
      await this.#forget(next, fresh)
      throw error
    }
  }

  async #forget(record: SecretRecord, kept: KeptValue): Promise<void> {
    const store = await this.#options.storeOf(record.store)
    if (store.isWritable) await store.remove(refOf(record, kept))
  }
}

function refOf({ name, entry }: SecretRecord, { version, id }: KeptValue): ValueRef {
  return { name, version, id, ...(entry === null ? {} : { entry }) }
}
