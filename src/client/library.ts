import { PassThrough, Readable, type Writable } from 'node:stream'
import type { EndpointName, InputOf, OutputOf, RunRequest } from '../api/endpoints.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { attachRun, type RunExit } from './attach.ts'
import { calls } from './calls.ts'
import type { Client } from './connect.ts'
import { openClient } from './open.ts'

/** What the library's caller brings. */
export interface LibraryWorld {
  readonly config: Config
  readonly clock: Clock
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Collected extends RunExit {
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** One way for the library to reach a gate. */
export interface Backend {
  call<N extends EndpointName>(name: N, input: InputOf<N>): Promise<OutputOf<N>>
  run(request: RunRequest, input?: string | Uint8Array): Promise<Collected>
  /** In a sandbox that runs. */
  runInside(request: InputOf<'execIn'>, input?: string | Uint8Array): Promise<Collected>
  close(): Promise<void>
}

/** The library over this user's daemon. */
export async function callDaemon({ config, environment }: LibraryWorld): Promise<Backend> {
  const client = await openClient({ config, environment, start: true })
  const api = calls(client)
  return {
    call: (name, input) => api.call(name, input),
    run: async (request, input) => collect(client, (await api.call('open', request)).permit, input),
    runInside: async (request, input) => collect(client, (await api.call('execIn', request)).permit, input),
    close: async () => client.close(),
  }
}

async function collect(client: Client, permit: string, input?: string | Uint8Array): Promise<Collected> {
  const [out, err] = [collector(), collector()]
  const streams = { stdin: inputOf(input), stdout: out.stream, stderr: err.stream }
  const exit = await attachRun(client, permit, streams)
  return { ...exit, stdout: out.bytes(), stderr: err.bytes() }
}

export function inputOf(input: string | Uint8Array = ''): Readable {
  return Readable.from([Buffer.from(input)].filter(({ length }) => length > 0))
}

/** A stream that keeps what it is given. The profile's output limit is what bounds it. */
export function collector(): { readonly stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, bytes: () => Buffer.concat(chunks) }
}
