import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { call } from '../data/calls.ts'
import { withWord } from '../data/filter.ts'
import { useAnswer } from '../data/queries.ts'
import { related } from '../data/record.ts'
import { isAgent } from '../data/replay.ts'
import { session } from '../data/session.ts'
import { absoluteText } from '../data/words.ts'
import { Answered, Facts, Wrong } from './blocks.tsx'
import { Sheet } from './confirm.tsx'
import { Explanation } from './explanation.tsx'
import { Copy, StateWord, Told, ToldLines } from './text.tsx'

export interface EntryPanelProps {
  readonly seq: number | undefined
  /** The entry, where the list has it already: then nothing is asked. */
  readonly known: EntryAnswer | undefined
  readonly query: string
  readonly onClose: () => void
  readonly onAsk: (query: string) => void
}

/** One entry beside the list: what it says, why, what belongs to it, and the bytes themselves. */
export function EntryPanel({ seq, known, query, onClose, onAsk }: EntryPanelProps): ReactNode {
  const asked = useAnswer(
    'auditShow',
    { id: String(seq) },
    { enabled: seq !== undefined && known === undefined },
  )
  const entry = known ?? asked.data
  return (
    <Sheet open={seq !== undefined} onClose={onClose} title={`Entry ${seq ?? ''}`} side>
      {entry === undefined ? (
        <Answered of={asked}>{() => null}</Answered>
      ) : (
        <Entry key={entry.seq} entry={entry} query={query} onAsk={onAsk} />
      )}
    </Sheet>
  )
}

interface EntryProps {
  readonly entry: EntryAnswer
  readonly query: string
  readonly onAsk: (query: string) => void
}

function Entry({ entry, query, onAsk }: EntryProps): ReactNode {
  const word = (field: string, value: string): ReactNode =>
    value === '' ? (
      <span className="note">none</span>
    ) : (
      <>
        <Told>{value}</Told>{' '}
        <button type="button" className="filter" onClick={() => onAsk(withWord(query, field, value))}>
          only these
          <span className="heard-only">
            : {field} {value}
          </span>
        </button>
      </>
    )
  return (
    <div className="entry">
      <p className="entry-what">
        <StateWord word={entry.decision === '' ? entry.result : entry.decision} />{' '}
        <span>{absoluteText(Date.parse(entry.timestamp))}</span>
      </p>
      <Facts
        rows={[
          ['Who', word('agent', entry.agent)],
          ['Action', word('action', entry.action)],
          [
            'On',
            entry.target === '' ? <span className="note">nothing named</span> : <Told>{entry.target}</Told>,
          ],
          ['Result', word('result', entry.result)],
          ['Risk', word('risk', entry.risk_level)],
          ['Kind', word('type', entry.event_type)],
          [
            'Decided by',
            <span key="l">
              <Told>{entry.layer === '' ? 'nobody: no decision is in it' : entry.layer}</Told>
            </span>,
          ],
          ['Rule', entry.rule === '' ? <span className="note">none</span> : <RuleLink rule={entry.rule} />],
          ['Why', entry.reason === '' ? <span className="note">not said</span> : <Told>{entry.reason}</Told>],
        ]}
      />
      <Related entry={entry} query={query} />
      {entry.decision === '' ? null : <Explain entry={entry} />}
      <Raw entry={entry} />
    </div>
  )
}

function RuleLink({ rule }: { readonly rule: string }): ReactNode {
  return (
    <Link to="/policy" search={{ tab: 'text' }}>
      <Told>{rule}</Told>
    </Link>
  )
}

/** The request, its decision, its permit and what came of it; from each to the others. */
function Related({ entry, query }: { readonly entry: EntryAnswer; readonly query: string }): ReactNode {
  const others = useQuery({
    queryKey: ['related', entry.seq],
    queryFn: ({ signal }) => related(entry, signal),
    staleTime: 60_000,
  })
  return (
    <section>
      <h3>Belongs to it</h3>
      <Answered of={others}>
        {(found) =>
          found.length === 0 ? (
            <p className="note">Nothing else of the same request, permit or run within an hour of it.</p>
          ) : (
            <ul className="related">
              {found.map((each) => (
                <li key={each.seq}>
                  <Link to="/record" search={{ ...(query === '' ? {} : { q: query }), entry: each.seq }}>
                    {each.seq}
                  </Link>{' '}
                  <StateWord word={each.decision === '' ? each.result : each.decision} />{' '}
                  <Told>{each.action}</Told> <span className="note">{linkOf(entry, each)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </section>
  )
}

function linkOf(entry: EntryAnswer, other: EntryAnswer): string {
  for (const [field, name] of [
    ['request_id', 'same request'],
    ['permit_id', 'same permit'],
    ['decision_id', 'same decision'],
  ] as const) {
    if (entry[field] !== '' && entry[field] === other[field]) return name
  }
  return 'same run'
}

/** Decided again, now, by the policy in force: facts, rule, and what would turn it. */
function Explain({ entry }: { readonly entry: EntryAnswer }): ReactNode {
  const [answer, setAnswer] = useState<{ value?: Awaited<ReturnType<typeof explained>>; error?: unknown }>({})
  const asked = askedOf(entry.agent)
  return (
    <section>
      <h3>Explained</h3>
      {asked === undefined ? (
        <p className="note">Only what an agent or you yourself asked for can be decided again.</p>
      ) : answer.value === undefined ? (
        <button
          type="button"
          onClick={() =>
            void explained(entry, asked).then(
              (value) => setAnswer({ value }),
              (error: unknown) => setAnswer({ error }),
            )
          }
        >
          Decide it again
        </button>
      ) : (
        <Explanation answer={answer.value} then={entry.decision} />
      )}
      {answer.error === undefined ? null : <Wrong error={answer.error} />}
    </section>
  )
}

function explained(entry: EntryAnswer, as: { readonly as?: string }) {
  const capability = entry.target === '' ? entry.action : `${entry.action}:${entry.target}`
  return call('policyExplain', { capability, ...as })
}

/** How to ask what somebody may; undefined for whom nobody can ask: guests, devices, other people at the console. */
function askedOf(agent: string): { readonly as?: string } | undefined {
  const here = session.get()
  if (agent === 'owner') return typeof here === 'object' && here.role === 'owner' ? {} : undefined
  return isAgent(agent) ? { as: agent } : undefined
}

function Raw({ entry }: { readonly entry: EntryAnswer }): ReactNode {
  const text = JSON.stringify(entry, undefined, 2)
  return (
    <section>
      <h3>
        As it is written <Copy text={text} />
      </h3>
      <ToldLines>{text}</ToldLines>
    </section>
  )
}
