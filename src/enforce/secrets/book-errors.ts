import { SecretsError } from './errors.ts'
import type { SecretRecord } from './record.ts'
import { LONGEST_VALUE_BYTES, type StoreName } from './store.ts'

export function unknown(name: string): SecretsError {
  return new SecretsError(
    'SECRET_UNKNOWN',
    `there is no secret ${JSON.stringify(name.slice(0, 64))}`,
    'see: warder secret list',
  )
}

export function changed(name: string): SecretsError {
  return new SecretsError(
    'SECRET_CHANGED',
    `${name} was changed at the same time; nothing was done`,
    'try again',
  )
}

export function state(name: string, why: string): SecretsError {
  return new SecretsError('SECRET_STATE', `${name}: ${why}`, `see: warder secret get ${name}`)
}

export function rotating(name: string): SecretsError {
  return new SecretsError(
    'SECRET_STATE',
    `a rotation of ${name} was begun and not ended`,
    `end it first: warder secret rotate ${name}, or give it up: warder secret rotate ${name} --abort`,
  )
}

export function otherStore({ name, store }: SecretRecord, wanted: StoreName): SecretsError {
  return new SecretsError(
    'SECRET_STATE',
    `${name} is kept in the store ${store}, and a secret has one store; ${wanted} was asked for`,
    `delete it first, then set it there: warder secret delete ${name}`,
  )
}

export function notWritable(store: StoreName): SecretsError {
  return new SecretsError(
    'STORE_REFUSED',
    `values in the store ${store} are put there by others, not by Warder`,
    'put the value there, then set the secret without one',
  )
}

export function notThere(store: StoreName, entry: string): SecretsError {
  return new SecretsError(
    'SECRET_DAMAGED',
    `the store ${store} has nothing called ${JSON.stringify(entry.slice(0, 64))}`,
    'put the value there first, or name another entry with --entry',
  )
}

export function badSize(): SecretsError {
  return new SecretsError(
    'SECRET_INVALID',
    'a value has 1 byte at least and 64 KiB at most',
    `give the value itself, no more than ${LONGEST_VALUE_BYTES} bytes`,
  )
}
