import { join } from 'node:path'
import { createContainment, createStopStore } from '../contain/stop/index.ts'
import type { Action } from '../core/action.ts'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Principal } from '../core/principal.ts'
import { inspect } from '../decide/inspect/index.ts'
import { PolicyEngine, type Grant } from '../decide/policy/index.ts'
import { loadProfiles, seccompDigestHere, type Running } from '../enforce/sandbox/index.ts'
import { holdToSelfTests } from '../enforce/sandbox/selftest/index.ts'
import { createRecorder, outcomeEvent, PermitBook, type GateEvent, type Rooms } from '../gate/index.ts'
import type { AuditEvent } from '../record/audit/index.ts'
import { createActs } from './acts.ts'
import { admitting } from './agents-admitted.ts'
import { wireApprovals } from './approvals-wire.ts'
import { attachments } from './attachments.ts'
import { openChanges } from './changes.ts'
import { planEvent, refusalEvent, startEvent } from './events.ts'
import type { Handlers } from './http/app.ts'
import { auditHandlers } from './http/audit.ts'
import { firewallHandlers } from './http/firewall.ts'
import { grantHandlers } from './http/grants.ts'
import { insideHandlers } from './http/inside.ts'
import { policyHandlers } from './http/policy.ts'
import { sandboxHandlers } from './http/sandbox.ts'
import { sandboxTestHandlers } from './http/sandbox-test.ts'
import { statusHandlers } from './http/status.ts'
import { stopHandlers } from './http/stop.ts'
import { taintHandlers } from './http/taint.ts'
import { openDoors } from './doors.ts'
import { Inside } from './exec.ts'
import { everStopped } from './ever-stopped.ts'
import { openGrants } from './grants-open.ts'
import { freezing } from './halting.ts'
import type { ComposeOptions, House } from './house.ts'
import { wireHooks } from './hooks-wire.ts'
import { endIfStopped, keepHouse } from './housekeeping.ts'
import { Outcomes } from './outcomes.ts'
import { memoryGuards } from './own-memory.ts'
import { openMcp } from './mcp-wire.ts'
import { openOutboxes } from './outboxes.ts'
import { ownPlaces } from './own-places.ts'
import { People } from './people.ts'
import { identifiedRuns } from './people-runs.ts'
import { guardedHandlers, guardLoosening, openPeopleDoor, ownersPeopleHandlers } from './people-wiring.ts'
import { createPlanner } from './plan.ts'
import { checkContext, PolicyFile } from './policy-file.ts'
import { openRecord } from './record.ts'
import { Recycling } from './recycling.ts'
import { runGrants } from './run-grants.ts'
import { Runs, type RunsOptions } from './runs.ts'
import { openSelfTestBook, testsOf } from './self-tests.ts'
import { openSecrets } from './secrets.ts'
import { Settlements } from './settlements.ts'
import { takeOver, withFailures } from './take-over.ts'
import { openTaint } from './taint.ts'
import { openWatch } from './watch/wire.ts'
import { AgentWatch } from './watchdog.ts'
import { openWaysOut } from './ways-out-wire.ts'
import { WorkspaceBook } from './workspaces.ts'

