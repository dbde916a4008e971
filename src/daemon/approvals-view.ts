import type { z } from 'zod'
import type { AllowanceShape, QuestionAnswer, TrustShape } from '../api/approvals.ts'
import { actionName } from '../core/action.ts'
import { endOf, patternText, type Allowance, type Question, type Trust } from '../decide/approval/index.ts'

/** What of approvals goes over the wire. */

export function questionAnswer(question: Question, leftMs: number): QuestionAnswer {
  const { action, subject, narrowest, ...rest } = question
  const { id, kind, state, principal, role, rule, reason, payload, twoPhase, choices } = rest
  const optional = {
    wanted: action.reason,
    argv: subject === undefined ? undefined : [...subject.argv],
    cwd: subject?.cwd,
    workspace: subject?.workspace,
    profile: subject?.profile,
    segments: subject?.segments.map(({ program, seals, args }) => ({
      program,
      ...(seals[0] === undefined ? {} : { sha256: seals[0].sha256 }),
      files: seals.slice(1).map((seal) => ({ ...seal })),
      args: [...args],
    })),
    pattern: narrowest === undefined ? undefined : patternText(narrowest),
    notStanding: subject?.notStanding,
    word: question.word,
    agreedBy: question.agreedBy,
    say: question.say,
    by: question.by,
    note: question.note,
    entry: question.entry,
  }
  return {
    ...{ id, kind, state, principal, role, rule, reason, payload, twoPhase, choices: [...choices] },
    action: actionName(action),
    risk: action.risk,
    findings: (action.findings ?? []).map(({ rule: by, risk, note }) => ({ rule: by, risk, note })),
    touches: [...(subject?.touches ?? [])],
    notes: [...(subject?.notes ?? [])],
    about: { ...action.about },
    askedAt: iso(question.askedAt),
    expiresAt: iso(question.expiresAt),
    leftMs: Math.round(leftMs),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

export function allowanceAnswer(allowance: Allowance): z.infer<typeof AllowanceShape> {
  const { id, agent, pattern, by, at, uses, usedAt } = allowance
  return {
    ...{ id, agent, by, uses },
    pattern: patternText(pattern),
    since: iso(at),
    until: iso(endOf(allowance)),
    ...(usedAt === undefined ? {} : { usedAt: iso(usedAt) }),
  }
}

const DAY_MS = 24 * 3_600_000

export function trustAnswer(agent: string, trust: Trust, staged: boolean): z.infer<typeof TrustShape> {
  const { stage, successes, escalations, why, by, at } = trust
  return {
    ...{ agent, stage, staged, escalations, why, by },
    successes: successes.length,
    days: new Set(successes.map((ms) => Math.floor(ms / DAY_MS))).size,
    ...(at === 0 ? {} : { since: iso(at) }),
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}
