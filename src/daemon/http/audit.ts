import type { EntryAnswer, ParsedInputOf } from '../../api/endpoints.ts'
import type { Json } from '../../core/canonical.ts'
import {
  exportEntries,
  type Entry,
  type EventType,
  type Filter,
  type Ledger,
  type Result,
} from '../../record/audit/index.ts'
import type { Acts } from '../acts.ts'
import type { Caller, Handlers } from './app.ts'

type AuditHandlers = Pick<
  Handlers,
  'auditList' | 'auditShow' | 'auditFollow' | 'auditExport' | 'auditArchive'
>

export interface AuditOptions {
  readonly ledger: Ledger
  readonly acts: Acts
  /** The ledger's name, so that an exported line leads back to its original. */
  readonly origin: string
  readonly archiveRecipients: readonly string[]
}

/** Looking at the ledger is an act like any other: asked for, answered by the gate, and itself recorded. */
export function auditHandlers({ ledger, acts, origin, archiveRecipients }: AuditOptions): AuditHandlers {
  const look = (caller: Caller, verb: 'read' | 'export', input: object) =>
    acts.act(
      {
        credential: caller.credential,
        namespace: 'audit',
        verb,
        resource: '',
        risk: verb === 'read' ? 'low' : 'medium',
        input: { ...input } as Json,
      },
      'audit',
      () => ledger.head().seq,
    )
  return {
    async auditList(input, caller) {
      await look(caller, 'read', input)
      const entries = ledger.query({
        ...filterOf(input),
        order: input.after === undefined ? 'newest' : 'oldest',
      })
      return { entries: (input.after === undefined ? entries.reverse() : entries).map(answerOf) }
    },
    async auditShow(input, caller) {
      await look(caller, 'read', input)
      return answerOf(ledger.get(/^\d+$/.test(input.id) ? Number(input.id) : input.id))
    },
    async auditFollow(input, caller) {
      const { value: head } = await look(caller, 'read', input)
      return followed(ledger, input, input.after ?? head, caller.signal)
    },
    async auditExport({ format, ...input }, caller) {
      await look(caller, 'export', { ...input, format })
      return texts(exportEntries(ledger, format, origin, filterOf(input)))
    },
    async auditArchive(input, caller) {
      const asked = {
        credential: caller.credential,
        namespace: 'audit',
        verb: 'export',
        resource: `archive/${input.month}`,
        risk: input.remove ? ('high' as const) : ('medium' as const),
        input: { ...input },
      }
      const archive = () =>
        ledger.archive({ month: input.month, recipients: archiveRecipients, remove: input.remove })
      return { ...(await acts.act(asked, 'audit', archive)).value }
    },
  }
}

function filterOf(input: ParsedInputOf<'auditList'>): Filter {
  const { type, since, until, result, ...rest } = input
  const given = {
    ...rest,
    result: result as Result | undefined,
    eventType: type as EventType | undefined,
    since: since === undefined ? undefined : Date.parse(since),
    until: until === undefined ? undefined : Date.parse(until),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

async function* followed(
  ledger: Ledger,
  input: ParsedInputOf<'auditFollow'>,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<EntryAnswer> {
  const { limit: _limit, after: _after, ...rest } = filterOf(input)
  for await (const entry of ledger.follow(after, signal)) {
    // the same filter as the list has, asked of one entry at a time
    const [match] = ledger.query({ ...rest, after: entry.seq - 1, limit: 1 })
    if (match?.seq === entry.seq) yield answerOf(entry)
  }
}

async function* texts(chunks: Iterable<string>): AsyncGenerator<{ text: string }> {
  for (const text of chunks) yield { text }
}

function answerOf(entry: Entry): EntryAnswer {
  return { ...entry, capabilities_used: [...entry.capabilities_used], details: { ...entry.details } }
}
