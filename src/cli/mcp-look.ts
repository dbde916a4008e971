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
  const said = { err: '', isLate: false }
  const timer = setTimeout(() => {
    said.isLate = true
    over.abort()
  }, PATIENCE_MS)
  stderr.on('data', (chunk: Buffer) => (said.err = (said.err + chunk.toString()).slice(-2000)))
  const running = attachRun(client, opened.permit, { stdin, stdout, stderr, signal: over.signal }).then(
    ({ reason, code }) => `it ended (${reason}${code === undefined ? '' : `, exit ${code}`})`,
    (error: unknown) => {
      if (said.isLate) return `it did not answer within ${PATIENCE_MS / 1000} s`
      return over.signal.aborted ? undefined : messageOf(error) // let go by us: it did not end by itself
    },
  )
  void running.then(() => stdout.end())
  try {
    return await listServer({ toServer: stdin, fromServer: stdout })
  } catch (error) {
    stdin.end()
    over.abort()
    const words = [messageOf(error), await running].filter((text) => text !== undefined).join('; ')
    const told = toldBy(said.err)
    throw new Error(`${words}${told === '' ? '' : `: ${told.slice(0, 200)}`}`, { cause: error })
  } finally {
    clearTimeout(timer)
    stdin.end()
    over.abort() // what it still does is of no interest: letting go ends it
    await running
  }
}

/** Of what a server wrote before it ended, the line that says why; else the last. */
function toldBy(written: string): string {
  const lines = written.trim().split('\n')
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim()
}

function withoutKeys(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, isSecretVariable(name) ? STAND_IN : value]),
  )
}
