import { randomBytes } from 'node:crypto'
import { lookalike, type SecretBinding } from '../enforce/egress/index.ts'
import { keepSecret } from '../platform/locked-memory-secret.ts'
import type { LentSecret } from './secrets-bindings.ts'

/** What a run holds instead of its secrets, and what the proxy needs to put the real ones in. */
export interface StandIns {
  readonly bindings: readonly SecretBinding[]
  /** Variables with values that look real and open nothing. */
  readonly env: Readonly<Record<string, string>>
  /** Twins, laid where nobody has to look: by path inside. Whoever uses one is looking for keys. */
  readonly files: Readonly<Record<string, string>>
  /** Wipes the real values here; the proxy has its own. */
  close(): void
}

/** Where the twins lie: what a program would only read that goes through other people's keys. */
const TWINS = '/run/secrets/.previous'

/** Makes a stand-in for each secret of a run, and a twin of each that no honest program has a use for. */
export function standInsFor(lent: readonly LentSecret[], baits: readonly Bait[] = []): StandIns {
  const made = lent.map((secret) => ({ secret, ...standInFor(secret) }))
  const looked = baits.map(bindingFor)
  return {
    bindings: [...made.map(({ binding }) => binding), ...looked],
    env: Object.assign({}, ...made.map(({ env }) => env)) as Record<string, string>,
    files: Object.fromEntries(made.map(({ binding, twin }) => [`${TWINS}/${binding.name}`, twin])),
    close: () => {
      for (const { secret, binding } of made) for (const each of [secret.value, binding.canary]) each?.close()
      for (const { value, canary } of looked) for (const each of [value, canary]) each?.close()
    },
  }
}

/** A fake token that lies about: looked for in all that leaves, and never put in anywhere. */
export interface Bait {
  readonly name: string
  readonly value: string
}

function bindingFor({ name, value: token }: Bait): SecretBinding {
  const like = (): string => lookalike(Buffer.from(token, 'latin1'), randomBytes)
  return {
    ...{ name, placeholder: like(), hosts: [], places: [] },
    value: keepSecret(Buffer.from(like(), 'latin1')),
    canary: keepSecret(Buffer.from(token, 'latin1')),
  }
}

function standInFor(lent: LentSecret): {
  binding: SecretBinding
  env: Record<string, string>
  twin: string
} {
  const { name, value, hosts, places, budget, plainHttp, signingKeyId } = lent
  const placeholder = value.use((bytes) => lookalike(bytes, randomBytes))
  const twin = value.use((bytes) => lookalike(bytes, randomBytes))
  const canary = keepSecret(Buffer.from(twin, 'latin1'))
  const common = {
    name,
    placeholder,
    value,
    canary,
    hosts,
    places,
    plainHttp,
    ...(budget === undefined ? {} : { budget }),
  }
  if (signingKeyId === undefined) return { twin, binding: common, env: { [variableOf(name)]: placeholder } }
  const placeholderKeyId = lookalike(Buffer.from(signingKeyId), randomBytes)
  return {
    twin,
    binding: { ...common, sign: { kind: 'aws-sigv4', placeholderKeyId, keyId: signingKeyId } },
    env: { AWS_ACCESS_KEY_ID: placeholderKeyId, AWS_SECRET_ACCESS_KEY: placeholder },
  }
}

/** `github-token` is `GITHUB_TOKEN` to the programs inside. */
export function variableOf(name: string): string {
  const text = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
  return /^\d/.test(text) ? `_${text}` : text
}
