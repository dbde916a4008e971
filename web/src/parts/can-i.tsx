import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useAnswer } from '../data/queries.ts'
import { Answered, Empty } from './blocks.tsx'
import { TextField } from './confirm.tsx'
import { Explanation } from './explanation.tsx'

/** May this agent do that, why, and what would have to change; asked of the policy in force, and opens nothing. */
export function CanI(): ReactNode {
  const { agent = '', ask = '' } = useSearch({ from: '/policy' })
  const navigate = useNavigate()
  const [who, setWho] = useState(agent)
  const [what, setWhat] = useState(ask)
  const isAsked = agent !== '' && ask !== ''
  const answer = useAnswer('policyExplain', { as: agent, capability: ask }, { enabled: isAsked })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void navigate({
      to: '/policy',
      search: { tab: 'ask', agent: who.trim(), ask: what.trim() },
      replace: true,
    })
  }
  return (
    <div className="stack">
      <form className="inline-form" onSubmit={submit}>
        <TextField label="Agent" value={who} onChange={setWho} max={63} />
        <TextField
          label="Action, as namespace:action:resource"
          value={what}
          onChange={setWhat}
          note={
            <>
              such as <code>fs:read:/etc/hosts</code>, <code>net:connect:example.com:443</code> or{' '}
              <code>process:spawn:/usr/bin/git</code>
            </>
          }
        />
        <button type="submit" className="primary" disabled={who.trim() === '' || what.trim() === ''}>
          Ask
        </button>
      </form>
      {isAsked ? (
        <Answered of={answer}>{(found) => <Explanation answer={found} />}</Answered>
      ) : (
        <Empty command="warder policy explain demo fs:read:/etc/hosts">
          Name an agent and one exact action. A terminal answers it as well:
        </Empty>
      )}
    </div>
  )
}
