import type { ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { useAnswer } from '../data/queries.ts'
import { absoluteText, countText } from '../data/words.ts'
import { Answered, Empty, Facts, Page, Section, Table } from '../parts/blocks.tsx'
import { Pulse } from '../parts/pulse.tsx'
import { Spend } from '../parts/spend.tsx'
import { Ago, Command, State, StateWord, Told, type Tone } from '../parts/text.tsx'

/** How each part is, what is in force, and what is not; healthy only where something was looked at. */
export function Health(): ReactNode {
  const health = useAnswer('health', {}, { everyMs: 30_000 })
  const status = useAnswer('status', {}, { everyMs: 120_000 })
  return (
    <Page
      title="Health"
      about={
        health.data === undefined ? undefined : (
          <>
            Looked at <Ago at={health.data.at} />: all together <StateWord word={health.data.overall} />
          </>
        )
      }
    >
      <Section title="Parts">
        <Answered of={health}>{({ components }) => <Components of={components} />}</Answered>
      </Section>
      <Pulse />
      <Spend />
      <Certificates />
      <Section title="Objectives" note="over seven days">
        <Answered of={health}>{({ slo }) => <Objectives of={slo} />}</Answered>
      </Section>
      <Answered of={status}>{(answer) => <InForce of={answer} />}</Answered>
    </Page>
  )
}

const TONE: Readonly<Record<string, Tone>> = {
  ok: 'good',
  off: 'quiet',
  degraded: 'warn',
  unknown: 'warn',
  failed: 'bad',
}

function Components({ of }: { readonly of: OutputOf<'health'>['components'] }): ReactNode {
  const rank = ['failed', 'unknown', 'degraded', 'ok', 'off']
  const worstFirst = of.toSorted((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state))
  return (
    <Table
      label="Parts of Warder"
      rows={worstFirst}
      keyOf={({ name }) => name}
      columns={[
        { name: 'Part', cell: ({ name }) => <Told>{name}</Told> },
        { name: 'State', cell: ({ state }) => <State tone={TONE[state] ?? 'quiet'}>{state}</State> },
        { name: 'Why', wide: true, cell: ({ why }) => <Told>{why}</Told> },
        {
          name: 'What to do',
          wide: true,
          cell: ({ fix }) => <Fix>{fix}</Fix>,
        },
      ]}
    />
  )
}

/** What to do: a command can be taken along. */
function Fix({ children }: { readonly children: string | undefined }): ReactNode {
  if (children === undefined) return null
  return /^warder [a-z -]+$/.test(children) ? <Command>{children}</Command> : <Told>{children}</Told>
}

function Objectives({ of }: { readonly of: OutputOf<'health'>['slo'] }): ReactNode {
  if (of.length === 0) return <Empty>No objective is kept yet.</Empty>
  return (
    <Table
      label="Objectives"
      rows={of}
      keyOf={({ name }) => name}
      columns={[
        {
          name: 'Objective',
          wide: true,
          cell: ({ name, about }) => (
            <>
              <Told>{name}</Told>{' '}
              <span className="note block">
                <Told>{about}</Told>
              </span>
            </>
          ),
        },
        { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
        {
          name: 'Good',
          cell: ({ good, total }) =>
            total === 0 ? 'none measured' : `${((100 * good) / total).toFixed(2)} %`,
        },
        { name: 'Wanted', cell: ({ objective }) => `${(100 * objective).toFixed(2)} %` },
        {
          name: 'Failures used up',
          cell: ({ burned }) => (
            <label>
              {(100 * burned).toFixed(0)} %{' '}
              <meter min={0} max={1} low={0.5} high={0.8} optimum={0} value={Math.min(1, burned)} />
            </label>
          ),
        },
      ]}
    />
  )
}

/** What proves this console to browsers, and, where it is asked for, browsers to it. */
function Certificates(): ReactNode {
  const console = useAnswer('consoleShow', {}, { everyMs: 300_000 })
  return (
    <Section title="Certificates">
      <Answered of={console}>
        {({ fingerprint = '', certificateUntil, clientCertificates }) => (
          <Table
            label="Certificates"
            rows={[
              ...(certificateUntil === undefined
                ? []
                : [{ what: 'of this console', name: fingerprint, until: certificateUntil, renews: true }]),
              ...(clientCertificates ?? []).map(({ name, until }) => ({
                ...{ what: 'authority for browsers', name, until, renews: false },
              })),
            ]}
            keyOf={({ name }) => name}
            columns={[
              { name: 'Certificate', cell: ({ what }) => what },
              {
                name: 'Name or SHA-256',
                wide: true,
                cell: ({ name }) => (
                  <code>
                    <Told>{name}</Told>
                  </code>
                ),
              },
              { name: 'Good until', cell: ({ until }) => absoluteText(Date.parse(until)) },
              {
                name: 'State',
                cell: ({ until, renews }) => {
                  const { tone, word } = certificateState(Date.parse(until) - Date.now())
                  return (
                    <>
                      <State tone={tone}>{word}</State>{' '}
                      {renews ? <span className="note">renewed by itself</span> : null}
                    </>
                  )
                },
              },
            ]}
          />
        )}
      </Answered>
    </Section>
  )
}

const SOON_MS = 30 * 86_400_000

function certificateState(leftMs: number): { readonly tone: Tone; readonly word: string } {
  if (leftMs <= 0) return { tone: 'bad', word: 'run out' }
  return leftMs < SOON_MS ? { tone: 'warn', word: 'ends soon' } : { tone: 'good', word: 'good' }
}

function InForce({ of }: { readonly of: OutputOf<'status'> }): ReactNode {
  const { sandbox, memory, ledger, degraded, version, pid, startedAt, profile } = of
  const guarantees = [...sandbox.guarantees, ...memory]
  const missing = guarantees.filter(({ inForce }) => !inForce)
  return (
    <>
      <Section
        title="In force"
        note={`${guarantees.length - missing.length} of ${guarantees.length} guarantees`}
      >
        <p>
          Sandbox by {sandbox.driver}:{' '}
          <State tone={sandbox.level === 'full' ? 'good' : 'warn'}>level {sandbox.level}</State>
        </p>
        {missing.length === 0 ? null : (
          <Table
            label="Guarantees that are not in force"
            rows={missing}
            keyOf={({ name }) => name}
            columns={[
              { name: 'Not in force', cell: ({ name }) => <State tone="warn">{name}</State> },
              { name: 'Why', wide: true, cell: ({ why }) => <Told>{why}</Told> },
              {
                name: 'What to do',
                wide: true,
                cell: ({ fix }) => <Fix>{fix}</Fix>,
              },
            ]}
          />
        )}
        <details>
          <summary>{countText(guarantees.length - missing.length, 'guarantee')} in force</summary>
          <Facts
            rows={guarantees
              .filter(({ inForce }) => inForce)
              .map(({ name, why }) => [name, <Told key={name}>{why}</Told>] as const)}
          />
        </details>
        {degraded.map((each) => (
          <p key={each}>
            <State tone="warn">degraded</State> <Told>{each}</Told>
          </p>
        ))}
      </Section>
      <Section title="Daemon">
        <Facts
          rows={[
            ['Version', `${version}, profile ${profile}`],
            ['Process', String(pid)],
            ['Since', <Ago key="s" at={startedAt} />],
            ['Record', `${ledger.seq.toLocaleString('en')} entries, ${ledger.ok ? 'writable' : 'not well'}`],
            ['In a terminal', <Command key="c">warder doctor</Command>],
          ]}
        />
      </Section>
    </>
  )
}
