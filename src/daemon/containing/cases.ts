import type { Incident, Order } from '../../contain/incident/index.ts'
import { IncidentError } from '../../contain/incident/index.ts'
import type { Incidents, IncidentsOptions } from './incidents.ts'
import { rollBackOrders } from './rolling-back.ts'
import { runsOf } from './freezing.ts'

type Options = IncidentsOptions & { readonly incidents: Incidents }

export interface ContainRequest {
  readonly agent: string
  readonly reason: string
  /** The snapshot its workspace goes back to; absent: the newest whole one from before it began. */
  readonly to: string | undefined
  readonly keepWorkspace: boolean
  /** Hosts and addresses that nobody here reaches any more. */
  readonly block: readonly string[]
}

/**
 * Opens the case of an agent that somebody wants contained. Everything is ordered at once and written down, so whatever
 * ends this process, the next one goes on with the same orders: freeze it, look at it, cut its connections, kill it, take
 * its rights and its secrets away, and put its workspace back.
 *
 * @throws WorkspaceError `SNAPSHOT_MISSING`; IncidentError `INCIDENTS_UNTRUSTED`
 */
export function containAgent(
  options: Options,
  { agent, reason, to, keepWorkspace, block }: ContainRequest,
  by: string,
): Incident {
  const runs = runsOf(options, agent)
  const back = keepWorkspace ? [] : rollBackOrders(options, agent, runs, to)
  const first: Order = { action: 'freeze_agent', target: agent, input: { hold: 'yes' } }
  const taken = (
    ['snapshot_evidence', 'close_egress', 'kill_agent', 'revoke_rights', 'disable_secrets'] as const
  ).map((action): Order => ({ action, target: agent }))
  const evidence = {
    runs: runs.length,
    workspaces: [...new Set(runs.map(({ workspace }) => workspace))].join(' '),
  }
  const about = {
    class: 'contained_by_owner' as const,
    by,
    summary: reason,
    severity: 'high' as const,
    agent,
    evidence,
  }
  const blocked = block.map((target): Order => ({ action: 'block_address', target }))
  const incident = options.incidents.book.open(about, [first, ...taken, ...blocked, ...back])
  options.incidents.outbox.kick()
  return incident
}

export interface PlaybookRequest {
  readonly playbook: 'credential' | 'breach'
  readonly agent: string | undefined
  readonly secret: string | undefined
  readonly reason: string
}

/** Opens a case that follows a playbook, and does what of it is done by itself. @throws IncidentError */
export function openPlaybook(options: Options, request: PlaybookRequest, by: string): Incident {
  const { agent, secret, reason: summary, playbook } = request
  const isBreach = playbook === 'breach'
  refuseNothingNamed(request)
  const orders = isBreach ? breachOrders(agent) : credentialOrders(options, agent, secret)
  const incident = options.incidents.book.open(
    {
      ...{ class: isBreach ? 'data_breach' : 'credential_compromise', by, summary, severity: 'high' },
      ...(agent === undefined ? {} : { agent }),
      evidence: secret === undefined ? {} : { secret },
    },
    orders,
  )
  options.incidents.outbox.kick()
  return incident
}

function breachOrders(agent = ''): Order[] {
  const actions = ['snapshot_evidence', 'close_egress', 'kill_agent', 'revoke_rights'] as const
  return [
    { action: 'freeze_agent', target: agent, input: { hold: 'yes' } },
    ...actions.map((action): Order => ({ action, target: agent })),
  ]
}

function credentialOrders(
  { secrets }: Options,
  agent: string | undefined,
  secret: string | undefined,
): Order[] {
  if (secret !== undefined && !secrets.room.list().some(({ name }) => name === secret)) {
    throw new IncidentError('INCIDENT_UNKNOWN', {
      what: `there is no secret ${secret}`,
      fix: 'see which there are with: warder secret list',
    })
  }
  const whom = agent ?? 'nobody'
  return [
    secret === undefined
      ? { action: 'disable_secrets', target: whom }
      : { action: 'disable_secrets', target: whom, input: { secret } },
    ...(agent === undefined ? [] : [{ action: 'revoke_rights' as const, target: agent }]),
  ]
}

function refuseNothingNamed({ playbook, agent, secret }: PlaybookRequest): void {
  if (agent !== undefined || (playbook === 'credential' && secret !== undefined)) return
  throw new IncidentError('INCIDENT_UNKNOWN', {
    what: 'the case names nobody it is about',
    fix:
      playbook === 'breach' ? 'name the agent: --agent' : 'name the secret or the agent: --secret, --agent',
  })
}
