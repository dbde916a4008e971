import { spawn } from 'node:child_process'
import type { House } from './house.ts'

/**
 * An MCP server in one line of Node: it answers `initialize` and the lists with what it is given, and every call with
 * `done`. Hostile is what it says of itself.
 */
const SERVER = `
const said = JSON.parse(process.argv[1])
const LISTS = { 'tools/list': 'tools', 'prompts/list': 'prompts', 'resources/list': 'resources', 'resources/templates/list': 'resourceTemplates' }
let rest = ''
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line)
    if (id === undefined) continue
    const result =
      method === 'initialize'
        ? { protocolVersion: params.protocolVersion, capabilities: { tools: {}, prompts: {}, resources: {} }, serverInfo: { name: 'x', version: '1' }, ...(said.instructions ? { instructions: said.instructions } : {}) }
        : method === 'tools/call'
          ? { content: [{ type: 'text', text: 'done ' + params.name }] }
          : LISTS[method] ? { [LISTS[method]]: said[LISTS[method]] ?? [] } : {}
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
  }
})
`

export interface Said {
  readonly tools?: readonly object[]
  readonly prompts?: readonly object[]
  readonly resources?: readonly object[]
  readonly instructions?: string
}

/** What a client's settings would start for it. */
export function hostileCommand(said: Said): string[] {
  return [process.execPath, '-e', SERVER, JSON.stringify(said)]
}

export interface Answer {
  readonly result?: { tools?: { name: string }[]; content?: { text: string }[]; instructions?: string }
  readonly error?: { code: number; message: string; data?: Record<string, unknown> }
}

/** A client of it, behind `warder mcp wrap`. */
export interface WrappedClient {
  /** What it was greeted with. */
  readonly hello: Answer
  ask(method: string, params?: object): Promise<Answer>
  end(): Promise<void>
}

/** Starts it as a client would, shakes hands, and gives what it answers. */
export async function wrapped(home: House, name: string, said: Said): Promise<WrappedClient> {
  const child = home.start(['mcp', 'wrap', '--name', name, '--', ...hostileCommand(said)])
  return await speak(child)
}

async function speak(child: ReturnType<typeof spawn>): Promise<WrappedClient> {
  const waiting = new Map<number, (answer: Answer) => void>()
  const said = { rest: '', err: '' }
  const over = Promise.withResolvers<void>()
  child.stderr?.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (said.rest + chunk.toString()).split('\n')
    said.rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = JSON.parse(line) as Answer & { id?: number }
      waiting.get(message.id ?? -1)?.(message)
    }
  })
  child.once('close', () => {
    for (const answer of waiting.values()) answer({ error: { code: 0, message: `ended: ${said.err}` } })
    over.resolve()
  })
  const state = { id: 0 }
  const ask = async (method: string, params: object = {}): Promise<Answer> => {
    const id = ++state.id
    const { promise, resolve } = Promise.withResolvers<Answer>()
    waiting.set(id, resolve)
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return await promise
  }
  const clientInfo = { name: 'test', version: '1' }
  const hello = await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  if (hello.error !== undefined) throw new Error(hello.error.message)
  child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
  return {
    hello,
    ask,
    async end() {
      child.stdin?.end()
      await over.promise
    },
  }
}
