import { timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { SecretsError } from './errors.ts'
import { whileLocked } from './lock.ts'
import { RecordShape, type SecretRecord } from './record.ts'

const MOST_BYTES = 16 * 1024 * 1024
const MOST_SECRETS = 2000

const CatalogueShape = z.strictObject({
  v: z.literal(1),
  /** Counts changes, so that an older copy is seen to be one. */
  revision: z.int().min(0),
  records: z.array(RecordShape).max(MOST_SECRETS),
})
type Content = z.infer<typeof CatalogueShape>
const FileShape = z.strictObject({ ...CatalogueShape.shape, mac: z.string().regex(/^[0-9a-f]{64}$/) })

export interface CatalogueOptions {
  readonly directory: string
  readonly mac: (text: string) => Buffer
  /** The revision the ledger has seen last: what is behind it was put back to an older state. */
  readonly atLeast: () => number
  /** Told of each change, so that the ledger knows its revision. */
  readonly changed?: (revision: number) => void
}

/**
 * The list of secrets, `secrets.json`: everything but the values. One seal covers it all, so that a changed host, a
 * longer time, a missing entry or an older copy is seen before anything is believed.
 */
export class Catalogue {
  readonly #options: CatalogueOptions
  #seen = 0

  constructor(options: CatalogueOptions) {
    this.#options = options
  }

  /** Read from the disk each time. @throws SecretsError `SECRETS_UNTRUSTED`, FileError */
  list(): readonly SecretRecord[] {
    return this.#read().records
  }

  find(name: string): SecretRecord | undefined {
    return this.list().find((record) => record.name === name)
  }

  /**
   * Changes one entry, durable when it returns; nobody comes between look and change.
   *
   * @param how given what is there now; returns what shall be, or undefined for nothing
   */
  change(name: string, how: (record: SecretRecord | undefined) => SecretRecord | undefined): void {
    const { directory, changed } = this.#options
    ensurePrivateDirectory(directory) // the lock stands in it
    const revision = whileLocked(join(directory, 'secrets.lock'), () => {
      const before = this.#read()
      const next = how(before.records.find((record) => record.name === name))
      const others = before.records.filter((record) => record.name !== name)
      if (next !== undefined && others.length >= MOST_SECRETS) throw full()
      const records = next === undefined ? others : [...others, RecordShape.parse(next)]
      this.#write({ v: 1, revision: before.revision + 1, records: records.toSorted(byName) })
      return before.revision + 1
    })
    changed?.(revision)
  }

  get #path(): string {
    return join(this.#options.directory, 'secrets.json')
  }

  #read(): Content {
    ensurePrivateDirectory(this.#options.directory)
    const bytes = readPrivateFile(this.#path, MOST_BYTES)
    const least = Math.max(this.#seen, this.#options.atLeast())
    if (bytes === undefined && this.#seen > 0) throw this.#untrusted('it is gone')
    // none at all is a new list, which opens nothing; it counts on, so that no older copy can come back later
    const content =
      bytes === undefined ? { v: 1 as const, revision: least, records: [] } : this.#checked(bytes)
    if (content.revision < least)
      throw this.#untrusted(`it is at revision ${content.revision}, and ${least} was seen`)
    this.#seen = content.revision
    return content
  }

  #checked(bytes: Buffer): Content {
    let file: z.infer<typeof FileShape>
    try {
      file = FileShape.parse(JSON.parse(bytes.toString('utf8')))
    } catch {
      throw this.#untrusted('it was cut, or is not of its shape')
    }
    const { mac, ...content } = file
    if (!timingSafeEqual(Buffer.from(mac, 'hex'), this.#mac(content)))
      throw this.#untrusted('its seal does not fit: it was altered, or is of another key')
    return content
  }

  #write(content: Content): void {
    const file = { ...content, mac: this.#mac(content).toString('hex') }
    writeFileAtomic(this.#path, `${JSON.stringify(file, null, 1)}\n`)
    this.#seen = content.revision
  }

  #mac(content: Content): Buffer {
    return this.#options.mac(canonicalJson(content as unknown as Json))
  }

  #untrusted(why: string): SecretsError {
    return new SecretsError(
      'SECRETS_UNTRUSTED',
      `the list of secrets is not used: ${why}`,
      `put ${this.#path} back from its newest backup; without one, move it away and set each secret again`,
      { where: this.#path },
    )
  }
}

function byName(a: SecretRecord, b: SecretRecord): number {
  return a.name < b.name ? -1 : 1
}

function full(): SecretsError {
  return new SecretsError(
    'SECRET_INVALID',
    `there are ${MOST_SECRETS} secrets already`,
    'delete those nobody uses: warder secret list',
  )
}
