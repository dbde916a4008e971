import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { QuestionAnswer } from '../../../src/api/approvals.ts'
import { withWord } from '../data/filter.ts'
import { Told } from './text.tsx'

/** An agent’s name, and the way to all that it did. */
export function AgentLink({ name }: { readonly name: string }): ReactNode {
  return (
    <Link to="/record" search={{ q: withWord('', 'agent', name) }}>
      <Told>{name}</Told>
    </Link>
  )
}

export function EntryLink({ seq }: { readonly seq: number }): ReactNode {
  return (
    <Link to="/record" search={{ entry: seq }}>
      entry {seq}
    </Link>
  )
}

export function isOpen({ state }: QuestionAnswer): boolean {
  return state === 'pending' || state === 'agreed' || state === 'answering'
}
