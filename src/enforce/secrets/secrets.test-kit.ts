import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { SecretValue } from '../../platform/secret-value.ts'
import { SecretBook } from './book.ts'
import { Catalogue } from './catalogue.ts'
import { filePlace } from './store-file.ts'
import { sealedStore } from './store-sealed.ts'
import { Vault, type KdfCost } from './vault.ts'

/** So little that a test does not wait for it. */
export const QUICK: KdfCost = { memoryKib: 64, passes: 1, lanes: 1 }

export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'wsec-'))
  after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A whole store on disk, in places of its own. */
export function store(root = directory()) {
  const [keys, state] = [join(root, 'keys'), join(root, 'secrets')]
  for (const path of [keys, state]) mkdirSync(path, { recursive: true, mode: 0o700 })
  const clock = { now: 1_800_000_000_000 }
  const revisions: number[] = []
  const ids = { next: 0 }
  const newId = (): string => `id-${process.pid}-${Math.random().toString(36).slice(2)}-${ids.next++}`
  const keyFile = join(keys, 'secrets.key')
  const vault = new Vault({ directory: state, keyFile, newId, cost: QUICK })
  const options = {
    directory: state,
    mac: (text: string) => vault.mac('catalogue', text),
    atLeast: () => revisions.at(-1) ?? 0,
    changed: (revision: number) => void revisions.push(revision),
  }
  const catalogue = new Catalogue(options)
  const values = sealedStore('file', filePlace(state), vault)
  const book = new SecretBook({ catalogue, storeOf: () => values, now: () => clock.now, newId })
  return { root, state, keyFile, vault, catalogue, values, book, clock, revisions, options, newId }
}

export function secret(text: string): SecretValue {
  return SecretValue.take(Buffer.from(text))
}

export function textOf(value: SecretValue): string {
  const text = value.use((bytes) => Buffer.from(bytes).toString('utf8'))
  value.close()
  return text
}
