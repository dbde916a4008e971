/** Bindings and requests for the broker's tests. */
import { keepSecret } from '../../../platform/locked-memory-secret.ts'
import {
  createBroker,
  isRefusal,
  type Broker,
  type BrokerEvent,
  type Head,
  type SecretBinding,
} from './index.ts'
import type { Cleared } from './broker.ts'

export const REAL = 'sk-ant-api03-q7Rk2vXw9LmZt4NbYc8HsJd3FgPe6TuV1oAiKrWx5MzQ'
export const PLACEHOLDER = 'sk-ant-api03-Zb4Kx8WqLr1Nv6TyHc3MdJf9SgPw2EuXoRi7QaVt5YkB'
export const CANARY = 'sk-ant-api03-n3Vc7ZtQx1Lw9RkYb5HdMs8JgFp2TuEoWi6AaKr4XyPe'
export const HOME = { scheme: 'https', host: 'api.model.test', port: 443 } as const
export const AWAY = { scheme: 'https', host: 'paste.evil.test', port: 443 } as const

export function binding(more: Partial<SecretBinding> = {}): SecretBinding {
  return {
    name: 'model-key',
    placeholder: PLACEHOLDER,
    value: keepSecret(Buffer.from(REAL)),
    hosts: ['api.model.test'],
    places: ['header', 'query', 'path', 'body'],
    canary: keepSecret(Buffer.from(CANARY)),
    ...more,
  }
}

export interface Desk {
  readonly broker: Broker
  readonly events: BrokerEvent[]
}

export function desk(bindings: readonly SecretBinding[] = [binding()], nowMs = 0): Desk {
  const events: BrokerEvent[] = []
  const alert = (event: BrokerEvent) => void events.push(event)
  return { broker: createBroker({ bindings, agent: 'coder', run: 'run-1', now: () => nowMs, alert }), events }
}

export function head(target = '/', headers: Head['headers'] = [], method = 'POST'): Head {
  return { method, target, headers: [['Host', 'h'], ...headers] }
}

export function cleared(made: ReturnType<Broker['request']>): Cleared {
  if (isRefusal(made)) throw new Error(`refused: ${made.reason}`)
  return made
}

/** A body through its sieve, cut at these places; the reason where it was refused. */
export function through(
  sieve: Cleared['body'],
  chunks: readonly (string | Uint8Array)[],
): { out: string; refused?: string } {
  let out = ''
  for (const chunk of [...chunks.map((each) => () => sieve.push(Buffer.from(each))), () => sieve.end()]) {
    const made = chunk()
    if (isRefusal(made)) return { out, refused: made.rule }
    out += made.toString('latin1')
  }
  return { out }
}
