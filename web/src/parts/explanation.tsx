import type { ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { Table } from './blocks.tsx'
import { Command, State, StateWord, Told, ToldLines } from './text.tsx'

export interface ExplanationProps {
  readonly answer: OutputOf<'policyExplain'>
  /** What was decided at the time, to be set beside what would be now. */
  readonly then?: string
}

/** A decision in words: what, by which rule, who else had a say, and the smallest change that would allow it. */
export function Explanation({ answer: { decision, matched, change }, then }: ExplanationProps): ReactNode {
  return (
    <div className="explanation">
      <p>
        <StateWord word={decision.effect} /> by <Told>{decision.layer}</Told>, rule{' '}
        <Told>{decision.rule}</Told>: <Told>{decision.reason}</Told>
      </p>
      {then === undefined || then === decision.effect ? null : (
        <p>
          <State tone="warn">
            It was {then} at the time and would be {decision.effect} now.
          </State>{' '}
          A later rule, a grant, an answer of a person or the state of its run made the difference.
        </p>
      )}
      {decision.fix === undefined || decision.fix === change?.command ? null : (
        <p className="note">
          <Told>{decision.fix}</Told>
        </p>
      )}
      {matched.length === 0 ? null : (
        <Table
          label="All that had a say"
          rows={matched}
          keyOf={(_voice, at) => String(at)}
          columns={[
            { name: 'Says', cell: ({ effect }) => <StateWord word={effect} /> },
            {
              name: 'Rule',
              cell: ({ rule, where }) => (
                <span title={where}>
                  <Told>{rule}</Told>
                </span>
              ),
            },
            {
              name: 'Of',
              cell: ({ capability }) => (
                <code>
                  <Told>{capability}</Told>
                </code>
              ),
            },
            { name: 'Because', wide: true, cell: ({ reason }) => <Told>{reason}</Told> },
            {
              name: 'Counts',
              cell: ({ applies, because }) =>
                applies ? (
                  'yes'
                ) : (
                  <>
                    no
                    {because === undefined ? (
                      ''
                    ) : (
                      <>
                        : <Told>{because}</Told>
                      </>
                    )}
                  </>
                ),
            },
          ]}
        />
      )}
      {change === undefined ? null : (
        <div className="change">
          <p>
            <strong>The smallest change that would allow it</strong>
          </p>
          <p>
            <Told>{change.note}</Told>
          </p>
          {change.command === undefined ? null : <Command>{change.command}</Command>}
          {change.patch === undefined ? null : <ToldLines>{change.patch}</ToldLines>}
        </div>
      )}
    </div>
  )
}
