import type { Json } from '../../core/canonical.ts'
import { SecretsError } from './errors.ts'
import { refText, type StoreName, type ValueRef, type ValueStore } from './store.ts'

/** What seals values, while it is unlocked. */
export interface Sealer {
  /** @throws SecretsError `SECRETS_LOCKED` */
  seal(plain: Uint8Array, about: Json): Uint8Array
  /** @returns undefined when it is not what was sealed @throws SecretsError `SECRETS_LOCKED` */
  open(sealed: Uint8Array, about: Json): Uint8Array | undefined
}

/** A place for bytes that others may look at, copy and change: nothing that comes out of it is believed. */
export interface BlobPlace {
  read(key: string): Promise<Uint8Array | undefined>
  write(key: string, bytes: Uint8Array): Promise<void>
  remove(key: string): Promise<void>
}

/** Every value sealed, with its name, version and id as associated data: none can stand in another's place. */
export function sealedStore(store: StoreName, place: BlobPlace, sealer: Sealer): ValueStore {
  return {
    store,
    isWritable: true,
    async read(ref) {
      const sealed = await place.read(refText(ref))
      if (sealed === undefined) return undefined
      const plain = sealer.open(sealed, aboutOf(ref))
      if (plain !== undefined) return plain
      throw new SecretsError(
        'SECRET_DAMAGED',
        `version ${ref.version} of ${ref.name} in the store ${store} was altered, cut, or is another's`,
        `set it again: warder secret set ${ref.name}; and find out who changed the store`,
      )
    },
    write: (ref, value) => place.write(refText(ref), sealer.seal(value, aboutOf(ref))),
    remove: (ref) => place.remove(refText(ref)),
  }
}

function aboutOf({ name, version, id }: ValueRef): Json {
  return ['warder/secret/value/v1', name, version, id]
}
