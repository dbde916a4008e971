import { useState, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { checkChain, type ChainAnswer } from '../data/chain.ts'
import { countText } from '../data/words.ts'
import { announce } from './announce.tsx'
import { State } from './text.tsx'

/** Reckons the hashes of what is loaded anew, in the browser, so that the daemon’s word is not all there is. */
export function Chain({
  entries,
  whole,
}: {
  readonly entries: readonly EntryAnswer[]
  readonly whole: boolean
}): ReactNode {
  const [answer, setAnswer] = useState<ChainAnswer | undefined>()
  const check = async (): Promise<void> => {
    const result = await checkChain(entries)
    setAnswer(result)
    announce(textOf(result))
  }
  if (!whole) return <span className="note">To verify links, ask for everything: a filter leaves gaps</span>
  return (
    <span className="chain">
      <button type="button" className="small" disabled={entries.length === 0} onClick={() => void check()}>
        Verify these
      </button>
      {answer === undefined ? null : (
        <State tone={answer.broken === undefined ? 'good' : 'bad'}>{textOf(answer)}</State>
      )}
    </span>
  )
}

function textOf({ checked, from, to, broken }: ChainAnswer): string {
  if (broken !== undefined) return `entry ${broken.seq} is not right: ${broken.why}`
  return `${countText(checked, 'entry', 'entries')}, ${from} to ${to}: every hash and every link holds`
}
