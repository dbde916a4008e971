import { componentOf, type Component } from '../../watch/health/index.ts'
import { pidNamespaceOf } from '../../enforce/sandbox/processes.ts'
import type { Observed, SourceFact } from '../../watch/host/index.ts'
import type { LiveRun } from '../runs.ts'
import { stopReason } from '../housekeeping.ts'
import { Boundary } from './boundary.ts'
import { openLookoutProgram } from './host-program.ts'
import { HostWatch } from './host.ts'
import type { Raise, WatchOptions } from './wire.ts'

interface Needs extends Pick<
  WatchOptions,
  'values' | 'home' | 'own' | 'live' | 'stops' | 'grants' | 'doors' | 'clock' | 'log'
> {
  /** Whether an agent is being contained: its runs end by that, and need nobody to tell that they should. */
  readonly isActingOn: (agent: string) => boolean
}

export interface OpenHost {
  /** How well it sees, for whoever asks what is in force. */
  parts(): readonly Component[]
  begin(): void
  close(): void
}

/**
 * Who looks at the borders of runs, and at the host. Nothing is started before a run begins or a setting says so.
 *
 * @param observe holds what happened on the host against the rules
 */
export function openHost(options: Needs, raise: Raise, observe: (event: Observed) => void): OpenHost {
  const { values, home, own, live, stops, grants, doors, clock, log, isActingOn } = options
  const now = () => clock.now()
  const isOn = values['watch.boundary'] === 'on'
  // a user's own daemon lives as long as its user's agents work; what else the machine does is its administrator's
  const isHostOn = values['watch.host'] === 'on' || (values['watch.host'] === 'auto' && values.system)
  const host = isHostOn ? new HostWatch({ values, home, raise, observe, now }) : undefined
  const boundary = new Boundary({
    ...{ live, raise, own, now, openProgram: openLookoutProgram },
    whyNot: (agent) => (isActingOn(agent) ? undefined : stopReason(stops, agent)),
    holds: (id) => {
      const grant = grants.get(id)
      return grant !== undefined && grants.state(grant, now()) === 'live'
    },
    onSeen: (seen) => host?.see(seen),
  })
  const boundaryPart = (): Component => {
    if (!isOn) return { name: 'boundary', state: 'off', why: 'watch.boundary is off' }
    // it is started with the first run
    if (live().length === 0) return { name: 'boundary', state: 'ok', why: 'watches as soon as an agent runs' }
    return componentOf(
      'boundary',
      [...boundary.lookout.sources(), ...unspaced(live())],
      'see docs/host-watch.md',
    )
  }
  const hostPart = (): Component =>
    host === undefined
      ? { name: 'host', state: 'off', why: `watch.host is ${values['watch.host']}` }
      : componentOf('host', [...host.facts(), ...boundary.lookout.sources()], 'see docs/host-watch.md')
  return {
    parts: () => [boundaryPart(), hostPart(), ...(host?.parts() ?? [])],
    begin() {
      if (isOn) {
        boundary.begin()
        doors.watchedBy(boundary)
      } else log.warn('nobody watches the borders of runs: watch.boundary is off')
      if (host === undefined) return
      host.begin()
      boundary.lookout.watchHost(host.orders())
    },
    close() {
      host?.close()
      boundary.close()
    },
  }
}

/** Who has no namespaces of its own cannot be told from others by them. */
function unspaced(runs: readonly LiveRun[]): SourceFact[] {
  const here = pidNamespaceOf(process.pid)
  const open = runs.filter(({ running }) => running.pidNamespace === here || running.pidNamespace === '')
  if (open.length === 0) return []
  const agents = [...new Set(open.map(({ running }) => running.agent))].join(', ')
  const why = `${agents} without namespaces of their own (level landlock): who enters or leaves, and a network put in, is not seen`
  return [{ name: 'namespaces', inForce: false, why }]
}
