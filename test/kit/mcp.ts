import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, ProtocolError } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker'
import type { House } from './house.ts'

const WARDER = fileURLToPath(new URL('../../bin/warder', import.meta.url))
const PACKAGES = new URL('../../node_modules/@modelcontextprotocol/', import.meta.url)
const HOSTILE = fileURLToPath(new URL('../mcp/hostile.ts', import.meta.url))

/** How the real servers from npm are started. */
export function realServer(name: 'filesystem' | 'memory' | 'everything', ...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`server-${name}/dist/index.js`, PACKAGES)), ...args]
}

/** A server of ours that behaves as no honest one would, put where its sandbox shows it. */
export function hostileServer(house: House, ...words: string[]): string[] {
  const place = join(house.workspace, 'hostile.ts')
  copyFileSync(HOSTILE, place)
  return [process.execPath, place, ...words]
}

export interface Refused {
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Wrapped {
  readonly client: Client
  /** What it said on standard error. */
  readonly said: () => string
  /** The text of a result. @throws when it was refused */
  readonly text: (tool: string, given?: Record<string, unknown>) => Promise<string>
  /** Why a call was refused. @throws when it was not */
  readonly refused: (tool: string, given?: Record<string, unknown>) => Promise<Refused>
  readonly names: () => Promise<string[]>
}

/** A client of the official SDK, before it `warder mcp wrap`, behind that the server. Closed with the test. */
export async function wrapped(
  t: { after(fn: () => Promise<void>): void },
  house: House,
  name: string,
  argv: readonly string[],
  {
    options = [],
    env = {},
  }: { readonly options?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<Wrapped> {
  const transport = new StdioClientTransport({
    command: WARDER,
    args: ['mcp', 'wrap', '--name', name, ...options, '--', ...argv],
    cwd: house.workspace,
    env: { ...house.environment, ...env },
    stderr: 'pipe',
  })
  let said = ''
  transport.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)))
  // its usual one makes code of schemas, which tests may not do either
  const jsonSchemaValidator = new CfWorkerJsonSchemaValidator()
  const client = new Client({ name: 'test', version: '1' }, { capabilities: {}, jsonSchemaValidator })
  t.after(() => client.close())
  try {
    await client.connect(transport, { timeout: 60_000 })
  } catch (error) {
    throw new Error(`the client was not connected:\n${said}`, { cause: error })
  }
  return {
    client,
    said: () => said,
    async text(tool, given = {}) {
      const { content } = (await client.callTool({ name: tool, arguments: given })) as {
        content: { text?: string }[]
      }
      return content.map(({ text }) => text ?? '').join('\n')
    },
    async refused(tool, given = {}) {
      try {
        await client.callTool({ name: tool, arguments: given })
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        return { code: error.code, message: error.message, data: error.data as Refused['data'] }
      }
      throw new Error(`${tool} was not refused`)
    },
    names: async () => (await client.listTools()).tools.map(({ name: each }) => each),
  }
}
