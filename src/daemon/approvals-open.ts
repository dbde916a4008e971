import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Role } from '../core/principal.ts'
import type { RateLimits } from '../core/rate.ts'
import {
  Allowances,
  answerText,
  ApprovalBook,
  ApprovalDesk,
  BOOK_TABLE,
  patternText,
  SessionYes,
  signAnswer,
  sqliteBookStore,
  TrustBook,
  type Autonomy,
  type BookLine,
  type Change,
  type LineFields,
  type Mac,
  type Notifier,
  type Question,
  type Settlement,
  type Signer,
  type Somebody,
  type Stage,
} from '../decide/approval/index.ts'
import { parseCommand } from '../decide/inspect/command/parse.ts'
import { openDb } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { AuditEvent, Ledger } from '../record/audit/index.ts'
import { Approvals } from './approvals.ts'
import { allowanceEvent, autonomyEvent, BOOK_ACTIONS, changeEvent, trustEvent } from './approvals-events.ts'
import { Notifying } from './approvals-notifying.ts'
import { Plans } from './approvals-plans.ts'
import { Prompts } from './approvals-prompts.ts'
import { Seals } from './approvals-seals.ts'
import { Watchers } from './approvals-watch.ts'
import { callerGone } from './caller.ts'
import { openSpending } from './spending.ts'
import type { LiveRun } from './runs.ts'

export interface OpenApprovalsOptions {
  readonly values: SettingValues
  readonly signer: Signer
  readonly ledger: Pick<Ledger, 'append' | 'query'>
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly log: Log
  readonly home: string
  readonly own: readonly string[]
  /** Agents that run now: what was allowed "for this session" ends with the last run. */
  readonly live: () => readonly LiveRun[]
  /** Takes back every permit of an agent, or of all, that was not used yet. */
  readonly takeBack: (agent: string | undefined, why: string) => void
  readonly notifiers: readonly Notifier[]
  /** Whether a yes to this may come from afar. */
  readonly mayAnswer: (question: Question) => boolean
  /** Whom a way to reach a person stands for. */
  readonly standsFor: (name: string) => Somebody
  /** Whether somebody of this role may give capabilities. */
  readonly mayGrant: (role: Role) => boolean
  /** Seals what agents have used. */
  readonly mac: Mac
  /** How often agents may act. */
  readonly rates: () => RateLimits
}

