import type { ReactNode } from 'react'
import { store } from '../data/store.ts'

const said = store('')
const held: { last: number; next: string | undefined } = { last: 0, next: undefined }

const APART_MS = 3000

/** Tells a screen reader, politely and not more often than it can speak; the newest word wins. */
export function announce(text: string): void {
  const wait = held.last + APART_MS - Date.now()
  if (wait <= 0) {
    held.last = Date.now()
    return said.set(text)
  }
  if (held.next === undefined) {
    setTimeout(() => {
      const next = held.next ?? ''
      held.next = undefined
      held.last = Date.now()
      said.set(next)
    }, wait)
  }
  held.next = text
}

export function Announcer(): ReactNode {
  return (
    <div className="heard-only" role="status" aria-live="polite">
      {said.use()}
    </div>
  )
}
