import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAnswer } from '../data/queries.ts'
import { Page } from '../parts/blocks.tsx'
import { Command, State } from '../parts/text.tsx'

interface Step {
  readonly name: string
  readonly done: boolean | undefined
  readonly about: ReactNode
  readonly command: string
}

/** From nothing to an agent that runs under guard; each step is looked at, none is taken on trust. */
export function Start(): ReactNode {
  const steps = useSteps()
  const left = steps.filter(({ done }) => done !== true).length
  return (
    <Page
      title="First steps"
      about={
        left === 0
          ? 'All done: an agent has run under guard.'
          : `${left} of ${steps.length} left until an agent runs under guard.`
      }
    >
      <ol className="steps">
        {steps.map(({ name, done, about, command }, at) => (
          <li key={name} className="step">
            <h2>
              {at + 1}. {name}{' '}
              <State tone={done === true ? 'good' : done === false ? 'warn' : 'quiet'}>
                {done === true ? 'done' : done === false ? 'not yet' : 'looking'}
              </State>
            </h2>
            <p>{about}</p>
            {done === true ? null : <Command>{command}</Command>}
          </li>
        ))}
      </ol>
    </Page>
  )
}

function useSteps(): Step[] {
  const { data: status } = useAnswer('status', {})
  const { data: policy } = useAnswer('policyShow', {})
  const { data: sessions } = useAnswer('sessionList', {})
  const { data: started } = useAnswer('auditList', { action: 'agent:start', decision: 'allow', limit: 1 })
  return [
    {
      name: 'The sandbox holds',
      done: status === undefined ? undefined : status.sandbox.available && status.sandbox.level === 'full',
      about: <>Every guarantee was tried on this machine. Level now: {status?.sandbox.level ?? 'unknown'}.</>,
      command: 'warder doctor',
    },
    {
      name: 'A passphrase',
      done: sessions?.passphrase,
      about: 'Acts that loosen a guard ask for it, so that your open terminal is not enough.',
      command: 'warder owner passphrase set',
    },
    {
      name: 'A policy',
      done: policy === undefined ? undefined : policy.text.trim() !== '',
      about: (
        <>
          What agents may, what is asked, what is never allowed. See{' '}
          <Link to="/policy">the rules in force</Link>.
        </>
      ),
      command: 'warder policy init',
    },
    {
      name: 'An agent under guard',
      done: started === undefined ? undefined : started.entries.length > 0,
      about: 'It sees its project and nothing else; what it does is on record.',
      command: 'warder run -- your-agent',
    },
    {
      name: 'A witness',
      done: status === undefined ? undefined : status.ledger.witness !== undefined,
      about: 'A copy of the record’s head elsewhere, so that a cut tail is noticed.',
      command: 'warder config explain audit.witness',
    },
  ]
}
