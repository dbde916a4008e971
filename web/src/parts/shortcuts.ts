import { useEffect, useRef } from 'react'

const GO = { n: '/', a: '/approvals', r: '/record', p: '/policy', g: '/agents', h: '/health' } as const

export const SHORTCUTS = [
  { keys: '?', about: 'these keys' },
  { keys: 'Shift S', about: 'stop agents' },
  { keys: 'g n', about: 'go to Now' },
  { keys: 'g a', about: 'go to Approvals' },
  { keys: 'g r', about: 'go to Record' },
  { keys: 'g p', about: 'go to Policy' },
  { keys: 'g g', about: 'go to Agents' },
  { keys: 'g h', about: 'go to Health' },
  { keys: '/', about: 'to the search of this page' },
  { keys: 'Esc', about: 'close what is open; nothing is answered by it' },
] as const

const SECOND_KEY_MS = 1500

export interface Ways {
  readonly go: (to: (typeof GO)[keyof typeof GO]) => void
  readonly help: () => void
  readonly stop: () => void
}

/** Keys that work everywhere, except while something is typed or a dialog stands open. */
export function useShortcuts(ways: Ways): void {
  const latest = useRef(ways)
  useEffect(() => {
    latest.current = ways
  })
  useEffect(() => {
    let armedAt = 0
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('[role=dialog]') !== null) return
      const done = (): void => event.preventDefault()
      if (event.key === 'S') return (done(), latest.current.stop())
      if (event.key === '?') return (done(), latest.current.help())
      if (event.key === '/') return (done(), document.querySelector<HTMLElement>('[data-search]')?.focus())
      const to = GO[event.key as keyof typeof GO]
      if (armedAt > 0 && Date.now() - armedAt < SECOND_KEY_MS) {
        armedAt = 0
        if (to !== undefined) return (done(), latest.current.go(to))
        return
      }
      armedAt = event.key === 'g' ? Date.now() : 0
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  )
}