const TICK_MS = 250
const LONGEST_KEPT_MS = 90 * 24 * 3_600_000
const PAGE = 1000
/** Letters and digits nobody mistakes for one another. */
const WORD_SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Everything approvals need, opened and wired; `close` ends what waits with a no. */
export function openApprovals(options: OpenApprovalsOptions) {
  const { values, signer, ledger, now, log } = options
  const db = openDb(join(values['paths.state'], 'approvals.db'), { appendOnly: [BOOK_TABLE] })
  const book = new ApprovalBook(sqliteBookStore(db), signer)
  const reading = book.read(knownLines(ledger, now()))
  const state: { autonomy: Autonomy; seq: number } = { autonomy: levelOf(reading), seq: reading.seq }
  const append = (fields: LineFields): void => void (state.seq = book.append(fields).seq)
  const tell = (event: AuditEvent): void =>
    void ledger.append(event).catch((error: unknown) => log.error(`not recorded: ${messageOf(error)}`))

  const allowances = new Allowances({ append, newId }, reading.lines)
  const sessions = new SessionYes()
  const spending = openSpending({
    ...{ db, directory: values['paths.state'], mac: options.mac, limits: options.rates },
    ...{ ledger, now, log, monotonicMs: options.monotonicMs },
  })
  const staged = new Set(values['trust.staged'])
  const isStaged = (agent: string): boolean => staged.has('*') || staged.has(agent)
  const trust = new TrustBook(
    {
      append,
      changed: (agent, after, before) => {
        if (after.stage === 'draft') options.takeBack(agent, `its trust was taken back: ${after.why}`)
        tell(trustEvent(agent, after, before, state.seq + 1))
      },
    },
    reading.lines,
  )
  const plans: Plans = new Plans({
    seals: new Seals(),
    parseCommand,
    home: options.home,
    own: options.own,
    isStaged,
    planned: (agent, capability, reaches) => approvals.planned(agent, capability, reaches),
  })
  const watchers: Watchers = new Watchers(() => withdrawUnheard())
  const notifying: Notifying = new Notifying({
    notifiers: options.notifiers,
    answer: (id, reply, by) => desk.answer(id, reply, by),
    ...{ mayAnswer: options.mayAnswer, standsFor: options.standsFor },
    problem: (what) => log.warn(what),
  })
  const desk: ApprovalDesk = new ApprovalDesk({
    now,
    monotonicMs: options.monotonicMs,
    newId,
    newWord: () => Array.from({ length: 4 }, () => WORD_SIGNS[randomInt(WORD_SIGNS.length)]).join(''),
    lifetimeMs: values['approval.timeout'],
    mayGrant: options.mayGrant,
    record: async (change) => (await ledger.append(changeEvent(change, signed(change, signer)))).seq,
    changed: (change) => {
      watchers.tell(change)
      notifying.changed(change)
    },
  })
  const prompts = new Prompts()
  const approvals: Approvals = new Approvals({
    desk,
    allowances,
    sessions,
    trust,
    plans,
    watchers,
    prompts,
    autonomy: () => state.autonomy,
    mode: { security: values['approval.security'], ask: values['approval.ask'] },
    waits: values['approval.wait'],
    canReach: () => notifying.canReach(),
    askerGone: callerGone,
    isStaged,
    sessionMs: values['approval.session'],
    now,
    allowForGood,
  })
  const timers: NodeJS.Timeout[] = []
  const seen = new Set<string>()

  return {
    /** Once the house stands: questions end by themselves from now on. */
    begin: () => void timers.push(setInterval(tick, TICK_MS).unref()),
    approvals,
    desk,
    allowances,
    spending,
    trust,
    watchers,
    plans,
    isStaged,
    /** Every agent whose stage counts, with those that never ran. */
    stages: (): readonly { readonly agent: string; readonly stage: Stage }[] => {
      const known = trust.list().map(([agent]) => agent)
      const named = [...staged].filter((agent) => agent !== '*')
      const all = [...new Set([...known, ...named])].filter(isStaged).toSorted()
      return all.map((agent) => ({ agent, stage: trust.of(agent).stage }))
    },
    prompts,
    problems: (): readonly string[] => [...reading.problems, ...spending.problems()],
    autonomy: () => state.autonomy,
    setAutonomy(level: Autonomy, by: string): Autonomy {
      const before = state.autonomy
      if (level === before) return before
      append({ kind: 'autonomy', level, by, at: now() })
      state.autonomy = level
      options.takeBack(undefined, `autonomy is ${level} now`)
      tell(autonomyEvent(level, before, by, state.seq))
      return before
    },
    revoke(id: string, by: string) {
      const allowance = allowances.revoke(id, by, now())
      sessions.end(allowance.agent)
      tell(allowanceEvent('revoke', allowance, patternText(allowance.pattern), by, state.seq))
      return allowance
    },
    close(): void {
      for (const timer of timers) clearInterval(timer)
      desk.withdraw(() => true, 'the daemon is ending')
      watchers.close()
      notifying.close()
      spending.close()
      db.close()
    },
  }

  async function allowForGood({ question, pattern, forMs }: Settlement): Promise<string> {
    if (pattern === undefined) throw new Error('a question without a command offered an allowance')
    const by = question.by ?? ''
    const allowance = allowances.add(question.principal, pattern, by, now(), forMs)
    try {
      await ledger.append(allowanceEvent('allowance', allowance, patternText(pattern), by, state.seq))
    } catch (error) {
      allowances.revoke(allowance.id, 'warder', now()) // what is not on record is not allowed
      throw error
    }
    return allowance.id
  }

  /** Nobody watches any more: what waits for an answer would wait in vain. */
  function withdrawUnheard(): void {
    const isUnheard = ({ principal }: Question) => !approvals.isSomebodyThere(principal)
    desk.withdraw(isUnheard, 'whoever could have answered has gone away')
  }

  function tick(): void {
    desk.expire()
    for (const over of allowances.sweep(now())) {
      tell(allowanceEvent('end', over, patternText(over.pattern), 'warder', state.seq))
    }
    // "this session" is over with the agent's last run; a command by itself is none
    const agents = options.live().filter(({ spec }) => plans.of(spec.digest)?.kind === 'run')
    const running = new Set(agents.map(({ running: { agent } }) => agent))
    for (const agent of seen) if (!running.has(agent)) sessions.end(agent)
    seen.clear()
    for (const agent of running) seen.add(agent)
  }
}

export type OpenApprovals = ReturnType<typeof openApprovals>

function signed({ what, question }: Change, signer: Signer) {
  if (what !== 'answered') return undefined
  return { text: answerText(question), signature: signAnswer(question, signer), key: signer.keyId }
}

/** How many lines of the book the ledger knows of: a book that is shorter was cut. */
function knownLines(ledger: Pick<Ledger, 'query'>, now: number): number {
  let most = 0
  for (let after = 0; ;) {
    const page = ledger.query({ action: BOOK_ACTIONS, since: now - LONGEST_KEPT_MS, after, limit: PAGE })
    for (const { details } of page) most = Math.max(most, Number(details['book_seq'] ?? 0))
    if (page.length < PAGE) return most
    after = page.at(-1)!.seq
  }
}

/** A book that cannot be believed may hide that somebody asked for more care: then agents do nothing alone. */
function levelOf({ lines, problems }: { lines: readonly BookLine[]; problems: readonly string[] }): Autonomy {
  const last = lines.findLast((line) => line.kind === 'autonomy')
  if (last?.kind === 'autonomy') return last.level
  return problems.length === 0 ? 'supervised' : 'manual'
}
