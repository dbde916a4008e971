import type { Json } from '../../core/canonical.ts'
import {
  IncidentError,
  stepsOf,
  type Incident,
  type Order,
  type Receipt,
} from '../../contain/incident/index.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { Credential } from '../../gate/index.ts'
import { containAgent, openPlaybook } from '../containing/cases.ts'
import { exportBundle } from '../containing/export.ts'
import type { Incidents, IncidentsOptions } from '../containing/incidents.ts'
import { refuseLatched } from '../containing/latches.ts'
import type { Handlers } from './app.ts'
import { incidentAnswer, iso, timesOf } from './incident-answer.ts'
import { stopHandlers } from './stop.ts'

export type IncidentHandlerOptions = IncidentsOptions & { readonly incidents: Incidents }

type Names =
  | 'incidentList'
  | 'incidentShow'
  | 'incidentAck'
  | 'incidentResolve'
  | 'incidentRetry'
  | 'incidentPlaybook'
  | 'incidentStep'
  | 'incidentExport'
  | 'contain'
  | 'quarantineList'
  | 'quarantineRestore'
  | 'resume'

/** Long enough for everything that does not copy a workspace; what takes longer goes on, and is shown as it stands. */
const WAIT_MS = 120_000

/** Incidents, for their owner. Whatever loosens something is asked of the gate, and needs the passphrase where one is set. */
export function incidentHandlers(options: IncidentHandlerOptions): Pick<Handlers, Names> {
  return { ...readers(options), ...movers(options), ...openers(options), ...quarantineHandlers(options) }
}

function readers({
  incidents,
  ...rest
}: IncidentHandlerOptions): Pick<Handlers, 'incidentList' | 'incidentShow' | 'incidentExport'> {
  const { book } = incidents
  return {
    incidentList({ limit, class: kind, state, severity, agent }) {
      const found = book.list({
        ...(kind === undefined ? {} : { class: kind }),
        ...(state === undefined ? {} : { state }),
        ...(severity === undefined ? {} : { severity }),
        ...(agent === undefined ? {} : { agent }),
      })
      const problem = book.problem()
      return {
        ...{
          incidents: found.slice(0, limit).map((each) => incidentAnswer(each, rest.clock.now())),
          total: found.length,
        },
        ...(problem === undefined ? {} : { problem }),
      }
    },
    incidentShow: ({ id }) => incidentAnswer(book.find(id), rest.clock.now()),
    async incidentExport({ ids }, { credential }) {
      const chosen = ids.length === 0 ? book.list() : ids.map((id) => book.find(id))
      const asked = acting(credential, 'export', 'medium', { ids: chosen.map(({ id }) => id) })
      return (await rest.acts.act(asked, 'containment', () => exportBundle({ ...rest, incidents }, chosen)))
        .value
    },
  }
}

function movers(
  options: IncidentHandlerOptions,
): Pick<Handlers, 'incidentAck' | 'incidentResolve' | 'incidentRetry' | 'incidentStep' | 'resume'> {
  const { incidents, acts, people, clock, append } = options
  const { book, outbox } = incidents
  const { resume } = stopHandlers({
    ...{ ...options, now: () => clock.now() },
    record: async (event) => void (await append(event)),
  })
  return {
    async incidentAck({ id, by, cause }, { credential }) {
      const incident = book.find(id)
      await people.fresh(credential, 'incident ack')
      const asked = acting(credential, incident.id, 'high', { act: 'ack', by, cause }, cause)
      const { value } = await acts.act(asked, 'containment', ({ who }) =>
        book.acknowledge(incident.id, `${by} (${who.id})`, cause),
      )
      return incidentAnswer(value, clock.now())
    },
    async incidentResolve({ id, by, reason, accept, dry }, { credential }) {
      const incident = book.find(id)
      const given = { acceptUnconfirmed: accept.includes('unconfirmed'), evidenceAt: evidenceOf(options) }
      book.mayResolve(dry ? { ...incident, state: 'acknowledged' } : incident, given)
      if (dry) return { incident: incidentAnswer(incident, clock.now()), lifted: [] }
      await people.fresh(credential, 'incident resolve')
      const asked = acting(
        credential,
        incident.id,
        'critical',
        { act: 'resolve', by, reason, accept },
        reason,
      )
      const { value } = await acts.act(asked, 'containment', ({ who }) => {
        const resolved = book.resolve(incident.id, `${by} (${who.id})`, reason, given)
        return { incident: incidentAnswer(resolved, clock.now()), lifted: incidents.release(resolved) }
      })
      return value
    },
    async incidentRetry({ id }, { credential }) {
      const incident = book.find(id)
      const left = incident.actions.filter(({ state }) => state === 'failed').map(orderOf)
      const { value } = await acts.act(
        acting(credential, incident.id, 'low', { act: 'retry' }),
        'containment',
        async ({ who }) => {
          book.order(incident.id, left, who.id, 'tried again')
          return await settled(outbox.settled(incident.id), () => book.get(incident.id))
        },
      )
      return incidentAnswer(value, clock.now())
    },
    async incidentStep({ id, step, by, note, waive }, { credential }) {
      const incident = book.find(id)
      refuseUnknownStep(incident, step)
      const state = waive ? ('waived' as const) : ('done' as const)
      const asked = acting(credential, incident.id, 'medium', { act: 'step', step, state, by, note }, note)
      const { value } = await acts.act(asked, 'containment', ({ who }) =>
        book.step(incident.id, step, state, `${by} (${who.id})`, note),
      )
      return incidentAnswer(value, clock.now())
    },
    async resume(input, caller) {
      refuseLatched(book, input.agent)
      return await resume(input, caller)
    },
  }
}

