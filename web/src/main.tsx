import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { follow } from './data/live.ts'
import { again, againAll, gatherer, queries, touchedBy } from './data/queries.ts'
import { readSession, session } from './data/session.ts'
import { LogIn } from './pages/login.tsx'
import { show, theme } from './parts/theme.ts'
import { router } from './routes.tsx'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/dialogs.css'
import './style/approvals.css'
import './style/record.css'
import './style/pages.css'

const ASK_AGAIN_MS = 2000
/** What came too fast to be told apart is asked for as a whole, and not at every turn. */
const MUCH_MS = 3000

/** Before log-in there is one page; after it the daemon is followed for as long as the session holds. */
function Console(): ReactNode {
  const who = session.use()
  const isIn = typeof who === 'object'
  useEffect(() => {
    if (!isIn) return queries.clear()
    const ask = gatherer((names) => again(...names))
    const askAll = gatherer(() => againAll(), MUCH_MS)
    return follow({
      changed: (what, entry) => {
        if (what === 'state') ask(['daemon', 'runs', 'approvalList'])
        else if (what === 'approval') ask(['approvalList', 'approvalShow'])
        else if (what === 'alert') ask(['alertList', 'incidentList'])
        else if (what === 'much') askAll([])
        else if (what === 'back') againAll('all')
        else if (entry !== undefined) ask(touchedBy(entry))
      },
    })
  }, [isIn])
  useWhoIsIt(who === 'unknown')
  if (who === 'unknown') {
    return (
      <p className="loading" role="status">
        Asking the daemon who you are…
      </p>
    )
  }
  return isIn ? <RouterProvider router={router} context={{ who }} /> : <LogIn />
}

function useWhoIsIt(unknown: boolean): void {
  useEffect(() => {
    if (!unknown) return
    const ask = (): void => void readSession().catch(() => undefined) // asked again until somebody answers
    ask()
    const asking = setInterval(ask, ASK_AGAIN_MS)
    return () => clearInterval(asking)
  }, [unknown])
}

show(theme.get())
createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={queries}>
    <Console />
  </QueryClientProvider>,
)
