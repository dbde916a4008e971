import { SecretsError } from './errors.ts'
import { type ValueStore } from './store.ts'
import type { SecretValue } from '../../platform/secret-value.ts'

export interface EnvironmentStoreOptions {
  /** Variables as they were taken out of the environment at start. */
  readonly taken: ReadonlyMap<string, SecretValue>
}

/**
 * Values from the variables Warder was started with. The weakest store there is: whoever starts Warder has them in a
 * shell's history or a unit file, and other programs of the user can read that. Allowed by `secrets.environment` only.
 */
export function environmentStore({ taken }: EnvironmentStoreOptions): ValueStore {
  return {
    store: 'environment',
    isWritable: false,
    read: async ({ name, entry = variableOf(name) }) => taken.get(entry)?.copy(),
    write: () => Promise.reject(readOnly()),
    remove: () => Promise.reject(readOnly()),
  }
}

/** `openai-api-key` is looked for as `OPENAI_API_KEY`, unless its entry says otherwise. */
export function variableOf(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function readOnly(): SecretsError {
  return new SecretsError(
    'STORE_REFUSED',
    'Warder puts nothing into an environment, which children would inherit',
    'set the variable where Warder is started, or use another store',
  )
}
