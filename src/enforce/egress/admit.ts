import { decide, type Asked, type Verdict } from './decide.ts'
import type { DecisionEvent, Via } from './event.ts'
import { targetName } from './host.ts'
import { within } from './within.ts'
import { looksRandom } from './names.ts'
import { refusal, type Refusal } from './refusal.ts'
import type { CompiledRule } from './rules.ts'
import type { Answer, EgressRun } from './run.ts'

/** What stands before every connection and request: airlock, budget, rules, a question where one may be asked, the record. */
export type Admission =
  | { readonly allowed: true; readonly id: string; readonly rule: CompiledRule }
  | { readonly allowed: false; readonly refusal: Refusal }

/** Never throws: whatever goes wrong is a no. */
export async function admit(run: EgressRun, asked: Asked, via: Via): Promise<Admission> {
  const id = run.ports.newId()
  const first = judged(run, asked)
  const wasAsked = first === 'ask'
  const verdict = first === 'ask' ? await answered(run, asked) : first
  if (verdict.effect === 'deny') {
    run.spending.refused()
    // what a flood is refused is told once, as an alert
    if (verdict.refusal.code !== 'rate') run.tell(decisionEvent(run, asked, via, id, verdict, wasAsked))
    return { allowed: false, refusal: verdict.refusal }
  }
  try {
    await run.ports.record(decisionEvent(run, asked, via, id, verdict, wasAsked))
  } catch {
    return { allowed: false, refusal: NOT_RECORDED }
  }
  // a stop or a change that came while we waited beats an old yes
  const since = closedNow(run) ?? (wasAsked ? undefined : changed(run, asked))
  return since === undefined ? { allowed: true, id, rule: verdict.rule } : { allowed: false, refusal: since }
}

/** `ask`: no rule says anything of it, and somebody may be asked. */
function judged(run: EgressRun, asked: Asked): Verdict | 'ask' {
  const refused = closedNow(run) ?? spent(run, targetName(asked.target))
  if (refused !== undefined) return denied(refused)
  const verdict = decideNow(run, asked)
  const mayAsk = verdict.effect === 'deny' && verdict.isOutside && run.grant.asks
  return mayAsk ? 'ask' : verdict
}

function decideNow(run: EgressRun, asked: Asked): Verdict {
  return decide(run.book, run.grant.agent, asked, run.ports.clock.now())
}

function changed(run: EgressRun, asked: Asked): Refusal | undefined {
  const again = decideNow(run, asked)
  return again.effect === 'deny' ? again.refusal : undefined
}

/** What is shut for everything of this run, whatever the rules say. */
export function closedNow(run: EgressRun): Refusal | undefined {
  const now = run.ports.clock.now()
  if (run.signal.aborted) return run.signal.reason as Refusal
  if (now >= run.grant.until) return EXPIRED
  return run.isAirlocked(now) ? AIRLOCK_CLOSED : undefined
}

function spent(run: EgressRun, where: string): Refusal | undefined {
  const what = run.spending.request(run.ports.clock.monotonicMs())
  if (what === undefined) return undefined
  run.alert(what === 'rate' ? 'rate-exceeded' : 'budget-spent', where, SPENT[what].reason)
  return SPENT[what]
}

/** Asks once for all who want the same at the same time. */
async function answered(run: EgressRun, asked: Asked): Promise<Verdict> {
  const { target } = asked
  const key = targetName(target)
  const answer = await (run.asking.get(key) ?? question(run, asked, key))
  if (answer.effect === 'deny') return denied(refusal('outside', answer.rule, answer.reason, answer.fix))
  return decideNow(run, asked)
}

