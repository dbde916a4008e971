import type { PeopleInput, PeopleOutput } from '../../api/people-calls.ts'
import { AgentName } from '../../api/words.ts'
import { KnownError, messageOf } from '../../core/error.ts'
import { senderPrincipal, type Sender } from '../../decide/identity/index.ts'
import { DeniedError, type Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { People } from '../people.ts'
import type { Handlers } from './app.ts'
import type { PeopleCaller } from './people-app.ts'

export interface ChatCallOptions {
  readonly people: People
  readonly acts: Acts
  readonly status: Handlers['status']
  readonly stop: Handlers['stop']
}

/** The one channel there is: whoever holds the secret of the webhook. */
export const CHAT_CHANNEL = 'webhook'

const WORDS = 'status | stop [AGENT] [WHY]'

/** Chat messages a bridge vouched for: of strangers nothing is read; of who was let in, what their scope allows is done. */
export function chatCalls(options: ChatCallOptions) {
  const { people } = options
  return {
    async message({ sender: name, text }: PeopleInput<'message'>, caller: PeopleCaller): Promise<Answer> {
      const who = senderPrincipal({ channel: CHAT_CHANNEL, sender: name })
      const heard = people.rooms().senders.hear(CHAT_CHANNEL, name)
      if (heard.isKnown) return { known: true, reply: await answered(heard.sender, text, caller, options) }
      await people.refused({ who, action: 'chat:message' }, 'MEMBER_UNKNOWN', 'nobody let this sender in')
      return heard.reply === undefined ? { known: false } : { known: false, reply: heard.reply }
    },
  }
}

type Answer = PeopleOutput<'message'>

async function answered(
  sender: Sender,
  text: string,
  { signal }: PeopleCaller,
  options: ChatCallOptions,
): Promise<string> {
  const credential = options.people.authenticator.proven(sender)
  const [verb = '', ...words] = text.trim().split(/\s+/)
  try {
    if (verb === 'status' && words.length === 0) return await statusLine(credential, signal, options)
    if (verb === 'stop') return await stopped(credential, words, signal, options)
    return `That is not understood here. What is: ${WORDS}`
  } catch (error) {
    if (error instanceof DeniedError) return `No: ${error.verdict.decision.reason}`
    // what went wrong in here is for the owner's log, not for a chat
    if (error instanceof KnownError) return `That could not be done: ${messageOf(error)}`
    throw error
  }
}

async function statusLine(
  credential: Credential,
  signal: AbortSignal,
  { acts, status }: ChatCallOptions,
): Promise<string> {
  const asked = {
    credential,
    namespace: 'monitor',
    verb: 'read',
    resource: '',
    risk: 'low' as const,
    input: {},
  }
  const verdict = await acts.ask(asked)
  if (verdict.decision.effect !== 'allow') throw new DeniedError(verdict)
  const { mode, runs, degraded } = await status({}, { credential, signal })
  const agents = runs.length === 0 ? 'no agent runs' : `running: ${runs.map(({ agent }) => agent).join(', ')}`
  const stops = mode === 'normal' ? 'normal' : 'every agent is stopped'
  return `Warder: ${stops}; ${agents}; ${degraded.length} warnings`
}

async function stopped(
  credential: Credential,
  words: readonly string[],
  signal: AbortSignal,
  { stop }: ChatCallOptions,
): Promise<string> {
  const [name, ...why] = words
  const { success: isName, data: agent } = AgentName.optional().safeParse(name)
  if (!isName) return 'That is no name of an agent; nothing was stopped'
  const reason = why.join(' ').slice(0, 200) || 'asked for in the chat'
  const { halted } = await stop(agent === undefined ? { reason } : { agent, reason }, { credential, signal })
  return `Stopped: ${agent ?? 'every agent'}; ${halted.length} runs were ended`
}