function openers(options: IncidentHandlerOptions): Pick<Handlers, 'incidentPlaybook' | 'contain'> {
  const { incidents, acts, clock } = options
  const { book, outbox } = incidents
  return {
    async incidentPlaybook({ playbook, agent, secret, reason }, { credential }) {
      const input = { playbook, agent: agent ?? null, secret: secret ?? null }
      const asked = acting(credential, playbook, 'low', input, reason)
      const { value } = await acts.act(asked, 'containment', async ({ who }) => {
        const { id } = openPlaybook(options, { playbook, agent, secret, reason }, who.id)
        return await settled(outbox.settled(id), () => book.get(id))
      })
      return incidentAnswer(value, clock.now())
    },
    async contain({ agent, reason, to, keepWorkspace, block }, { credential }) {
      const input = { agent, reason, to: to ?? null, keepWorkspace, block }
      // like a stop: never held up by a ledger that is down
      const asked = {
        credential,
        namespace: 'agent',
        verb: 'stop',
        resource: agent,
        risk: 'low' as const,
        input,
        reason,
      }
      const { value, verdict } = await acts.act(asked, 'containment', async ({ who }) => {
        const { id } = containAgent(options, { agent, reason, to, keepWorkspace, block }, who.id)
        return await settled(outbox.settled(id), () => book.get(id))
      })
      return {
        ...{ incident: incidentAnswer(value, clock.now()), times: timesOf(value) },
        ...(verdict.entry === undefined ? {} : { entry: verdict.entry }),
      }
    },
  }
}

function quarantineHandlers({
  incidents,
  acts,
  people,
}: IncidentHandlerOptions): Pick<Handlers, 'quarantineList' | 'quarantineRestore'> {
  const { quarantine } = incidents
  return {
    quarantineList: () => ({
      files: quarantine.list().map(({ id, path, sha256, sizeBytes, incident, restored, at }) => ({
        ...{ id, path, sha256, sizeBytes, incident, restored, at: iso(at) },
      })),
    }),
    async quarantineRestore({ id, reason }, { credential }) {
      await people.fresh(credential, 'quarantine restore')
      const asked = acting(credential, `quarantine/${id}`, 'high', { act: 'restore', id }, reason)
      const { value } = await acts.act(asked, 'containment', () => quarantine.restore(id))
      return { path: value.path, sha256: value.sha256 }
    },
  }
}

function acting(credential: Credential, resource: string, risk: RiskLevel, input: Json, reason?: string) {
  const asked = {
    credential,
    namespace: 'config',
    verb: 'write',
    resource: `incidents/${resource}`,
    risk,
    input,
  }
  return reason === undefined ? asked : { ...asked, reason }
}

/** Waits until everything was tried, and not for ever. */
async function settled(done: Promise<Incident>, now: () => Incident): Promise<Incident> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), WAIT_MS)
  try {
    return (await Promise.race([done, late.promise])) ?? now()
  } finally {
    clearTimeout(timer)
  }
}

/** When Warder was last seen whole. Seen otherwise is not seen whole. */
function evidenceOf({ integrityEvidence }: IncidentHandlerOptions): number | undefined {
  const seen = integrityEvidence()
  return seen?.state === 'trusted' ? seen.at : undefined
}

function orderOf({ action, target, input }: Receipt): Order {
  return input === undefined ? { action, target } : { action, target, input }
}

function refuseUnknownStep(incident: Incident, step: string): void {
  const steps = stepsOf(incident).map(({ id }) => id)
  if (steps.includes(step)) return
  throw unknownStep(incident.id, step, steps)
}

function unknownStep(id: string, step: string, steps: readonly string[]): IncidentError {
  return new IncidentError('INCIDENT_UNKNOWN', {
    what: `${id} has no step ${step}`,
    fix: steps.length === 0 ? 'it follows no playbook' : `its steps are: ${steps.join(', ')}`,
  })
}
