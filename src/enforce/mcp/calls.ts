import { digestOf, type Json } from '../../core/canonical.ts'
import { readArguments } from './arguments.ts'
import { deniedTool, hidden, type KnownTool } from './catalogue.ts'
import { maskedParams } from './content.ts'
import { deniedBy, type CallFacts, type Desk, type OpenRequest } from './desk.ts'
import { flowsOf, resultLabels } from './flows.ts'
import { isMembers, requestText, type Members, type ReadMessage } from './frame.ts'
import { misfit } from './json-schema.ts'
import { learnTools } from './lists.ts'
import { crowded } from './limits.ts'
import { TIERS } from './policy.ts'
import type { GateAnswer, GateQuestion, Touched } from './ports.ts'
import type { Refusal, RefusalKind } from './refusal.ts'
import { openState, requestDigest } from './state-binding.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>

const PARAMS = new Set(['name', 'arguments', '_meta', 'inputResponses', 'requestState'])
const LONGEST_SUMMARY = 600

/**
 * Decides a call of a tool and sends it on. What was decided before is sent on at once; only a first call, or one that
 * has to be asked about, waits.
 */
export function callTool(desk: Desk, open: OpenRequest, message: Request): void {
  const early = refusedAtSight(desk, message.params)
  if (early !== undefined) return desk.refuse(open, early)
  const over = desk.meter.take(desk.ports.monotonicMs())
  if (over !== undefined) return desk.refuse(open, { kind: 'limit', layer: 'policy', ...over })
  if (desk.catalogue.isWhole) return checkCall(desk, open, message)
  learnTools(desk)
    .then(() => {
      if (desk.isOpen(open)) checkCall(desk, open, message)
    })
    .catch((error: unknown) => desk.refuse(open, unlisted(desk, error)))
}

function refusedAtSight({ catalogue, policy }: Desk, params: Members): Refusal | undefined {
  const { name, arguments: given = {} } = params
  if (typeof name !== 'string' || name === '') return bad('call.name', 'the call names no tool')
  if (!isMembers(given)) return bad('call.arguments', 'the arguments are no object')
  if (Object.hasOwn(params, 'task')) return bad('method.tasks', 'tasks are not passed on', 'method')
  const strange = Object.keys(params).find((each) => !PARAMS.has(each))
  if (strange !== undefined)
    return bad('call.params', `a call has no member ${JSON.stringify(strange.slice(0, 80))}`)
  const { action, rules } = catalogue.rules(name)
  return action === 'deny' ? deniedTool(policy, name.slice(0, 128), rules.length > 0) : undefined
}

function bad(rule: string, reason: string, kind: RefusalKind = 'argument'): Refusal {
  return { kind, layer: 'inspection', rule, reason, fix: 'call it as its definition says: tools/list' }
}

function unlisted({ policy }: Desk, error: unknown): Refusal {
  return {
    kind: 'server',
    layer: 'inspection',
    rule: 'definition.unlisted',
    reason: `the tools of ${policy.name} could not be listed: ${error instanceof Error ? error.message : 'no answer'}`,
    fix: 'look at the server itself: does it answer tools/list?',
  }
}

