import type { PolicyEngine } from '../decide/policy/index.ts'
import { netReach } from '../decide/policy/index.ts'
import { AIRLOCK_BUDGET, DEFAULT_BUDGET, readSystemRoots } from '../enforce/egress/index.ts'
import type { DriverChoice } from '../enforce/sandbox/index.ts'
import type { GateEvent, PermitBook, Rooms } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Acts } from './acts.ts'
import { AirlockSwitch } from './airlock.ts'
import { egressEvent, secretUses } from './egress-events.ts'
import { egressOf } from './egress-policy.ts'
import { airlockFor, egressSettings } from './egress-settings.ts'
import { EgressProcess } from './egress/process.ts'
import { forNoCaller } from './caller.ts'
import { airlockAnswer, egressHandlers } from './http/egress.ts'
import type { LentSecret } from './secrets-bindings.ts'
import type { Secrets } from './secrets.ts'
import { WaysOut, type WaysOutOptions, type WayToOpen } from './ways-out.ts'

export interface WaysOutWiring {
  readonly values: SettingValues
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly acts: Acts
  readonly engine: PolicyEngine
  readonly approving: Pick<WaysOutOptions, 'again' | 'judged'>
  readonly secrets: Pick<Secrets, 'bindingsFor' | 'used'>
  readonly driver: Pick<DriverChoice, 'lastProbe'>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly clock: Clock
  readonly log: Log
}

/** The ways out of all runs, and the proxy they lead to. */
export function openWaysOut(wiring: WaysOutWiring) {
  const { values, rooms, permits, acts, engine, approving, secrets, driver, append, lost, clock, log } =
    wiring
  const [now, monotonicMs] = [() => clock.now(), () => clock.monotonicMs()]
  const roots: { text?: string } = {}
  const usual = values['egress.airlock'] === 'on' ? AIRLOCK_BUDGET : DEFAULT_BUDGET
  const airlock: AirlockSwitch = new AirlockSwitch(values['egress.airlock'], now, (state) =>
    proxy.setAirlock(airlockFor(state)),
  )
  const proxy = new EgressProcess({
    // the process was started by some call, and answers many
    ask: ({ runId, host, port }) => forNoCaller(() => ways.ask(runId, { host, port })),
    record: async (event) => {
      // a stolen value goes out of use whether or not that can be written down
      for (const use of secretUses(event)) {
        if (use.what === 'canary') ways.withdraw(use.name)
        void secrets.used(use).catch(lost)
      }
      await append(egressEvent(event)) // what could not be put on record does not leave
    },
    lost: (runIds) => ways.lost(runIds),
    settings: () => egressSettings(values, airlock.state()),
    ...{ clock, log },
  })
  const ways: WaysOut = new WaysOut({
    ...{ rooms, permits, proxy, now, monotonicMs, log },
    ...{ again: approving.again, judged: approving.judged },
    runtimeDirectory: values['paths.runtime'],
    missing: () => whatIsMissing(driver),
    policyOf: (agent) => egressOf(engine.policy().source.value, agent, usual),
    lend: (asked) => lend(asked, wiring),
    systemRoots: () => (roots.text ??= readSystemRoots()), // takes a while, and a machine's roots seldom change
  })
  const handlers = egressHandlers({
    ...{ airlock, acts },
    ways: (agent) => ways.list(agent),
    proxy: () => proxy.state,
  })
  const facts = () => {
    const { state, problem } = proxy.state
    const known = { proxy: state, airlock: airlockAnswer(airlock.state()), runs: ways.size }
    return problem === undefined ? known : { ...known, problem }
  }
  /** Shuts the airlock, where there is one, whoever opened it. */
  const shut = async (): Promise<void> => void (await airlock.close())
  return { ways, handlers, facts, shut }
}

async function whatIsMissing({ lastProbe }: WaysOutWiring['driver']): Promise<string | undefined> {
  const { guarantees } = await lastProbe()
  const bridge = guarantees.find(({ name }) => name === 'resident-exec')
  return bridge?.inForce === true
    ? undefined
    : `no sandbox here has a bridge to the proxy (${bridge?.why ?? 'it is not known why'})`
}

async function lend(
  { secrets: wanted, agent = '', runId, principal, profile }: WayToOpen,
  { secrets, engine, clock }: WaysOutWiring,
): Promise<readonly LentSecret[]> {
  const { mode, domains } = profile.network
  const hosts = mode === 'domains' ? domains : netReach(engine, principal, clock.now())
  return await secrets.bindingsFor({
    ...{ agent, run: runId, wanted },
    credential: { kind: 'agent', name: agent },
    hosts: [...hosts],
  })
}
