import type { Endpoint } from '../api/endpoint.ts'
import type { EndpointName, InputOf, OutputOf } from '../api/endpoints.ts'
import { endpointOf } from '../api/topics.ts'
import type { Client, CallOptions } from './connect.ts'
import { clientError } from './error.ts'

/** Typed calls to the daemon: one for every endpoint, checked on the way back too. */
export interface Calls {
  readonly call: <N extends EndpointName>(
    name: N,
    input: InputOf<N>,
    signal?: AbortSignal,
  ) => Promise<OutputOf<N>>
  /** For endpoints that answer line by line. */
  stream<N extends EndpointName>(name: N, input: InputOf<N>, signal?: AbortSignal): AsyncIterable<OutputOf<N>>
}

export function calls(client: Client): Calls {
  return {
    async call(name, input, signal) {
      const endpoint = await endpointOf(name)
      const { json } = await client.request(callOf(endpoint, input, signal))
      return parsed(endpoint, name, json)
    },
    async *stream(name, input, signal) {
      const endpoint = await endpointOf(name)
      for await (const value of client.stream(callOf(endpoint, input, signal)))
        yield parsed(endpoint, name, value)
    },
  }
}

function parsed<N extends EndpointName>({ output }: Endpoint, name: N, json: unknown): OutputOf<N> {
  const result = output.safeParse(json)
  if (result.success) return result.data as OutputOf<N>
  throw clientError('REPLY_INVALID', {
    what: `the daemon's answer to ${name} is not of its shape: ${result.error.issues[0]?.message ?? ''}`,
    fix: 'use a client and a daemon of the same version: warder version; warder status',
    where: result.error.issues[0]?.path.join('.') ?? name,
  })
}

function callOf(shape: Endpoint, input: unknown, signal?: AbortSignal): CallOptions {
  const fields = Object.entries(input as object).filter(([, value]) => value !== undefined)
  const inPath = new Set([...shape.path.matchAll(/:(\w+)/g)].map(([, name]) => name))
  const path = shape.path.replaceAll(/:(\w+)/g, (_all, name: string) =>
    encodeURIComponent(String((input as Record<string, unknown>)[name])),
  )
  const rest = fields.filter(([name]) => !inPath.has(name))
  const aborted = signal === undefined ? {} : { signal }
  if (shape.method === 'POST') {
    return { method: 'POST', path, body: Object.fromEntries(rest), ...aborted }
  }
  const query = new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)]))
  return { method: shape.method, path: query.size === 0 ? path : `${path}?${query.toString()}`, ...aborted }
}
