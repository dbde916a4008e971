import { join } from 'node:path'
import { createContainment, createStopStore, type HaltedRun } from '../contain/stop/index.ts'
import type { Action } from '../core/action.ts'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Principal } from '../core/principal.ts'
import { refuseUnanswered } from '../decide/approval/index.ts'
import { createIdentity } from '../decide/identity/index.ts'
import { inspect } from '../decide/inspect/index.ts'
import { GRANT_TABLE, GrantBook, PolicyEngine, sqliteGrantStore, type Grant } from '../decide/policy/index.ts'
import {
  createBubblewrapDriver,
  fileRegistry,
  loadProfiles,
  createSandboxDoor,
  seccompDigestHere,
  startSpawnWatch,
  type Running,
} from '../enforce/sandbox/index.ts'
import { createRecorder, outcomeEvent, PermitBook, type GateEvent, type Rooms } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDb } from '../platform/db.ts'
import { ensurePrivateDirectory } from '../platform/files.ts'
import type { Log } from '../platform/log.ts'
import { openNative } from '../platform/native.ts'
import type { Listener } from '../platform/unix-socket.ts'
import { redactSecrets, type AuditEvent } from '../record/audit/index.ts'
import { createActs } from './acts.ts'
import type { AttachedRun } from './attach.ts'
import { attachedRun } from './attached.ts'
import { notForAgentEvent, planEvent, refusalEvent, spawnEvent, startEvent } from './events.ts'
import type { Handlers } from './http/app.ts'
import { auditHandlers } from './http/audit.ts'
import { grantHandlers } from './http/grants.ts'
import { policyHandlers } from './http/policy.ts'
import { sandboxHandlers } from './http/sandbox.ts'
import { statusHandlers } from './http/status.ts'
import { stopHandlers } from './http/stop.ts'
import { endIfStopped, keepHouse, stopReason } from './housekeeping.ts'
import { Outcomes } from './outcomes.ts'
import { createPlanner } from './plan.ts'
import { checkContext, PolicyFile } from './policy-file.ts'
import { openRecord } from './record.ts'
import { Runs } from './runs.ts'
import { takenBack } from './taken-back.ts'
import { WorkspaceBook } from './workspaces.ts'

export interface ComposeOptions {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly listenAgent: (path: string, agent: string, uid?: number) => Promise<Listener>
  readonly socketFacts: () => { readonly path: string; readonly peerUid: boolean }
}

/** A whole Warder: every room, wired. */
export interface House {
  readonly handlers: Handlers
  readonly rooms: Rooms
  readonly runs: Runs
  readonly attachRun: (permit: string) => Promise<AttachedRun>
  readonly reloadPolicy: () => Promise<void>
  /** Puts on record that an agent called what is not for agents. */
  readonly notForAgent: (agent: string, call: string) => Promise<void>
  readonly isBusy: () => boolean
  /** Stops the doors first, then settles and closes the record. */
  close(): Promise<void>
}

