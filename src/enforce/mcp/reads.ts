import { digestOf, type Json } from '../../core/canonical.ts'
import { undecided } from './calls.ts'
import { maskedParams } from './content.ts'
import { deniedBy, type Desk, type OpenRequest } from './desk.ts'
import { flowsOf } from './flows.ts'
import { requestText, type Members, type ReadMessage } from './frame.ts'
import { rulesFor, TIERS } from './policy.ts'
import type { GateAnswer, Touched } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { openState, requestDigest } from './state-binding.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>

const LONGEST_URI = 4096

/** Decides whether a resource or a prompt may be read, and sends the request on. */
export function readNamed(
  desk: Desk,
  open: OpenRequest,
  message: Request,
  kind: 'resource' | 'prompt',
): void {
  const { policy, ports, meter } = desk
  const name = message.params[kind === 'resource' ? 'uri' : 'name']
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_URI || /\p{Cc}/u.test(name)) {
    return desk.refuse(open, notNamed(kind))
  }
  const { action } = rulesFor(kind === 'resource' ? policy.resources : policy.prompts, name)
  if (action === 'deny') return desk.refuse(open, noRule(policy.name, kind, name))
  const refused = desk.catalogue.refused(kind, name)
  if (refused !== undefined) return desk.refuse(open, refused)
  const over = meter.take(ports.monotonicMs())
  if (over !== undefined) return desk.refuse(open, { kind: 'limit', layer: 'policy', ...over })
  const masked = maskedParams(desk, message.params, ['arguments', 'inputResponses'])
  if ('refusal' in masked) return desk.refuse(open, masked.refusal)
  const state = openState(desk, message)
  if ('refusal' in state) return desk.refuse(open, state.refusal)
  const touched = kind === 'resource' ? touchedBy(name) : []
  const question = {
    ...{ kind, name, touched, flows: flowsOf(ports.taint.labels(), { labels: [] }, touched) },
    argumentsDigest: digestOf({ name, given: masked.params['arguments'] ?? {} } as unknown as Json),
    summary: JSON.stringify({ [kind]: name }).slice(0, 600),
    isAsked: action === 'ask' || TIERS[policy.tier].alwaysAsks,
  }
  const send = (answer: GateAnswer): void => {
    if (!desk.isOpen(open)) return
    if (answer.effect === 'deny') return desk.refuse(open, deniedBy(answer))
    open.call = {
      ...{ rule: answer.rule, decision: answer.decision, redacted: masked.redacted },
      argumentsDigest: question.argumentsDigest,
      labels: [...TIERS[policy.tier].labels, ...(kind === 'resource' ? labelsOf(name) : [])],
      requestDigest: () => requestDigest(message),
    }
    open.untilMs = ports.monotonicMs() + policy.limits.callMs
    const isSame = masked.params === message.params && state.params === message.params
    const { requestState } = state.params
    const params: Members = requestState === undefined ? masked.params : { ...masked.params, requestState }
    desk.forward(open, isSame ? message.text : requestText(message, params))
  }
  const answer = desk.ask(question)
  if (!(answer instanceof Promise)) return send(answer)
  open.untilMs = Number.POSITIVE_INFINITY
  answer.then(send).catch((error: unknown) => desk.refuse(open, undecided(error)))
}

/** What reading it reaches, where its name tells. A scheme of the server's own reaches nothing but the server. */
function touchedBy(uri: string): readonly Touched[] {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === 'file') return [{ kind: 'file', verb: 'read', path: uri }]
  return scheme === 'http' || scheme === 'https' ? [{ kind: 'connect', url: uri }] : []
}

function labelsOf(uri: string): readonly string[] {
  if (/^file:/i.test(uri)) return ['fs-read']
  return /^https?:/i.test(uri) ? ['external-data'] : []
}

function notNamed(kind: string): Refusal {
  return {
    ...{ kind: 'argument', layer: 'inspection', rule: `${kind}.name` },
    reason: `the request names no ${kind} that can be read`,
    fix: `take it from the list: ${kind}s/list`,
  }
}

function noRule(server: string, kind: 'resource' | 'prompt', name: string): Refusal {
  return {
    ...{ kind: 'denied', layer: 'policy', rule: 'default' },
    reason: `no rule allows the ${kind} ${JSON.stringify(name.slice(0, 200))} of ${server}`,
    fix: `name it under mcp.servers.${server}.${kind}s in the policy`,
  }
}