function question(run: EgressRun, { target, seen }: Asked, key: string): Promise<Answer> {
  const { runId, agent } = run.grant
  const about = typeof seen === 'string' ? {} : { method: seen.method, path: shownPath(seen.path) }
  const asking = within(run.signal, run.ports.limits.askMs, (signal) =>
    run.ports.ask({ runId, agent, host: target.host.text, port: target.port, ...about }, signal),
  )
    .catch((): Answer => ({
      effect: 'deny',
      rule: 'default',
      reason: `nobody allowed ${key} in time`,
      fix: 'ask again while somebody can answer: warder approval list',
    }))
    .then((answer) => {
      if (answer.effect === 'allow') run.admit(target, answer)
      return answer
    })
    .finally(() => run.asking.delete(key))
  run.asking.set(key, asking)
  return asking
}

/** Puts on record what was refused before there was anything to decide on. */
export function tellRefused(run: EgressRun, via: Via, refused: Refusal, where: Place = UNREADABLE): void {
  run.spending.refused()
  if (spent(run, where.host) !== undefined) return // a flood is told once, as an alert
  const { runId, agent } = run.grant
  const { rule, reason, code } = refused
  const of = { runId, agent, id: run.ports.newId(), at: run.ports.clock.now(), via, asked: false }
  run.tell({ kind: 'decision', ...of, ...where, verdict: 'deny', rule, reason, code })
}

type Place = Pick<DecisionEvent, 'host' | 'port'>
const UNREADABLE: Place = { host: '(unreadable)', port: 0 }

function decisionEvent(
  run: EgressRun,
  { target, seen }: Asked,
  via: Via,
  id: string,
  verdict: Verdict,
  asked: boolean,
): DecisionEvent {
  const isAllowed = verdict.effect === 'allow'
  // put together in one go: there is one of these for each connection and each request
  const event: Writable<DecisionEvent> = {
    kind: 'decision',
    runId: run.grant.runId,
    agent: run.grant.agent,
    id,
    via,
    asked,
    at: run.ports.clock.now(),
    host: target.host.text,
    port: target.port,
    verdict: verdict.effect,
    rule: isAllowed ? verdict.rule.rule.id : verdict.refusal.rule,
    reason: isAllowed ? `${verdict.rule.rule.id} allows it` : verdict.refusal.reason,
  }
  if (!isAllowed) event.code = verdict.refusal.code
  if (typeof seen !== 'string') {
    event.method = seen.method.slice(0, 32)
    event.path = shownPath(seen.path)
  }
  return event
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const LONGEST_SHOWN = 200
const STRANGE = /[^\x21-\x7e]/

/** A path for people: what looks like data rather than like a name is left out. */
export function shownPath(path: string): string {
  const parts = (path.split('?', 1)[0] ?? '').split('/')
  return parts.map(shownPart).join('/').slice(0, LONGEST_SHOWN)
}

function shownPart(part: string): string {
  if (part.length > 64 || looksRandom(part)) return '…'
  return STRANGE.test(part) ? part.replaceAll(/[^\x21-\x7e]/g, '·') : part
}

export function denied(refused: Refusal): Verdict {
  return { effect: 'deny', refusal: refused, isOutside: false }
}

const AIRLOCK_CLOSED = refusal(
  'airlock',
  'egress.airlock',
  'the airlock is closed',
  'open it for a time: warder airlock open --for 30m',
)
const EXPIRED = refusal(
  'expired',
  'egress.until',
  'the time this run was given has passed',
  'start it again with more time',
)
const NOT_RECORDED = refusal(
  'fault',
  'egress.record',
  'it could not be recorded, so it was not done',
  'look at the record and its disk: warder doctor',
)

const SPENT = {
  rate: refusal(
    'rate',
    'egress.rate',
    'more requests a minute than this run may make',
    'wait a minute, or raise the budget of the run',
  ),
  requests: refusal(
    'budget',
    'egress.requests',
    'this run has made all the requests it may',
    'start it again with a larger budget',
  ),
  bytes: refusal(
    'budget',
    'egress.bytes',
    'this run has moved all the bytes it may',
    'start it again with a larger budget',
  ),
} as const