/** Builds the house. Only this file knows every room; the doors open last and close first. */
export async function compose(options: ComposeOptions): Promise<House> {
  const { config, log, clock, home, version } = options
  const { values } = config
  const now = () => clock.now()
  const monotonicMs = () => clock.monotonicMs()
  for (const key of ['paths.config', 'paths.state', 'paths.runtime'] as const)
    ensurePrivateDirectory(values[key])

  // decide
  const own = [
    values['paths.config'],
    values['paths.state'],
    values['paths.keys'],
    values['paths.runtime'],
    values['audit.directory'],
  ]
  const places = {
    homes: [home],
    keyStore: [values['paths.keys']],
    ledger: [values['audit.directory']],
    policy: [values['paths.config']],
    state: [values['paths.state'], values['paths.runtime']],
  }
  const engineOptions = { monotonicMs, places, home }
  const engine = new PolicyEngine(engineOptions)
  const policyFile = new PolicyFile(values['policy.file'], engine)
  policyFile.load()

  // record: opened once the policy is known to be good, so that nothing has to be closed again
  const { keys, ledger, origin, retiredGrantKeys } = await openRecord(config, clock)
  const append = (event: GateEvent) => ledger.append(event satisfies AuditEvent)
  const outcomes = new Outcomes({ append, late: lost })
  const grantDb = openDb(join(values['paths.state'], 'grants.db'), { appendOnly: [GRANT_TABLE] })
  const grants = new GrantBook({
    store: sqliteGrantStore(grantDb),
    signer: keys.signer('grant'),
    retired: retiredGrantKeys,
    engine,
    takenBack: takenBack(ledger, now()),
    now: now(),
  })
  const workspaces = new WorkspaceBook(values['paths.state'], (list) => engine.setWorkspaces(list))
  const { identify } = createIdentity({ ownerUid: process.getuid?.() ?? -1 })

  // contain
  const stops = createStopStore(values['paths.state'])
  const evidence = (who: Principal, action: Action) => engine.decide(who, action, now()).evidence
  const contained = createContainment({ read: stops.read, evidence })

  // gate
  const judge = (who: Principal, action: Action) =>
    contained(who, action) ?? engine.decide(who, action, now())
  const permits = new PermitBook({
    key: keys.secret('permit'),
    lifetimeMs: values['permit.lifetime'],
    now,
    refused: (refusal) => void append(refusalEvent(refusal)).catch(lost),
    settled: (claims, outcome) => outcomes.write(outcomeEvent(claims, outcome)),
  })
  const rooms: Rooms = {
    identify,
    inspect: async (_who, action) => inspect(action),
    contained,
    decide: (who, action) => engine.decide(who, action, now()),
    ask: async (_who, _action, decision) => refuseUnanswered(decision),
    record: createRecorder({ log: { append }, permits, newId, epoch: () => engine.epoch(), judge }),
  }
  const acts = createActs({ rooms, permits, monotonicMs })

  // enforce: the doors, last
  const agents = new Map<string, string>() // of the runs that go on, by run
  const spawns = await startSpawnWatch({
    onSpawn: (record) => void append(spawnEvent(record, agents.get(record.runId) ?? 'unknown')).catch(lost),
    onLost: () => log.warn('the kernel dropped process events: some programs began without a record'),
    now,
  })
  const driver = createBubblewrapDriver({ native: openNative(), others: async () => [spawns.state] })
  const registry = fileRegistry(join(values['paths.runtime'], 'runs'))
  const door = createSandboxDoor({
    driver,
    desk: permits,
    clock,
    registry,
    onStart: started,
    onBuilt: (runId, init) => spawns.watch(runId, init),
    onEnd: ({ runId }) => {
      spawns.forget(runId)
      agents.delete(runId)
    },
  })
  const halt = async (agent: string | undefined, why: string): Promise<HaltedRun[]> =>
    (await door.halt(agent === undefined ? {} : { agent }, why)).map((receipt) => ({ ...receipt }))
  const profiles = () => loadProfiles(values['profiles.dir'])
  const plan = createPlanner({
    redact: redactSecrets,
    engine,
    grants,
    profiles,
    home,
    now,
    socketDirectory: join(values['paths.runtime'], 'agents'),
    own,
    seccompDigest: seccompDigestHere,
    listenAgent: options.listenAgent,
    useWorkspace: (agent, path) => workspaces.use(agent, path, now()),
  })
  const grantRoutes = grantHandlers({ grants, acts, now, redact: redactSecrets, ended: grantEnded })
  const runs: Runs = new Runs({
    rooms,
    permits,
    plan,
    open: (permit, spec, start) => {
      agents.set(start.runId, start.agent)
      return door.open(permit, spec, start)
    },
    refused: async (who, action, error) => void (await append(planEvent(who, action, error)).catch(lost)),
    addGrant: async (credential, { agent = '', grantFor, reason }, capability) => {
      const input = { principal: agent, capability, reason: reason ?? 'given when the agent was started' }
      await grantRoutes.grantAdd(grantFor === undefined ? input : { ...input, duration: grantFor }, {
        credential,
        signal: AbortSignal.timeout(60_000),
      })
    },
    forgetAfterMs: values['permit.lifetime'] + 1000,
  })

  const handlers: Handlers = {
    ...statusHandlers({
      version,
      profile: values.profile,
      startedAt: now(),
      now,
      stops,
      engine,
      policyFile: policyFile.path,
      policyProblem: () => policyFile.problem(),
      grants,
      ledger,
      ledgerDirectory: values['audit.directory'],
      witness: values['audit.witness'],
      probe: () => driver.probe(),
      socket: options.socketFacts,
      runs,
    }),
    ...grantRoutes,
    ...policyHandlers({
      engine,
      engineOptions,
      rooms,
      acts,
      now,
      file: policyFile.path,
      reload: () => policyFile.load(),
      checkContext: () => checkContext(driver, places, home),
    }),
    ...auditHandlers({
      ledger,
      acts,
      origin,
      archiveRecipients: values['audit.archive_recipients'],
    }),
    ...sandboxHandlers({ runs, plan, driver, profiles, rooms }),
    ...stopHandlers({ stops, permits, acts, now, halt, record: (event) => outcomes.write(event) }),
  }
  await append(startEvent(version))
  const stopHousekeeping = await keepHouse({
    engine,
    ledger,
    stops,
    runs,
    append,
    outcomes,
    now,
    log,
    archiveRecipients: values['audit.archive_recipients'],
  })
  return {
    handlers,
    rooms,
    runs,
    attachRun: async (permit) => attachedRun(await runs.open(permit), (agent) => stopReason(stops, agent)),
    reloadPolicy: async () =>
      void (await handlers.policyReload(
        {},
        { credential: { kind: 'peer' }, signal: AbortSignal.timeout(10_000) },
      )),
    notForAgent: async (agent, call) => void (await append(notForAgentEvent(agent, call)).catch(lost)),
    isBusy: () => runs.live().length > 0,
    close: async () => {
      stopHousekeeping()
      await door.close('the daemon is ending')
      await spawns.close()
      await ledger.close()
      grantDb.close()
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
