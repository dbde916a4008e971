import type { Json } from '../core/canonical.ts'
import type { RiskLevel } from '../core/risk.ts'
import type { LeakMatch } from '../enforce/secrets/index.ts'
import type { Credential } from '../gate/index.ts'
import { SecretValue } from '../platform/secret-value.ts'
import type { Acts } from './acts.ts'
import type { People } from './people.ts'
import type { SecretsRoom } from './secrets-room.ts'

export interface SecretHandlerOptions {
  readonly room: SecretsRoom
  readonly acts: Acts
  readonly people: Pick<People, 'fresh' | 'onRecord' | 'identify' | 'rooms'>
  readonly scan: (text: string) => readonly LeakMatch[]
  readonly home: string
  readonly now: () => number
}

export interface SecretAct {
  readonly verb: 'set' | 'read' | 'rotate' | 'delete'
  readonly name: string
  readonly risk: RiskLevel
  /** What will be done, without any value. */
  readonly input: Json
  readonly reason?: string
  /** Where a passphrase of the owner is set, it must have been given a short time ago. */
  readonly fresh?: boolean
}

export type SecretActs = <T>(
  credential: Credential,
  act: SecretAct,
  work: () => T | Promise<T>,
) => Promise<{ value: T; entry: { entry?: number } }>

/** Every act on a secret is asked of the gate as `secret:VERB:NAME` and on record before it is done. */
export function secretActs({ acts, people }: Pick<SecretHandlerOptions, 'acts' | 'people'>): SecretActs {
  return async (credential, { verb, name, risk, input, reason, fresh = false }, work) => {
    if (fresh) await people.fresh(credential, `secret ${verb} ${name}`)
    const asked = { credential, namespace: 'secret', verb, resource: name, risk, input }
    const given = reason === undefined ? asked : { ...asked, reason }
    const { value, verdict } = await acts.act(given, 'secrets', work)
    return { value, entry: verdict.entry === undefined ? {} : { entry: verdict.entry } }
  }
}

/** What a value is, in a form that wipes itself. */
export function heldOf(value: string | undefined): SecretValue | undefined {
  return value === undefined ? undefined : SecretValue.take(Buffer.from(value, 'base64'))
}

export function base64Of(value: SecretValue): string {
  return value.use((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'))
}
