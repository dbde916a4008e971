import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
} from '@tanstack/react-router'
import type { Session } from './data/session.ts'
import { Wrong } from './parts/blocks.tsx'
import { Shell } from './shell.tsx'

const root = createRootRouteWithContext<{ who: Session }>()({
  component: function Root() {
    return <Shell who={root.useRouteContext().who} />
  },
  notFoundComponent: () => <p className="empty">There is no such page. The pages are at the side.</p>,
  errorComponent: ({ error }) => <Wrong error={error} />,
})

/** What the address of the record’s page says: the same address shows the same view. */
export interface RecordView {
  readonly q?: string
  readonly entry?: number
}

export interface PolicyView {
  readonly agent?: string
  readonly ask?: string
  readonly tab?: string
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 2000) : undefined

function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never
}

const now = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/now.tsx'), 'Now'),
})
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: (search): { id?: string } => present({ id: text(search['id']) }),
  component: lazyRouteComponent(() => import('./pages/approvals.tsx'), 'Approvals'),
})
const record = createRoute({
  getParentRoute: () => root,
  path: '/record',
  validateSearch: (search): RecordView => {
    const entry = Number(search['entry'])
    return present({
      q: text(search['q']),
      entry: Number.isSafeInteger(entry) && entry > 0 ? entry : undefined,
    })
  },
  component: lazyRouteComponent(() => import('./pages/record.tsx'), 'Record'),
})
const policy = createRoute({
  getParentRoute: () => root,
  path: '/policy',
  validateSearch: (search): PolicyView =>
    present({ agent: text(search['agent']), ask: text(search['ask']), tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/policy.tsx'), 'Policy'),
})
const agents = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  component: lazyRouteComponent(() => import('./pages/agents.tsx'), 'Agents'),
})
const servers = createRoute({
  getParentRoute: () => root,
  path: '/servers',
  component: lazyRouteComponent(() => import('./pages/servers.tsx'), 'Servers'),
})
const secrets = createRoute({
  getParentRoute: () => root,
  path: '/secrets',
  component: lazyRouteComponent(() => import('./pages/secrets.tsx'), 'Secrets'),
})
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/people.tsx'), 'People'),
})
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./pages/alerts.tsx'), 'Alerts'),
})
const health = createRoute({
  getParentRoute: () => root,
  path: '/health',
  component: lazyRouteComponent(() => import('./pages/health.tsx'), 'Health'),
})
const start = createRoute({
  getParentRoute: () => root,
  path: '/start',
  component: lazyRouteComponent(() => import('./pages/start.tsx'), 'Start'),
})

/** Where links of the terminal lead; whoever is in already goes on to the first page. */
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: () => <Navigate to="/" replace />,
})

export const router = createRouter({
  routeTree: root.addChildren([
    now,
    approvals,
    record,
    policy,
    agents,
    servers,
    secrets,
    people,
    alerts,
    health,
    start,
    login,
  ]),
  context: { who: undefined as unknown as Session },
  defaultPreload: 'intent',
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
