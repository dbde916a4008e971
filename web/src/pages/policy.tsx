import { useNavigate, useSearch } from '@tanstack/react-router'
import { Tabs } from '@base-ui/react/tabs'
import { useState, type ReactNode } from 'react'
import { useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Page, Table } from '../parts/blocks.tsx'
import { CanI } from '../parts/can-i.tsx'
import { Proposal } from '../parts/proposal.tsx'
import { effectiveRules } from '../parts/rules.ts'
import { Choice } from '../parts/confirm.tsx'
import { Copy, State, StateWord, Told, ToldLines } from '../parts/text.tsx'

const TABS = [
  ['rules', 'Rules'],
  ['ask', 'May they?'],
  ['check', 'Check'],
  ['change', 'Try a change'],
  ['text', 'The file'],
] as const

/** What agents may, as it is in force; questions to it, and changes tried before they are made. */
export function Policy(): ReactNode {
  const { tab = 'rules', ...rest } = useSearch({ from: '/policy' })
  const navigate = useNavigate()
  const show = useAnswer('policyShow', {})
  const [put, setPut] = useState<string | undefined>()
  return (
    <Page
      title="Policy"
      about={
        show.data === undefined ? undefined : (
          <>
            <code>{show.data.file}</code>, digest{' '}
            <code title={show.data.digest}>{show.data.digest.slice(0, 12)}</code>, in force since its change
            number {show.data.epoch}
          </>
        )
      }
    >
      <Tabs.Root
        value={tab}
        onValueChange={(value: string) =>
          void navigate({ to: '/policy', search: { ...rest, tab: value }, replace: true })
        }
      >
        <Tabs.List className="tabs" aria-label="Views of the policy">
          {TABS.map(([value, name]) => (
            <Tabs.Tab key={value} value={value} className="tab">
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="rules">
          <Answered of={show}>{({ policy }) => <Rules policy={policy} />}</Answered>
        </Tabs.Panel>
        <Tabs.Panel value="ask">
          <CanI />
        </Tabs.Panel>
        <Tabs.Panel value="check">
          <Findings />
        </Tabs.Panel>
        <Tabs.Panel value="change">
          {put === undefined ? null : <p role="status">{put}</p>}
          <Answered of={show}>{({ text }) => <Proposal key={text} inForce={text} onPut={setPut} />}</Answered>
        </Tabs.Panel>
        <Tabs.Panel value="text">
          <Answered of={show}>
            {({ text }) => (
              <>
                <p className="toolbar">
                  <Copy text={text} />
                </p>
                <ToldLines>{text}</ToldLines>
              </>
            )}
          </Answered>
        </Tabs.Panel>
      </Tabs.Root>
    </Page>
  )
}

const EVERYBODY = ''

function Rules({ policy }: { readonly policy: Readonly<Record<string, unknown>> }): ReactNode {
  const { agent = EVERYBODY } = useSearch({ from: '/policy' })
  const navigate = useNavigate()
  const { data: runs } = useAnswer('runs', {})
  const rules = effectiveRules(policy, agent === EVERYBODY ? undefined : agent)
  const named = effectiveRules(policy, undefined).flatMap(({ agents }) => agents)
  const names = [...new Set([...named, ...(runs?.runs ?? []).map((run) => run.agent)])].filter(
    (name) => !/[*?]/.test(name),
  )
  return (
    <div className="stack">
      <Choice
        label="Rules that speak of"
        value={agent}
        options={[[EVERYBODY, 'everybody'], ...names.toSorted().map((name) => [name, name] as const)]}
        onChange={(value) =>
          void navigate({ to: '/policy', search: value === EVERYBODY ? {} : { agent: value }, replace: true })
        }
      />
      {rules.length === 0 ? (
        <Empty command="warder policy init">
          No rule speaks of them, so nothing is allowed. A first policy:
        </Empty>
      ) : (
        <Table
          label="Rules in force"
          rows={rules}
          keyOf={({ id }, at) => `${id} ${at}`}
          columns={[
            { name: 'Says', cell: ({ effect }) => <StateWord word={effect} /> },
            { name: 'Rule', cell: ({ id }) => <Told>{id}</Told> },
            { name: 'Whom', cell: ({ agents }) => <Told>{agents.join(', ')}</Told> },
            {
              name: 'What',
              wide: true,
              cell: ({ capabilities }) =>
                capabilities.map((each) => (
                  <code key={each} className="block">
                    <Told>{each}</Told>
                  </code>
                )),
            },
            { name: 'Why', wide: true, cell: ({ reason }) => <Told>{reason}</Told> },
          ]}
        />
      )}
      <p className="note">
        The strictest rule that matches wins: deny before ask before allow. What no rule speaks of is denied.
      </p>
    </div>
  )
}

function Findings(): ReactNode {
  // the policy in force is looked at anew each time somebody comes here
  const check = useAnswer('policyCheck', {})
  return (
    <Answered of={check}>
      {({ findings, rules }) => (
        <div className="stack">
          <p>
            <State tone={findings.length === 0 ? 'good' : 'warn'}>
              {findings.length === 0 ? 'Nothing to find fault with' : countText(findings.length, 'finding')}
            </State>{' '}
            in {countText(rules, 'statement')}
          </p>
          {findings.length === 0 ? null : (
            <Table
              label="What does not do what it seems to"
              rows={findings}
              keyOf={(_row, at) => String(at)}
              columns={[
                { name: 'What', cell: ({ kind }) => <State tone="warn">{kind.replaceAll('_', ' ')}</State> },
                { name: 'Rule', cell: ({ rule }) => <Told>{rule}</Told> },
                { name: 'Where', cell: ({ where }) => <Told>{where}</Told> },
                { name: 'Why', wide: true, cell: ({ reason }) => <Told>{reason}</Told> },
                { name: 'What to do', wide: true, cell: ({ fix }) => <Told>{fix}</Told> },
              ]}
            />
          )}
        </div>
      )}
    </Answered>
  )
}
