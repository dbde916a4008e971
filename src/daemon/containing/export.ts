import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeBundle, type BundleEntry, type Incident } from '../../contain/incident/index.ts'
import { systemCode } from '../../core/error.ts'
import { readPrivateFile } from '../../platform/files.ts'
import { evidenceDirectory } from './evidence.ts'
import type { Incidents, IncidentsOptions } from './incidents.ts'

type Options = IncidentsOptions & { readonly incidents: Incidents; readonly origin?: string }

/** What happened shortly before belongs to the story. */
const BEFORE_MS = 10 * 60_000
const AFTER_MS = 10 * 60_000
const MOST_ENTRIES = 5000
const PAGE = 1000
const MOST_EVIDENCE_BYTES = 64 * 1024 * 1024
const MOST_CHECKPOINTS = 200
const MOST_CHECKPOINT_BYTES = 256 * 1024 * 1024

export interface Exported {
  readonly bundle: string
  readonly incidents: number
  readonly entries: number
  /** Entries of the stretch that did not fit. */
  readonly left: number
}

/** Everything about these incidents in one signed text. */
export async function exportBundle(options: Options, chosen: readonly Incident[]): Promise<Exported> {
  const { ledger, keys, clock, version, values } = options
  const { entries, left } = entriesOf(options, chosen)
  const notes = notesIn(values['audit.directory'])
  const checkpoints = within(notes, entries)
  const bundle = makeBundle(
    {
      ...{ exportedAt: new Date(clock.now()).toISOString(), version, incidents: [...chosen] as never },
      origin: originIn(notes),
      ledger: { entries, checkpoints, head: ledger.health().head, left },
      evidence: Object.fromEntries(chosen.map(({ id }) => [id, evidenceOf(options, id)])),
      state: stateOf(options),
    },
    keys.signer('checkpoint'),
  )
  return { bundle, incidents: chosen.length, entries: entries.length, left }
}

/** The record from shortly before the first incident to shortly after the last word of one. */
function entriesOf(
  { ledger }: Options,
  chosen: readonly Incident[],
): { entries: BundleEntry[]; left: number } {
  if (chosen.length === 0) return { entries: [], left: 0 }
  const since = Math.min(...chosen.map(({ openedAt }) => openedAt)) - BEFORE_MS
  const until =
    Math.max(...chosen.map((each) => Math.max(each.lastAt, each.timeline.at(-1)?.at ?? 0))) + AFTER_MS
  const [first] = ledger.query({ since, limit: 1 })
  const [last] = ledger.query({ since, until, order: 'newest', limit: 1 })
  if (first === undefined || last === undefined) return { entries: [], left: 0 }
  const entries: BundleEntry[] = []
  // by number and not by time: a clock that was set back must leave no gap in the chain
  for (let after = first.seq - 1; after < last.seq && entries.length < MOST_ENTRIES;) {
    const page = ledger.read(after, PAGE).filter(({ seq }) => seq <= last.seq)
    if (page.length === 0) break
    entries.push(...(page as unknown as BundleEntry[]))
    after = page.at(-1)?.seq ?? last.seq
  }
  const kept = entries.slice(0, MOST_ENTRIES)
  return { entries: kept, left: last.seq - (kept.at(-1)?.seq ?? last.seq) }
}

/** The signed notes of the record. */
function notesIn(directory: string): string[] {
  const text = readPrivateFile(join(directory, 'checkpoints'), MOST_CHECKPOINT_BYTES)?.toString() ?? ''
  return text.split(/(?<=\n)\n(?=warder\/)/).map((note) => note.replace(/\n\n$/, '\n'))
}

/** Those that are of the stretch. */
function within(notes: readonly string[], entries: readonly BundleEntry[]): string[] {
  const [from, to] = [entries[0]?.seq ?? 0, entries.at(-1)?.seq ?? 0]
  const seqOf = (note: string) => Number(note.split('\n')[1])
  return notes.filter((note) => seqOf(note) >= from && seqOf(note) <= to).slice(-MOST_CHECKPOINTS)
}

/** The name of the record, as its checkpoints have it. */
function originIn(notes: readonly string[]): string {
  const name = notes[0]?.split('\n')[0] ?? ''
  return name === '' ? 'warder/unknown/audit' : name
}

/** What was kept while the agent stood still, by digest and as it is. */
function evidenceOf({ values }: Options, id: string): Record<string, unknown> {
  const directory = evidenceDirectory(values, id)
  return Object.fromEntries(
    namesIn(directory).map((name) => {
      const bytes = readPrivateFile(join(directory, name), MOST_EVIDENCE_BYTES) ?? Buffer.alloc(0)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return [name, { sha256, content: JSON.parse(bytes.toString()) as unknown }]
    }),
  )
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function stateOf({
  engine,
  stops,
  live,
  grants,
  clock,
  integrityEvidence,
  out,
}: Options): Record<string, unknown> {
  return {
    policyDigest: engine.policy().digest,
    stops: stops.read(),
    runs: live().map(({ running, workspace }) => ({ run: running.runId, agent: running.agent, workspace })),
    grantsInForce: grants.list(clock.now()).filter(({ state }) => state === 'live').length,
    egress: out.facts(),
    integrity: integrityEvidence() ?? null,
  }
}
