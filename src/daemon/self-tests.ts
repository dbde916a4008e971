import { z } from 'zod'
import type { StatusAnswer } from '../api/endpoints.ts'
import { GUARANTEES, type Profile } from '../enforce/sandbox/index.ts'
import { bootId, profileDigest, SelfTestBook, type SelfTestNote } from '../enforce/sandbox/selftest/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Ledger } from '../record/audit/index.ts'

const ACTION = 'sandbox:test'
const MOST_ENTRIES = 1000

/** What a self-test found, for the ledger. */
export function selfTestEvent(note: SelfTestNote, request: string): GateEvent {
  const { counts, driver, profile, level, escaped, broken, isGreen, isWhole } = note
  return {
    event_type: 'system',
    agent: 'warder',
    action: ACTION,
    target: `${driver}/${profile}`,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'sandbox',
    permit_id: '',
    reason: isGreen
      ? `${counts.stopped} ways out were tried, and none was open`
      : escaped.length > 0
        ? `a way out was found: ${escaped.join(', ')}`
        : `${counts.missing} attempts could not be made`,
    request_id: request,
    result: isGreen ? 'success' : escaped.length > 0 ? 'violation' : 'failure',
    risk_level: escaped.length > 0 ? 'critical' : 'low',
    rule: 'sandbox.self-test',
    details: {
      ...counts,
      ...{ driver, level, profile, whole: isWhole, green: isGreen },
      profile_digest: note.profileDigest,
      boot_id: note.bootId,
      started_at: note.startedAt,
      duration_ms: note.durationMs,
      broken_guarantees: broken.join(' '),
      escaped_names: escaped.join(' '),
    },
  }
}

const numberOfAttempts = z.int().min(0)
const detailsShape = z.object({
  tried: numberOfAttempts,
  stopped: numberOfAttempts,
  escaped: numberOfAttempts,
  notStoppable: numberOfAttempts,
  notRun: numberOfAttempts,
  noControl: numberOfAttempts,
  missing: numberOfAttempts,
  driver: z.string(),
  level: z.enum(['none', 'landlock', 'container', 'full']),
  profile: z.string(),
  whole: z.boolean(),
  green: z.boolean(),
  profile_digest: z.string(),
  boot_id: z.string(),
  started_at: z.int(),
  duration_ms: z.int(),
  broken_guarantees: z
    .string()
    .transform((text) => text.split(' ').filter((name) => name !== ''))
    .pipe(z.array(z.enum(GUARANTEES))),
  escaped_names: z.string().transform((text) => text.split(' ').filter((name) => name !== '')),
})

/** The last test of this boot for each driver and profile; one of a profile that has changed since is not current. */
export function testsOf(
  book: SelfTestBook,
  profiles: ReadonlyMap<string, Profile>,
): StatusAnswer['sandbox']['tests'] {
  return book.latest().map(({ startedAt, broken, escaped, ...note }) => {
    const profile = profiles.get(note.profile)
    return {
      ...note,
      startedAt: new Date(startedAt).toISOString(),
      broken: [...broken],
      escaped: [...escaped],
      isCurrent: profile !== undefined && profileDigest(profile) === note.profileDigest,
    }
  })
}

/** What the ledger knows of this boot, so that a daemon that starts again does not claim what was found broken. */
export function openSelfTestBook(ledger: Pick<Ledger, 'query'>): SelfTestBook {
  const boot = bootId()
  const book = new SelfTestBook(boot)
  const entries = ledger.query({ action: ACTION, eventType: 'system', order: 'newest', limit: MOST_ENTRIES })
  for (const entry of entries.toReversed()) {
    const details = detailsShape.safeParse(entry.details)
    if (details.success && details.data.boot_id === boot) book.add(noteFrom(details.data, entry.seq))
  }
  return book
}

function noteFrom(details: z.output<typeof detailsShape>, entry: number): SelfTestNote {
  const { tried, stopped, escaped, notStoppable, notRun, noControl, missing } = details
  return {
    driver: details.driver,
    level: details.level,
    profile: details.profile,
    profileDigest: details.profile_digest,
    bootId: details.boot_id,
    startedAt: details.started_at,
    durationMs: details.duration_ms,
    isWhole: details.whole,
    counts: { tried, stopped, escaped, notStoppable, notRun, noControl, missing },
    broken: details.broken_guarantees,
    escaped: details.escaped_names,
    isGreen: details.green,
    entry,
  }
}
