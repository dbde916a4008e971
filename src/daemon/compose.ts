import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { createContainment, createStopStore, type HaltedRun, type StopStore } from '../contain/stop/index.ts'
import type { Action } from '../core/action.ts'
import { KnownError, messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Principal } from '../core/principal.ts'
import { refuseUnanswered } from '../decide/approval/index.ts'
import { createIdentity } from '../decide/identity/index.ts'
import { inspect } from '../decide/inspect/index.ts'
import {
  GRANT_TABLE,
  GrantBook,
  PolicyEngine,
  sqliteGrantStore,
  type CheckContext,
  type Grant,
} from '../decide/policy/index.ts'
import {
  createBubblewrapDriver,
  fileRegistry,
  loadProfiles,
  createSandboxDoor,
  seccompDigestHere,
  startSpawnWatch,
  type Running,
  type SpawnRecord,
} from '../enforce/sandbox/index.ts'
import {
  createRecorder,
  outcomeEvent,
  PermitBook,
  type GateEvent,
  type Refusal,
  type Rooms,
} from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDb } from '../platform/db.ts'
import { ensurePrivateDirectory } from '../platform/files.ts'
import { bugFields, type Log } from '../platform/log.ts'
import { openNative } from '../platform/native.ts'
import type { Listener } from '../platform/unix-socket.ts'
import { openLedger, originOf, type AuditEvent } from '../record/audit/index.ts'
import { openKeys } from '../record/sign/index.ts'
import { createActs } from './acts.ts'
import type { AttachedRun } from './attach.ts'
import { attachedRun } from './attached.ts'
import type { Handlers } from './http/app.ts'
import { auditHandlers } from './http/audit.ts'
import { grantHandlers } from './http/grants.ts'
import { policyHandlers } from './http/policy.ts'
import { sandboxHandlers } from './http/sandbox.ts'
import { statusHandlers } from './http/status.ts'
import { haltEvent, stopHandlers } from './http/stop.ts'
import { createPlanner } from './plan.ts'
import { PolicyFile } from './policy-file.ts'
import { Runs } from './runs.ts'
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
  attachRun(permit: string): Promise<AttachedRun>
  reloadPolicy(): Promise<void>
  isBusy(): boolean
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

  // record
  const keys = openKeys(values['paths.keys'], { apartFrom: [values['audit.directory']], now })
  const hostId = hostIdOf()
  const ledger = await openLedger({
    directory: values['audit.directory'],
    hostId,
    signer: keys.signer('checkpoint'),
    trustedKeys: keys.publicKeys('checkpoint').map(({ publicKey }) => publicKey),
    ...(values['audit.witness'] === undefined ? {} : { witnessPath: values['audit.witness'] }),
    clock,
    maxSegmentBytes: values['audit.segment_size'],
    checkpointEntries: values['audit.checkpoint_every'],
    checkpointMs: values['audit.checkpoint_interval'],
  })
  const append = (event: GateEvent) => ledger.append(event satisfies AuditEvent)

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
  const grantDb = openDb(join(values['paths.state'], 'grants.db'), { appendOnly: [GRANT_TABLE] })
  const grants = new GrantBook({
    store: sqliteGrantStore(grantDb),
    signer: keys.signer('grant'),
    engine,
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
    settled: async (claims, outcome) => void (await append(outcomeEvent(claims, outcome))),
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
  const spawns = await startSpawnWatch({
    onSpawn: (record) => void append(spawnEvent(record, agentOf(record.runId))).catch(lost),
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
    onEnd: ({ runId }) => spawns.forget(runId),
  })
  const halt = async (agent: string | undefined, why: string): Promise<HaltedRun[]> =>
    (await door.halt(agent === undefined ? {} : { agent }, why)).map((receipt) => ({ ...receipt }))
  const profiles = () => loadProfiles(values['profiles.dir'])
  const plan = createPlanner({
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
  const grantRoutes = grantHandlers({ grants, acts, now, ended: grantEnded })
  const runs: Runs = new Runs({
    rooms,
    permits,
    plan,
    open: (permit, spec, start) => door.open(permit, spec, start),
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
  const watch = setInterval(
    () =>
      void tick().catch((error: unknown) => log.error(`housekeeping: ${messageOf(error)}`, bugFields(error))),
    1000,
  )

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
      checkContext: () => checkContext(places, home),
    }),
    ...auditHandlers({
      ledger,
      acts,
      origin: originOf(hostId),
      archiveRecipients: values['audit.archive_recipients'],
    }),
    ...sandboxHandlers({ runs, plan, driver, profiles, rooms }),
    ...stopHandlers({ stops, permits, acts, now, halt, record: append }),
  }
  await recordStart(append, version)
  await tick()
  return {
    handlers,
    rooms,
    runs,
    attachRun: async (permit) => attachedRun(await runs.open(permit)),
    reloadPolicy: async () =>
      void (await handlers.policyReload(
        {},
        { credential: { kind: 'peer' }, signal: AbortSignal.timeout(10_000) },
      )),
    isBusy: () => runs.live().length > 0,
    close: async () => {
      clearInterval(watch)
      await door.close('the daemon is ending')
      await spawns.close()
      await ledger.close()
      grantDb.close()
    },
  }

  /** Takes over what happened without us, frees what has ended, and ends what must not go on. */
  async function tick(): Promise<void> {
    if (ledger.health().ok) await stops.takeNotes(async (line) => void (await append(noteEvent(line))))
    for (const id of engine.sweep(now())) await runs.endUsersOf(id, 'a grant this run was given has expired')
    for (const { running } of runs.live()) await endIfStoppedNow(running, stops)
  }

  async function grantEnded(grant: Grant): Promise<void> {
    await runs.endUsersOf(grant.id, `grant ${grant.id} was taken back`)
  }

  function agentOf(runId: string): string {
    return door.running({ runId })[0]?.agent ?? 'unknown'
  }

  function started(run: Running): void {
    spawns.watch(run.runId, run.init)
    // a stop that came while the sandbox was being built found nothing to end
    void endIfStoppedNow(run, stops).catch((error: unknown) =>
      log.error(`a stopped run was not ended: ${messageOf(error)}`),
    )
  }

  function lost(error: unknown): void {
    log.error(`not recorded: ${messageOf(error)}`)
  }
}

async function endIfStoppedNow(run: Running, stops: StopStore): Promise<void> {
  let reason: string | undefined
  try {
    const { all, agents } = stops.read()
    reason = (all ?? agents[run.agent])?.reason
  } catch (error) {
    reason = messageOf(error) // a stop file that cannot be read stops everything
  }
  if (reason !== undefined) await run.kill(`stopped: ${reason}`)
}

function checkContext(places: NonNullable<CheckContext['places']>, home: string): CheckContext {
  return {
    host: { sandbox: { pathRules: true, perFileDeny: true }, egress: false },
    places,
    variables: { HOME: home },
  }
}

/** Names this host in checkpoints without telling its name to whoever reads them. */
function hostIdOf(): string {
  return createHash('sha256').update(`warder host ${hostname()}`).digest('hex').slice(0, 16)
}

async function recordStart(append: (event: GateEvent) => Promise<unknown>, version: string): Promise<void> {
  await append({
    ...BARE,
    event_type: 'system',
    action: 'daemon:start',
    target: version,
    result: 'success',
    details: { pid: process.pid },
  })
}

const BARE = {
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: '',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'low',
  rule: '',
  target: '',
  details: {},
} as const

/** A program that began inside a run: the run's permit allowed it, the kernel told of it. */
function spawnEvent({ runId, pid, argv, program }: SpawnRecord, agent: string): GateEvent {
  return {
    ...BARE,
    event_type: 'tool_call',
    agent,
    action: 'process:spawn',
    target: program ?? '',
    layer: 'sandbox',
    result: 'success',
    rule: 'sandbox.spawn',
    details: {
      run: runId,
      pid,
      command: (argv ?? ['(ended before it could be looked at)']).join(' ').slice(0, 2000),
    },
  }
}

/** A permit that opened nothing: forged, used, expired, for something else, or overtaken. */
function refusalEvent({ code, what, door, claims }: Refusal): GateEvent {
  const [namespace = 'permit', verb = 'redeem', ...rest] = claims?.action.split(':') ?? []
  return {
    ...BARE,
    event_type: 'authentication',
    agent: claims?.principal ?? 'unknown',
    action: `${namespace}:${verb}`,
    target: rest.join(':'),
    decision: 'deny',
    decision_id: claims?.decision ?? '',
    layer: 'permit',
    permit_id: claims?.id ?? '',
    reason: what,
    request_id: claims?.request ?? '',
    result: 'denied',
    risk_level: 'high',
    rule: code,
    details: { door },
  }
}

/** A run that could not even be planned: refused by the sandbox, before the gate was asked. */
function planEvent(who: Principal, action: Omit<Action, 'bytes'>, error: unknown): GateEvent {
  return {
    ...BARE,
    event_type: action.namespace === 'agent' ? 'agent' : 'tool_call',
    agent: who.id,
    action: `${action.namespace}:${action.verb}`,
    target: action.resource,
    decision: 'deny',
    layer: 'sandbox',
    reason: messageOf(error),
    result: 'denied',
    risk_level: action.risk,
    rule: error instanceof KnownError ? error.code : 'error',
  }
}

/** What `warder stop` did while no daemon could record it. */
function noteEvent(line: unknown): GateEvent {
  const { agent, reason, at, receipts } = line as {
    agent?: string
    reason: string
    at: string
    receipts: HaltedRun[]
  }
  const [receipt] = receipts
  const failed = receipts.some(({ processesAfter }) => processesAfter !== 0)
  const base = receipt === undefined ? BARE : haltEvent(receipt, '', reason)
  return {
    ...base,
    event_type: 'containment',
    agent: 'owner',
    action: 'agent:stop',
    target: agent ?? '*',
    layer: 'containment',
    rule: 'containment.halt',
    reason,
    result: failed ? 'failure' : 'success',
    risk_level: 'medium',
    details: {
      at,
      without_daemon: true,
      runs: receipts.length,
      processes_before: receipts.reduce((sum, { processesBefore }) => sum + Math.max(0, processesBefore), 0),
    },
  }
}
