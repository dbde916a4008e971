import { setTimeout as sleep } from 'node:timers/promises'
import {
  CLIENT_CAPABILITIES_META_KEY,
  fromJsonSchema,
  inputRequired,
  type CallToolResult,
  type ClientCapabilities,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Changes } from './fixture.ts'
import { PNG, WAV } from './media.ts'

export function addTools(server: McpServer, changes: Changes): void {
  addContents(server)
  addProgress(server)
  addClientCalls(server)
  addStateless(server, changes)
  addSchemas(server)
}

export function text(said: string): CallToolResult {
  return { content: [{ type: 'text', text: said }] }
}

/** What the client said it can do, in the revision where each request says it. */
export function capabilitiesOf({ mcpReq }: ServerContext): ClientCapabilities {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {}
  return (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as ClientCapabilities
}

function addContents(server: McpServer): void {
  const add = (name: string, description: string, content: CallToolResult['content']) =>
    server.registerTool(name, { description }, () => ({ content }))
  const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' }
  add('test_simple_text', 'Answers with text', [
    { type: 'text', text: 'This is a simple text response for testing.' },
  ])
  add('test_image_content', 'Answers with an image', [image])
  add('test_audio_content', 'Answers with sound', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }])
  add('test_embedded_resource', 'Answers with a resource', [
    {
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    },
  ])
  add('test_multiple_content_types', 'Answers with several kinds of content', [
    { type: 'text', text: 'Multiple content types test:' },
    image,
    {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: '{"test":"data","value":123}',
      },
    },
  ])
  server.registerTool('test_error_handling', { description: 'Fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
}

function addProgress(server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description: 'Tells what it does' }, async (context) => {
    for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await context.mcpReq.log('info', said)
      await sleep(50)
    }
    return text('The tool has told what it did.')
  })
  server.registerTool('test_tool_with_progress', { description: 'Tells how far it is' }, async (context) => {
    const progressToken = context.mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await context.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100 },
        })
      await sleep(50)
    }
    return text('The tool is done.')
  })
}

/** What the revisions with sessions ask the client in a request of their own. */
function addClientCalls(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the client for a completion', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, context) => {
      const { content } = await context.mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 100,
      })
      return text(`LLM response: ${JSON.stringify(content)}`)
    },
  )
  const elicit = async (
    context: ServerContext,
    message: string,
    properties: Record<string, unknown>,
    required: string[] = [],
  ): Promise<CallToolResult> => {
    const requestedSchema = { type: 'object', properties, required }
    const asked = { message, requestedSchema } as Parameters<typeof context.mcpReq.elicitInput>[0]
    const { action, content = {} } = await context.mcpReq.elicitInput(asked)
    return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`)
  }
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) },
    ({ message }, context) =>
      elicit(
        context,
        message,
        {
          username: { type: 'string', description: "User's response" },
          email: { type: 'string', description: "User's email address" },
        },
        ['username', 'email'],
      ),
  )
  server.registerTool('test_elicitation_sep1034_defaults', { description: 'Asks with defaults' }, (context) =>
    elicit(context, 'Please check these', {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    }),
  )
  server.registerTool('test_elicitation_sep1330_enums', { description: 'Asks to choose' }, (context) =>
    elicit(context, 'Please choose', {
      untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
      titledSingle: { type: 'string', oneOf: titled('Option') },
      legacyEnum: {
        type: 'string',
        enum: ['opt1', 'opt2', 'opt3'],
        enumNames: ['Option One', 'Option Two', 'Option Three'],
      },
      untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
      titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
    }),
  )
}

function titled(what: string): { const: string; title: string }[] {
  return ['First', 'Second', 'Third'].map((which, at) => ({
    const: `value${at + 1}`,
    title: `${which} ${what}`,
  }))
}

function addStateless(server: McpServer, changes: Changes): void {
  server.registerTool('test_missing_capability', { description: 'Needs a client that samples' }, () =>
    inputRequired({
      inputRequests: {
        greeting: inputRequired.createMessage({
          messages: [{ role: 'user', content: { type: 'text', text: 'Greet' } }],
          maxTokens: 10,
        }),
      },
    }),
  )
  server.registerTool(
    'test_streaming_elicitation',
    { description: 'Asks in its answer' },
    async (context) => {
      const progressToken = context.mcpReq._meta?.progressToken ?? 'none'
      await context.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress: 1 },
      })
      const requestedSchema = z.object({ go: z.boolean() })
      return inputRequired({
        inputRequests: { go: inputRequired.elicit({ message: 'Go on?', requestedSchema }) },
      })
    },
  )
  server.registerTool('test_logging_tool', { description: 'Logs, if that is wanted' }, async (context) => {
    await context.mcpReq.log('info', 'This is said only where it is wanted')
    return text('The tool has logged.')
  })
  server.registerTool('test_trigger_tool_change', { description: 'Changes the list of tools' }, () => {
    changes.tools()
    return text('The list of tools has changed.')
  })
  server.registerTool('test_trigger_prompt_change', { description: 'Changes the list of prompts' }, () => {
    changes.prompts()
    return text('The list of prompts has changed.')
  })
}

const ADDRESS = { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } }

function addSchemas(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description: 'Tool with JSON Schema 2020-12 features',
      inputSchema: fromJsonSchema({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: { address: { $anchor: 'addressDef', ...ADDRESS } },
        properties: {
          name: { type: 'string' },
          address: { $ref: '#/$defs/address' },
          contactMethod: { type: 'string', enum: ['phone', 'email'] },
          phone: { type: 'string' },
          email: { type: 'string' },
        },
        allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
        if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { required: ['phone'] },
        else: { required: ['email'] },
        additionalProperties: false,
      }),
    },
    () => text('The arguments are good.'),
  )
  server.registerTool(
    'test_custom_header',
    {
      description: 'Has an argument that is repeated in a header field',
      inputSchema: fromJsonSchema({
        type: 'object',
        properties: { region: { type: 'string', 'x-mcp-header': 'Region' } as { type: 'string' } },
      }),
    },
    () => text('The header field says what the argument says.'),
  )
}
