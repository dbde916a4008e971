import {
  acceptedContent,
  inputRequired,
  type CallToolResult,
  type InputRequests,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { capabilitiesOf, text } from './tools.ts'

const NAME = z.object({ name: z.string() })
const COLOUR = z.object({ color: z.string() })
const OK = z.object({ ok: z.boolean() })

const askName = (message = 'What is your name?') => inputRequired.elicit({ message, requestedSchema: NAME })
const askSampling = (said: string, maxTokens: number) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: said } }],
    maxTokens,
  })

type Answered = (context: ServerContext) => CallToolResult | undefined

/** Questions inside of answers: the revision without sessions asks its client in no other way. */
export function addQuestions(server: McpServer, codec: RequestStateCodec): void {
  const add = (name: string, description: string, questions: () => InputRequests, answered: Answered) =>
    server.registerTool(
      `test_input_required_result_${name}`,
      { description },
      (context) => answered(context) ?? inputRequired({ inputRequests: questions() }),
    )
  const given = ({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined => {
    const value = mcpReq.inputResponses?.[key]
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  }
  add(
    'elicitation',
    'Asks for a name',
    () => ({ user_name: askName() }),
    (context) => {
      const name = acceptedContent(context.mcpReq.inputResponses, 'user_name')?.['name']
      return typeof name === 'string' ? text(`Hello, ${name}!`) : undefined
    },
  )
  add(
    'sampling',
    'Asks for a capital',
    () => ({ capital_question: askSampling('What is the capital of France?', 100) }),
    (context) => {
      const answer = given(context, 'capital_question')
      return answer === undefined ? undefined : text(JSON.stringify(answer['content']))
    },
  )
  add(
    'list_roots',
    'Asks for roots',
    () => ({ client_roots: inputRequired.listRoots() }),
    (context) => {
      const answer = given(context, 'client_roots')
      return answer === undefined ? undefined : text(JSON.stringify(answer['roots']))
    },
  )
  addWithState(server, codec)
  addByCapability(server)
}

function addWithState(server: McpServer, codec: RequestStateCodec): void {
  const confirm = () => ({
    confirm: inputRequired.elicit({ message: 'Please confirm', requestedSchema: OK }),
  })
  for (const name of ['request_state', 'tampered_state'])
    server.registerTool(
      `test_input_required_result_${name}`,
      { description: 'Keeps a state with the client' },
      async (context) =>
        context.mcpReq.requestState<{ round: number }>()?.round === 1
          ? text('state-ok')
          : inputRequired({
              inputRequests: confirm(),
              requestState: await codec.mint({ round: 1 }, context),
            }),
    )
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks three things at once' },
    async (context) =>
      Object.keys(context.mcpReq.inputResponses ?? {}).length >= 3
        ? text('All is answered.')
        : inputRequired({
            inputRequests: {
              user_name: askName(),
              greeting: askSampling('Generate a greeting', 50),
              client_roots: inputRequired.listRoots(),
            },
            requestState: await codec.mint({ round: 1 }, context),
          }),
  )
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks one thing after the other' },
    async (context) => {
      const round = context.mcpReq.requestState<{ round: number }>()?.round ?? 0
      if (round >= 2) return text('Both rounds are done.')
      const step1 = { step1: askName('Step 1: What is your name?') }
      const message = 'Step 2: What is your favorite color?'
      const step2 = { step2: inputRequired.elicit({ message, requestedSchema: COLOUR }) }
      return inputRequired({
        inputRequests: round === 0 ? step1 : step2,
        requestState: await codec.mint({ round: round + 1 }, context),
      })
    },
  )
}

function addByCapability(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only what the client can answer' },
    (context) => {
      const declared = capabilitiesOf(context)
      return inputRequired({
        inputRequests: {
          ...(declared.sampling === undefined ? {} : { greeting: askSampling('Generate a greeting', 50) }),
          ...(declared.elicitation === undefined ? {} : { user_name: askName() }),
        },
      })
    },
  )
}