/** Builds the house. Only this file knows every room; the doors open last and close first. */
export async function compose(options: ComposeOptions): Promise<House> {
  const { config, log, clock, home, version } = options
  const { values } = config
  const now = () => clock.now()
  const monotonicMs = () => clock.monotonicMs()
  const { own, places } = ownPlaces(values, home)

  // decide
  const engineOptions = { monotonicMs, places, home }
  const engine = new PolicyEngine(engineOptions)
  const policyFile = new PolicyFile(values['policy.file'], engine)
  policyFile.load()

  // record: opened once the policy is known to be good, so that nothing has to be closed again
  const { keys, ledger, origin, redact, retiredGrantKeys } = await openRecord(config, clock)
  const append = (event: GateEvent) => ledger.append(event satisfies AuditEvent)
  const outcomes = new Outcomes({ append, late: lost })
  const settlements = new Settlements()
  const { grants, close: closeGrants } = openGrants({
    ...{ stateDirectory: values['paths.state'], signer: keys.signer('grant'), retired: retiredGrantKeys },
    ...{ engine, ledger, now: now() },
  })
  const workspaces = new WorkspaceBook(values['paths.state'], (list) => engine.setWorkspaces(list))
  const claim = (agent: string, path: string) => workspaces.claim(agent, path, now)
  const people = new People({ values, keys, ledger, append, lost, engine, now })
  const { identify } = people

  // contain
  const stops = createStopStore(values['paths.state'], { wasEverStopped: everStopped(ledger) })
  const evidence = (who: Principal, action: Action) => engine.decide(who, action, now()).evidence
  const contained = createContainment({ read: stops.read, evidence })

  // gate
  const approving = wireApprovals({
    ...{ values, ledger, now, monotonicMs, log, home, own, contained, redact },
    environment: options.environment,
    ...{ keys, engine, people },
    live: () => runs.live(),
    decide: (who, action) => engine.decide(people.genuine(who), action, now()),
    permits: () => permits,
  })
  const { judge } = approving
  const permits = new PermitBook({
    mac: (text) => keys.secret('permit').mac(text),
    lifetimeMs: values['permit.lifetime'],
    now,
    refused: (refusal) => void append(refusalEvent(refusal)).catch(lost),
    settled: async (claims, outcome) => {
      settlements.tell(claims.id, await outcomes.write(outcomeEvent(claims, outcome)))
      approving.settled(claims, outcome)
    },
  })
  const rooms: Rooms = {
    identify,
    inspect: async (_who, action) => inspect(action),
    contained,
    decide: approving.decide,
    ask: approving.ask,
    record: approving.recording(
      createRecorder({ log: { append }, permits, newId, epoch: () => engine.epoch(), judge }),
    ),
  }
  const acts = createActs({ rooms, permits, monotonicMs })
  const secrets = await openSecrets({ options, values, ledger, append, lost, acts, rooms, people, now })
  const taint = openTaint({ stateDirectory: values['paths.state'], now, lost })
  const changes = await openChanges({ values, own, acts, now, log, record: append, redact })

  // enforce: the doors, last
  await takeOver({ values, append, now })
  const selfTests = openSelfTestBook(ledger)
  const outbox = openOutboxes({ values, own, acts, redact, record: append, now })
  const doors = await openDoors({
    ...{ runtimeDirectory: values['paths.runtime'], stateDirectory: values['paths.state'] },
    ...{ permits, clock, log, takeOutbox: outbox.takeOutbox },
    record: (event) => {
      watch.saw(event)
      void append(event).catch(lost)
    },
    onStart: started,
    hold: (each) => holdToSelfTests(each, selfTests),
  })
  const { driver, drivers, open } = doors
  const live = () => runs.live()
  const halt = freezing({ live, kill: doors.halt, monotonicMs })
  const record = (event: GateEvent) => outcomes.write(event)
  const recycling = new Recycling({ record, log })
  const watch = new AgentWatch({ live, stops, halt, record, now, monotonicMs, log })
  const profiles = () => loadProfiles(values['profiles.dir'])
  const out = openWaysOut({
    ...{ values, rooms, permits, acts, engine, approving, secrets, driver, append, lost, clock, log },
  })
  const plan = createPlanner({
    redact,
    ...{ engine, actsAs: people.actsAs },
    grants,
    profiles,
    socketDirectory: join(values['paths.runtime'], 'agents'),
    ...{ home, now, own },
    seccompDigest: seccompDigestHere,
    listenAgent: options.listenAgent,
    layers: changes.layers(() => driver.lastProbe(), live),
    choose: (spec) => driver.choose(spec),
    ...{ ways: out.ways, bug: lost },
  })
  const forgetAfterMs = values['permit.lifetime'] + 1000
  const refused: RunsOptions['refused'] = async (who, action, error) =>
    void (await append(planEvent(who, action, error)).catch(lost))
  const grantRoutes = guardLoosening(people, grantHandlers({ grants, acts, now, redact, ended: grantEnded }))
  const runs: Runs = new Runs({
    rooms,
    permits,
    plan: identifiedRuns(people.room.runs, approving.plans.watching(plan)),
    open,
    refused,
    ...runGrants({
      ...{ grants, grantAdd: grantRoutes.grantAdd, outcomes, ended: grantEnded, now },
      hostsOf: secrets.hostsOf,
    }),
    claimWorkspace: claim,
    settlements,
    began: recycling.after((...begun) => watch.began(...begun), live),
    bug: (error) => log.error(`not taken back: ${messageOf(error)}`),
    forgetAfterMs,
  })
  const shared = { rooms, live, profiles, stops, settlements, refused, forgetAfterMs }
  const inside = new Inside({ ...shared, door: doors.inside, use: (run) => recycling.use(run) })
  const mcp = openMcp({
    ...{ values, rooms, permits, acts, engine, approving, keys, ledger, runs, taint, claim },
    ...{ environment: options.environment, home, own, append, lost, clock, log },
  })
  const watching = openWatch({
    ...{ values, home, own, ledger, keys, engine, rooms, permits, acts, stops, halt, live, append, lost },
    ...{ grants, runs, people, secrets, mcp, changes, out, doors, driver, taint },
    ...{ environment: options.environment, redact, clock, log, version, approving, policyFile },
    hookWarnings: () => hooks.warnings(),
  })

  const peopleWiring = { people, acts, rooms, grants, ledger, now, socket: values['people.socket'] }
  const hooks = wireHooks({
    ...{ values, rooms, home, own, acts, now, append, lost, claim, taint, environment: options.environment },
    isSomebodyThere: () => approving.facts().reachable,
  })
  const hooked = hooks.over({
    ...withFailures(
      options.failures,
      statusHandlers({
        ...{ version, now, stops, engine, grants, ledger, runs, startedAt: now(), profile: values.profile },
        ...{ policyFile: policyFile.path, policyProblem: () => policyFile.problem() },
        ...{ ledgerDirectory: values['audit.directory'], witness: values['audit.witness'] },
        ...{ socket: options.socketFacts, approvals: approving.facts, egress: out.facts },
        probe: () => driver.probe(),
        tests: () => testsOf(selfTests, profiles()),
        memory: () => memoryGuards([keys.secret('permit').kind, keys.secret('ipc').kind]),
      }),
    ),
    ...grantRoutes,
    ...policyHandlers({
      ...{ engine, engineOptions, rooms, acts, now },
      file: policyFile.path,
      reload: () => policyFile.load(),
      checkContext: () => checkContext(driver, places, home),
    }),
    ...auditHandlers({ ledger, acts, origin, archiveRecipients: values['audit.archive_recipients'] }),
    ...sandboxHandlers({ runs, plan, driver, profiles, rooms }),
    ...insideHandlers(inside),
    ...approving.handlers({ rooms, acts, grants, requireFresh: people.freshForHighRisk }),
    ...{ ...changes.handlers, ...outbox.handlers, ...out.handlers },
    ...sandboxTestHandlers({
      ...{ drivers, profiles, plan, acts, append, home, now },
      book: selfTests,
      own: values['paths.state'],
    }),
    ...stopHandlers({ stops, permits, acts, now, halt, record: async (event) => void (await record(event)) }),
    ...ownersPeopleHandlers(peopleWiring),
    ...secrets.handlers,
    ...firewallHandlers({ acts, rooms, append }),
    ...{ ...taintHandlers(taint, acts), ...mcp.handlers, ...watching.handlers },
  })
  const handlers: Handlers = watching.inStatus(secrets.inStatus(guardedHandlers(people, hooked)))
  const { questions } = approving
  const closePeople = await openPeopleDoor({ ...peopleWiring, handlers, questions, runs, clock, log })
  approving.begin()
  await append(startEvent(version))
  await watching.begin()
  const stopHousekeeping = await keepHouse({
    ...{ engine, ledger, stops, runs, append, outcomes, now, log },
    archiveRecipients: values['audit.archive_recipients'],
  })
  const { admitAgent, notForAgent } = admitting({ values, monotonicMs, append, log })
  return {
    handlers,
    rooms,
    runs,
    attachRun: mcp.attaching(attachments({ runs, inside, stops, recycling })),
    reloadPolicy: async () =>
      void (await handlers.policyReload(
        {},
        { credential: { kind: 'peer' }, signal: AbortSignal.timeout(10_000) },
      )),
    admitAgent: watch.counting(admitAgent),
    notForAgent,
    shown: (token, uid, by) => people.onToken(token, uid, by),
    isBusy: () => live().length > 0 || hooks.isBusy() || people.console?.isInUse() === true,
    close: async () => {
      watch.close()
      await watching.close()
      changes.close()
      hooks.close()
      stopHousekeeping()
      await closePeople()
      await doors.close('the daemon is ending')
      await mcp.close()
      await out.ways.close()
      approving.close()
      secrets.close()
      taint.close()
      await ledger.close()
      closeGrants()
    },
  }

  async function grantEnded(grant: Grant): Promise<void> {
    await runs.endUsersOf(grant.id, `grant ${grant.id} was taken back`)
  }

  function started(run: Running): void {
    // a stop that came while the sandbox was being built found nothing to end
    void endIfStopped(run, stops).catch((error: unknown) =>
      log.error(`a stopped run was not ended: ${messageOf(error)}`),
    )
  }

  function lost(error: unknown): void {
    log.error(`not recorded: ${messageOf(error)}`)
  }
}