function checkCall(desk: Desk, open: OpenRequest, message: Request): void {
  const { catalogue, policy, ports } = desk
  const name = String(message.params['name'])
  const tool = catalogue.tool(name)
  const found = catalogue.rules(name)
  if (tool === undefined) {
    return desk.refuse(
      open,
      bad('definition.unknown', `the server lists no tool ${JSON.stringify(name)}`, 'definition'),
    )
  }
  const given = (message.params['arguments'] ?? {}) as Members
  const wrong = hidden(tool, found, policy) ?? misfitOf(tool.definition['inputSchema'], given)
  if (wrong?.kind === 'definition') catalogue.changed() // its owner may trust it meanwhile: the next call looks again
  if (wrong !== undefined) return desk.refuse(open, wrong)
  const read = readArguments(given, found.rules, verbOf(tool))
  if (!read.isFit) return desk.refuse(open, { kind: 'argument', layer: 'policy', ...read })
  const unwritten = writesNothing(desk, read.touched)
  if (unwritten !== undefined) return desk.refuse(open, unwritten)
  const masked = maskedParams(desk, message.params, ['arguments', 'inputResponses'])
  if ('refusal' in masked) return desk.refuse(open, masked.refusal)
  const sent = (masked.params['arguments'] ?? {}) as Members
  const state = openState(desk, message)
  if ('refusal' in state) return desk.refuse(open, state.refusal)
  const labels = resultLabels(policy, found.rules, tool.seen, tool.definition)
  const callMs = found.rules.flatMap((rule) => rule.callMs ?? []).toSorted((a, b) => a - b)[0]
  const accepted = new Set(found.rules.flatMap(({ accepts = [] }) => accepts))
  const tainted = ports.taint.labels().filter((label) => !accepted.has(label))
  const question: GateQuestion = {
    kind: 'tool',
    name,
    touched: read.touched,
    argumentsDigest: digestOf(sent as Json),
    summary: summaryOf(sent),
    flows: flowsOf(tainted, tool.seen, read.touched),
    isAsked: found.action === 'ask' || TIERS[policy.tier].alwaysAsks,
  }
  const send = (answer: GateAnswer): void => {
    if (!desk.isOpen(open)) return
    if (answer.effect === 'deny') return desk.refuse(open, deniedBy(answer))
    const crowd = crowded(desk, found.rules)
    if (crowd !== undefined) return desk.refuse(open, { kind: 'limit', layer: 'policy', ...crowd })
    const { redacted } = masked
    const facts: CallFacts = {
      ...{ tool, labels, redacted, argumentsDigest: question.argumentsDigest },
      wrote: read.touched.flatMap((each) =>
        each.kind === 'file' && each.verb === 'write' ? [each.path] : [],
      ),
      ...{ rule: answer.rule, decision: answer.decision, requestDigest: () => requestDigest(message) },
    }
    open.call = facts
    open.untilMs = ports.monotonicMs() + (callMs ?? policy.limits.callMs)
    const isSame = masked.params === message.params && state.params === message.params
    const { requestState } = state.params
    const params = requestState === undefined ? masked.params : { ...masked.params, requestState }
    desk.forward(open, isSame ? message.text : requestText(message, params))
  }
  const answer = desk.ask(question)
  if (!(answer instanceof Promise)) return send(answer)
  open.untilMs = Number.POSITIVE_INFINITY // a person takes the time a person takes; the approval itself expires
  answer.then(send).catch((error: unknown) => desk.refuse(open, undecided(error)))
}

export function undecided(error: unknown): Refusal {
  return {
    kind: 'denied',
    layer: 'policy',
    rule: 'error',
    reason: `it could not be decided: ${error instanceof Error ? error.message : 'unknown'}`,
    fix: 'warder doctor',
  }
}

/** What a tool does to a path no rule speaks of: what it says of itself, and the worse where it says both. */
function verbOf({ seen }: KnownTool): 'read' | 'write' {
  return seen.labels.some((label) => label === 'file-write' || label === 'destructive') ? 'write' : 'read'
}

function misfitOf(schema: unknown, given: Members): Refusal | undefined {
  const wrong = misfit(schema ?? true, given)
  if (wrong === undefined) return undefined
  const at = wrong.at === '' ? 'the arguments' : wrong.at
  return bad('schema.input', `${at}: ${wrong.what}`)
}

/** What the tier lets no tool of this server do, whatever a rule says. */
function writesNothing({ policy }: Desk, touched: readonly Touched[]): Refusal | undefined {
  const { writes } = TIERS[policy.tier]
  if (writes === 'anywhere') return undefined
  const isChanging = (each: Touched): boolean =>
    each.kind === 'file' && (each.verb === 'write' || each.verb === 'delete')
  const wrong = touched.some(
    (each) =>
      (isChanging(each) && (writes === 'nowhere' || (each.kind === 'file' && each.below === undefined))) ||
      (each.kind === 'command' && writes === 'nowhere'),
  )
  if (!wrong) return undefined
  return {
    kind: 'denied',
    layer: 'policy',
    rule: `mcp.${policy.name}.tier.${policy.tier}`,
    reason:
      writes === 'nowhere'
        ? `tools of a server of tier ${policy.tier} change nothing`
        : `tools of a server of tier ${policy.tier} write only below folders a rule names`,
    fix: 'name the folders with `below` in the rule of this argument, or raise the tier',
  }
}

function summaryOf(given: Members): string {
  const text = JSON.stringify(given)
  return text.length <= LONGEST_SUMMARY ? text : `${text.slice(0, LONGEST_SUMMARY)}…`
}
