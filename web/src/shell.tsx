import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { line } from './data/live.ts'
import { useAnswer } from './data/queries.ts'
import type { Session } from './data/session.ts'
import { secondsText, clockText } from './data/words.ts'
import { Account } from './parts/account.tsx'
import { Announcer } from './parts/announce.tsx'
import { Sheet } from './parts/confirm.tsx'
import { ProofDialog } from './parts/proof.tsx'
import { SHORTCUTS, useShortcuts } from './parts/shortcuts.ts'
import { openStop, StopBanner, StopButton, StopDialog } from './parts/stop.tsx'
import { now, State, Told } from './parts/text.tsx'

export const PLACES = [
  { to: '/', name: 'Now' },
  { to: '/approvals', name: 'Approvals' },
  { to: '/record', name: 'Record' },
  { to: '/policy', name: 'Policy' },
  { to: '/agents', name: 'Agents' },
  { to: '/servers', name: 'Servers' },
  { to: '/secrets', name: 'Secrets' },
  { to: '/people', name: 'Guests and devices' },
  { to: '/alerts', name: 'Incidents' },
  { to: '/health', name: 'Health' },
  { to: '/start', name: 'First steps' },
] as const

/** What surrounds every page: where one is, whether it is true now, what is stopped, and Stop itself. */
export function Shell({ who }: { readonly who: Session }): ReactNode {
  const [help, setHelp] = useState(false)
  const navigate = useNavigate()
  useShortcuts({ go: (to) => void navigate({ to }), help: () => setHelp(true), stop: () => openStop() })
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Warder, to Now">
          <img src="/assets/warder.svg" alt="" width="22" height="22" />
          <span className="brand-name">Warder</span>
        </Link>
        <Connection />
        <div className="top-end">
          <Account who={who} onHelp={() => setHelp(true)} />
          <StopButton />
        </div>
      </header>
      <Places />
      <main id="main" tabIndex={-1}>
        <Stale />
        <StopBanner />
        <Outlet />
      </main>
      <StopDialog />
      <ProofDialog />
      <Announcer />
      <Shortcuts open={help} onClose={() => setHelp(false)} />
    </div>
  )
}

function Places(): ReactNode {
  const { data } = useAnswer('approvalList', {}, { everyMs: 30_000 })
  const waiting = data?.questions.filter(({ state }) => state === 'pending' || state === 'agreed').length ?? 0
  const [open, setOpen] = useState(false)
  return (
    <nav className="places" aria-label="Pages" data-open={open}>
      <button type="button" className="places-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        Pages
        {waiting === 0 ? null : <span className="badge">{waiting}</span>}
      </button>
      <ul>
        {PLACES.map(({ to, name }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/' }} onClick={() => setOpen(false)}>
              {name}
              {to === '/approvals' && waiting > 0 ? (
                <span className="badge">
                  {waiting}
                  <span className="heard-only"> waiting</span>
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Connection(): ReactNode {
  const { state } = line.use()
  const words = { live: 'Live', connecting: 'Connecting', stale: 'Not live' } as const
  const tones = { live: 'good', connecting: 'quiet', stale: 'bad' } as const
  return (
    <span className="connection">
      <State tone={tones[state]}>{words[state]}</State>
    </span>
  )
}

function Stale(): ReactNode {
  const { state, heardAt } = line.use()
  const present = now.use()
  if (state !== 'stale') return null
  return (
    <p className="stale" role="alert">
      No word from the daemon since {clockText(heardAt)}
      <span aria-hidden="true"> ({secondsText(present - heardAt)})</span>. What you see is from then. Trying
      again. If it stays so, ask in a terminal: <code>warder status</code>; stopping works there as well:{' '}
      <code>warder stop</code>
    </p>
  )
}

function Shortcuts({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  return (
    <Sheet open={open} onClose={onClose} title="Keys">
      <dl className="keys">
        {SHORTCUTS.map(({ keys, about }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>
              <Told>{about}</Told>
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  )
}
