import { SecretsError } from './errors.ts'
import { isHost, isSecretName, type Place, type SecretRecord } from './record.ts'
import type { StoreName } from './store.ts'

/** What the owner says of a secret; what is left out stays as it was. */
export interface Terms {
  readonly hosts?: readonly string[]
  readonly principals?: readonly string[]
  readonly rotateAfterMs?: number
  readonly hook?: string | null
  readonly isAutomatic?: boolean
  readonly source?: string | null
  readonly places?: readonly Place[]
  readonly uses?: number | null
  readonly plainHttp?: boolean
  readonly signingKeyId?: string | null
}

export interface NewTerms extends Terms {
  readonly store?: StoreName
  readonly entry?: string | null
}

/** What was said, in the words of the list. */
export function present(terms: Terms): Partial<SecretRecord> {
  const { hosts, principals, places } = terms
  const { rotateAfterMs, hook, isAutomatic, source, uses, plainHttp, signingKeyId } = terms
  const plain = { rotateAfterMs, hook, isAutomatic, source, uses, plainHttp, signingKeyId }
  return {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(hosts === undefined ? {} : { hosts: [...new Set(hosts)] }),
    ...(principals === undefined ? {} : { principals: [...new Set(principals)] }),
    ...(places === undefined ? {} : { places: [...new Set(places)] }),
  }
}

export function checkName(name: string): void {
  if (isSecretName(name)) return
  throw new SecretsError(
    'SECRET_INVALID',
    'that is not a name for a secret',
    'use 1 to 63 of a-z, 0-9, dot, dash and underscore, beginning and ending with a letter or digit',
  )
}

export function checkTerms({ hosts = [], rotateAfterMs }: Terms): void {
  const bad = hosts.find((host) => !isHost(host))
  if (bad !== undefined) {
    throw new SecretsError(
      'SECRET_INVALID',
      `${JSON.stringify(bad)} is not a host a secret can be bound to`,
      'write a lower-case name such as api.example.com or *.example.com, with :PORT if need be',
    )
  }
  if (rotateAfterMs !== undefined && rotateAfterMs < 60_000)
    throw new SecretsError(
      'SECRET_INVALID',
      'a secret cannot be due sooner than after a minute',
      'write for example 30d',
    )
}

export function checkAutomatic({ name, isAutomatic, hook }: SecretRecord): void {
  if (!isAutomatic || hook !== null) return
  throw new SecretsError(
    'SECRET_INVALID',
    `${name} cannot be rotated by itself: no program is named that makes a new value`,
    'name one with --hook PROGRAM, or rotate by hand when Warder reminds you',
  )
}
