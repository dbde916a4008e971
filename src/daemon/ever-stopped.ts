import type { Ledger } from '../record/audit/index.ts'

/** Whether the record knows of any stop that the owner made, or Warder itself: the witness against a stop file that was taken away. */
export function everStopped(ledger: Pick<Ledger, 'query'>): boolean {
  const stop = { action: 'agent:stop', order: 'newest', limit: 1 } as const
  // allowed by the gate, or done without the daemon and noted afterwards
  return [
    { decision: 'allow' } as const,
    { result: 'success' } as const,
    { result: 'failure' } as const,
  ].some((how) => ['owner', 'warder'].some((agent) => ledger.query({ ...stop, agent, ...how }).length > 0))
}
