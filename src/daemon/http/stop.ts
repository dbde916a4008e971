import type { Json } from '../../core/canonical.ts'
import type { PermitBook, GateEvent } from '../../gate/index.ts'
import { StopError, type HaltedRun, type Stop, type Stops, type StopStore } from '../../contain/stop/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from './app.ts'

export interface StopHandlerOptions {
  readonly stops: StopStore
  readonly permits: PermitBook
  readonly acts: Acts
  readonly now: () => number
  /** Freezes and kills what runs; of one agent, or all. */
  readonly halt: (agent: string | undefined, why: string) => Promise<readonly HaltedRun[]>
  /** Never throws: a ledger that is down holds up no stop. */
  readonly record: (event: GateEvent) => Promise<void>
}

/** Whether a person was there is known from the caller alone, and recorded as what it said. */
const CONFIRMED = { terminal: 'confirmed at a terminal', flag: 'confirmed in the command' } as const

export function stopHandlers(options: StopHandlerOptions): Pick<Handlers, 'stop' | 'resume'> {
  const { stops, permits, acts, now, halt, record } = options
  const modeOf = ({ all }: Stops) => (all === undefined ? ('normal' as const) : ('manual' as const))
  return {
    async stop({ agent, reason }, { credential }) {
      const asked = {
        credential,
        namespace: 'agent',
        verb: 'stop',
        resource: agent ?? '*',
        risk: 'low' as const, // stopping is never held up by a ledger that is down
        reason,
        input: { agent: agent ?? null, reason } as Json,
      }
      const { value, verdict } = await acts.act(asked, 'containment', async ({ who, request }) => {
        const since = { since: new Date(now()).toISOString(), by: who.id, reason }
        const written = attempt(() => stopOrAll(stops, agent, since))
        const why = `stopped by ${who.id}: ${reason}`
        const cancelledPermits = permits.cancel(
          ({ principal, door, action }) =>
            door === 'sandbox' &&
            (agent === undefined || principal === agent || action === `agent:start:${agent}`),
          why,
        )
        const halted = await halt(agent, why)
        for (const receipt of halted) await record(haltEvent(receipt, request, reason))
        // told last: a disk that an agent filled must not save it
        if ('error' in written) throw written.error
        return { mode: modeOf(written.stops), cancelledPermits, halted: [...halted] }
      })
      return { ...value, ...(verdict.entry === undefined ? {} : { entry: verdict.entry }) }
    },
    async resume({ agent, reason: why, since, confirmed }, { credential }) {
      const reason = confirmed === undefined ? why : `${why} (${CONFIRMED[confirmed]})`
      const asked = {
        credential,
        namespace: 'agent',
        verb: 'resume',
        resource: agent ?? '*',
        risk: 'critical' as const,
        reason,
        input: { agent: agent ?? null, reason, since: since ?? null } as Json,
      }
      const { value, verdict } = await acts.act(asked, 'containment', () => stops.resume(agent, since))
      const left = Object.keys(value.agents).length + (value.all === undefined ? 0 : 1)
      return {
        mode: modeOf(value),
        stops: left,
        ...(verdict.entry === undefined ? {} : { entry: verdict.entry }),
      }
    },
  }
}

/** A stop file that cannot be understood stops all: the one thing that is certainly strict enough. */
function stopOrAll(stops: StopStore, agent: string | undefined, stop: Stop): Stops {
  try {
    return stops.stop(agent, stop)
  } catch (error) {
    if (!(error instanceof StopError)) throw error
    return stops.stopAll(stop)
  }
}

function attempt(stop: () => Stops): { readonly stops: Stops } | { readonly error: unknown } {
  try {
    return { stops: stop() }
  } catch (error) {
    return { error }
  }
}

/** What became of one run, as proof that the stop was not only announced. */
export function haltEvent(receipt: HaltedRun, request: string, reason: string): GateEvent {
  return {
    event_type: 'containment',
    agent: receipt.agent,
    action: 'agent:stop',
    target: receipt.runId,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'containment',
    permit_id: '',
    reason,
    request_id: request,
    result: receipt.processesAfter === 0 ? 'success' : 'failure',
    risk_level: 'medium',
    rule: 'containment.halt',
    details: {
      processes_before: receipt.processesBefore,
      processes_after: receipt.processesAfter,
      microseconds: Math.round(receipt.ms * 1000),
      ...(receipt.frozenMs === undefined ? {} : { frozen_microseconds: Math.round(receipt.frozenMs * 1000) }),
      ...(receipt.error === undefined ? {} : { error: receipt.error }),
    },
  }
}
