import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A model that says what a test wants, to a coding agent that takes it for the real one. On loopback, one port. */
export interface FakeModel {
  readonly url: string
  /** Everything the agent sent, in order. */
  readonly heard: readonly string[]
}

/**
 * What the model wants done next: a command for the agent's shell tool, or words, which end the turn.
 *
 * @param turn counts the requests that could have used a tool, from 0
 * @param heard the whole request
 */
export type Script = (turn: number, heard: string) => { readonly run: string } | { readonly say: string }

/** Speaks to Claude Code (Anthropic's messages) and to Codex (OpenAI's responses). */
export async function fakeModel(t: { after(fn: () => void): void }, script: Script): Promise<FakeModel> {
  const heard: string[] = []
  const count = { turns: 0 }
  const next = (body: string) => {
    heard.push(body)
    return script(count.turns++, body)
  }
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      const path = request.url ?? ''
      if (path.startsWith('/v1/messages') && !path.includes('count_tokens'))
        return messages(body, next, response)
      if (path.startsWith('/v1/responses')) return responses(body, next, response)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[],"models":[]}')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

type Next = (body: string) => ReturnType<Script>

function messages(body: string, next: Next, response: ServerResponse): void {
  const { model, tools = [] } = JSON.parse(body) as { model: string; tools?: { name: string }[] }
  // it also asks for titles and the like, with no tools: those are no turns
  const act = tools.some(({ name }) => name === 'Bash') ? next(body) : { say: 'ok' }
  const id = `${Date.now()}${Math.random()}`.replace('.', '')
  const usage = { input_tokens: 1, output_tokens: 1 }
  const [block, delta, reason] =
    'run' in act
      ? [
          { type: 'tool_use', id: `toolu_${id}`, name: 'Bash', input: {} },
          {
            type: 'input_json_delta',
            partial_json: JSON.stringify({ command: act.run, description: 'as told' }),
          },
          'tool_use',
        ]
      : [{ type: 'text', text: '' }, { type: 'text_delta', text: act.say }, 'end_turn']
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  send(response, [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ])
}

function responses(body: string, next: Next, response: ServerResponse): void {
  const act = next(body)
  const id = `${Date.now()}${Math.random()}`.replace('.', '')
  const item =
    'run' in act
      ? {
          type: 'function_call',
          id,
          call_id: `call_${id}`,
          name: 'exec_command',
          arguments: JSON.stringify({ cmd: act.run }),
        }
      : { type: 'message', id, role: 'assistant', content: [{ type: 'output_text', text: act.say }] }
  send(response, [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', item },
    {
      type: 'response.completed',
      response: { id, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
    },
  ])
}

type Event = { readonly type: string } & Readonly<Record<string, unknown>>

function send(response: ServerResponse, events: readonly Event[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  response.end()
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
