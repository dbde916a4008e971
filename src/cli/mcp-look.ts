import { PassThrough } from 'node:stream'
import { attachRun } from '../client/attach.ts'
import { calls } from '../client/calls.ts'
import type { Client } from '../client/connect.ts'
import { messageOf } from '../core/error.ts'
import { isSecretVariable } from '../core/secret-variable.ts'
import { listServer, type McpListing } from './mcp-listing.ts'

export interface LookedAt {
  readonly name: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly cwd: string
  readonly workspace: string
}

const PATIENCE_MS = 60_000
/** Servers refuse to start without their keys; to say what they define they need none. */
const STAND_IN = 'not-given-while-looking'

/**
 * Starts a server in its sandbox, asks what it defines, and ends it. Nothing of it is called, and no key is given to it.
 *
 * @throws whatever kept it from answering, in words
 */
export async function lookInSandbox(client: Client, asked: LookedAt): Promise<McpListing> {
  const { name, command, environment, cwd, workspace } = asked
  const opened = await calls(client).call('mcpOpen', {
    ...{ server: name, argv: [...command], cwd, workspace, look: true },
    environment: withoutKeys(environment),
  })
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), PATIENCE_MS)
  const said = { err: '' }
  stderr.on('data', (chunk: Buffer) => (said.err = (said.err + chunk.toString()).slice(-2000)))
  const running = attachRun(client, opened.permit, { stdin, stdout, stderr, signal: over.signal }).then(
    ({ reason, code }) => `it ended (${reason}${code === undefined ? '' : `, exit ${code}`})`,
    (error: unknown) =>
      over.signal.aborted ? `it did not answer within ${PATIENCE_MS / 1000} s` : messageOf(error),
  )
  void running.then(() => stdout.end())
  try {
    return await listServer({ toServer: stdin, fromServer: stdout })
  } catch (error) {
    stdin.end()
    over.abort()
    const last = said.err.trim().split('\n').at(-1) ?? ''
    throw new Error(`${messageOf(error)}; ${await running}${last === '' ? '' : `: ${last.slice(0, 200)}`}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    stdin.end()
    over.abort() // what it still does is of no interest: letting go ends it
    await running
  }
}

function withoutKeys(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, isSecretVariable(name) ? STAND_IN : value]),
  )
}
