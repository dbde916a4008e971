import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { EndpointName, EntryAnswer, InputOf, OutputOf } from '../../../src/api/endpoints.ts'
import { call } from './calls.ts'
import { line } from './live.ts'
import { Problem } from './problem.ts'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof Problem) && count < 2,
      networkMode: 'always', // loopback is there without a network
    },
    mutations: { networkMode: 'always', retry: false },
  },
})

/** What the daemon answers to a question, kept and asked again when it may have changed. */
export function useAnswer<N extends EndpointName>(
  name: N,
  input: InputOf<N>,
  options: { readonly enabled?: boolean; readonly everyMs?: number } = {},
): UseQueryResult<OutputOf<N>> {
  return useQuery<OutputOf<N>>({
    queryKey: [name, input],
    queryFn: ({ signal }) => call(name, input, signal),
    enabled: options.enabled ?? true,
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
  })
}

export function again(...names: readonly EndpointName[]): void {
  for (const name of names) void queries.invalidateQueries({ queryKey: [name] })
}

/**
 * Everything that is looked at now, save the pages of the record: what is written there stays as it is. What a list that
 * follows the stream began with is read again only after nobody followed for a while.
 */
export function againAll(what: 'all' | 'unfollowed' = 'unfollowed'): void {
  const kept = what === 'all' ? ['pages'] : ['pages', FOLLOWED]
  void queries.invalidateQueries({ predicate: ({ queryKey }) => !kept.includes(String(queryKey[1])) })
}

/** Marks what the stream carries on. */
const FOLLOWED = 'followed'

/**
 * The newest entries as they were when the stream began; it brings all that come after them. They are not read before it
 * begins, so that nothing falls between the two.
 */
export function useNewest(limit: number): UseQueryResult<OutputOf<'auditList'>> {
  const { state } = line.use()
  return useQuery({
    enabled: state !== 'connecting',
    queryKey: ['auditList', FOLLOWED, limit],
    queryFn: ({ signal }) => call('auditList', { limit }, signal),
    staleTime: Infinity,
  })
}

/** Which answers an entry of the record may have changed, by how its action begins. */
const TOUCHED: readonly (readonly [string, readonly EndpointName[]])[] = [
  ['agent:', ['runs', 'daemon', 'approvalList']],
  ['approval:', ['approvalList', 'allowanceList']],
  ['policy:', ['policyShow', 'policyCheck', 'policyExplain']],
  ['grant:', ['grantList']],
  ['secret', ['secretList']],
  ['mcp:', ['mcpPinList', 'mcpList']],
  ['people:', ['guestList', 'deviceList', 'pairingList', 'sessionList']],
  ['question:', ['approvalList', 'allowanceList']],
  ['incident:', ['incidentList', 'daemon']],
  ['taint', ['taintShow']],
  ['budget', ['budgetList']],
]

export function touchedBy({ action }: EntryAnswer): readonly EndpointName[] {
  return TOUCHED.filter(([start]) => action.startsWith(start)).flatMap(([, names]) => names)
}

const GATHER_MS = 300

/** Collects names and asks again once for all that came within a short while, so that a burst is one question. */
export function gatherer(
  ask: (names: readonly EndpointName[]) => void,
  gatherMs = GATHER_MS,
): (names: readonly EndpointName[]) => void {
  const wanted = new Set<EndpointName>()
  const held: { timer?: ReturnType<typeof setTimeout> | undefined } = {}
  return (names) => {
    for (const name of names) wanted.add(name)
    held.timer ??= setTimeout(() => {
      const all = [...wanted]
      wanted.clear()
      held.timer = undefined
      ask(all)
    }, gatherMs)
  }
}
