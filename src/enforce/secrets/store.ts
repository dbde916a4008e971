/** Where values can lie. Each secret names its one store; none is ever looked for in another. */
export const STORE_NAMES = ['file', 'keychain', 'keyring', 'environment', 'command'] as const
export type StoreName = (typeof STORE_NAMES)[number]

/** Which value: one version of one secret. The id is new for every version, so that no old value passes for a new one. */
export interface ValueRef {
  readonly name: string
  readonly version: number
  readonly id: string
  /** How the place itself calls it, for places that are somebody else's to fill. */
  readonly entry?: string
}

/**
 * Keeps values under their references; knows nothing of who may have them. Bytes that are given stay the caller's,
 * bytes that are returned are the caller's to wipe.
 */
export interface ValueStore {
  readonly store: StoreName | 'memory'
  /** false for a place that is somebody else's to fill, such as the environment. */
  readonly isWritable: boolean
  /** @returns undefined when there is none @throws SecretsError `STORE_UNAVAILABLE`, `SECRET_DAMAGED` */
  read(ref: ValueRef): Promise<Uint8Array | undefined>
  /** Durable when it returns, as far as the place is. @throws SecretsError `STORE_REFUSED`, `STORE_UNAVAILABLE` */
  write(ref: ValueRef, value: Uint8Array): Promise<void>
  /** Whether or not there is one. */
  remove(ref: ValueRef): Promise<void>
}

export const LONGEST_VALUE_BYTES = 64 * 1024

/** `name/version/id`: how a reference is called where a place wants one text. */
export function refText({ name, version, id }: ValueRef): string {
  return `${name}/${version}/${id}`
}
