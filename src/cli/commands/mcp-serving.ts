import { PassThrough, Writable } from 'node:stream'
import { attachRun } from '../../client/attach.ts'
import { calls } from '../../client/calls.ts'
import type { Client } from '../../client/connect.ts'
import { messageOf } from '../../core/error.ts'
import { LineReader } from '../../enforce/mcp/index.ts'
import type { Opened, ServeHost } from '../../enforce/mcp/http/index.ts'

export interface ServingOptions {
  readonly client: Client
  readonly workspace: string
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  readonly messageBytes: number
  readonly warn: (message: string) => void
  /** What a server says beside its answers. */
  readonly heard: (server: string, said: string) => void
}

/**
 * Opens servers through the daemon, as `mcp wrap` does: the server in its sandbox, the firewall before it, one session for
 * each. Nothing is decided here; what comes out has been.
 */
export function serving(options: ServingOptions): ServeHost {
  return { warn: options.warn, open: (server, caller, toClient) => opened(options, server, caller, toClient) }
}

async function opened(
  { client, workspace, cwd, environment, messageBytes, warn, heard }: ServingOptions,
  server: string,
  agent: string,
  toClient: (text: string) => void,
): Promise<Opened> {
  const asked = { server, agent, workspace, cwd, environment, argv: [] }
  const { permit } = await calls(client).call('mcpOpen', asked)
  const [stdin, letGo, ended] = [new PassThrough(), new AbortController(), Promise.withResolvers<string>()]
  const lines = new LineReader({
    most: messageBytes,
    line: (bytes) => toClient(bytes.toString('utf8')),
    tooLong: (sizeBytes) => {
      // whoever waits for it would wait for nothing
      warn(`${server}: an answer of ${sizeBytes} bytes is too large, and its session ends`)
      ended.resolve('an answer is too large')
      letGo.abort()
    },
  })
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk)
      done()
    },
  })
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard(server, chunk.toString('utf8'))
      done()
    },
  })
  void attachRun(client, permit, { stdin, stdout, stderr, signal: letGo.signal }).then(
    ({ reason }) => ended.resolve(`the server has ended (${reason})`),
    (error: unknown) => ended.resolve(messageOf(error)),
  )
  return {
    session: {
      fromClient: (message) => void stdin.write(typeof message === 'string' ? `${message}\n` : message),
      close: () => stdin.end(),
    },
    closed: ended.promise,
    close: () => letGo.abort(),
  }
}
