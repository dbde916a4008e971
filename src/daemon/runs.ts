import type { RunInput } from '../api/endpoints.ts'
import type { Action } from '../core/action.ts'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Permit, PermitClaims } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import type { z } from 'zod'
import type { Running, SandboxSpec, TerminalSize } from '../enforce/sandbox/index.ts'
import { pass, permitOf, type Credential, type PermitBook, type Rooms, type Verdict } from '../gate/index.ts'
import { Made } from './made.ts'
import { ratedAction } from './command-risk.ts'
import { askNamed } from './named-paths.ts'
import { aboutOf } from './run-about.ts'
import { withinMs, type Settlements } from './settlements.ts'
import type { Claim } from './workspaces.ts'

export const RUN_ERRORS = {
  RUN_AGENT_UNNAMED: { kind: 'invalid', meaning: 'a run needs the name of its agent' },
  RUN_UNKNOWN: {
    kind: 'missing',
    meaning: 'the permit is for a run nobody prepared, or one that was forgotten',
  },
} as const satisfies ErrorCatalogue

export class RunError extends KnownError<typeof RUN_ERRORS> {
  override readonly name = 'RunError'
}

export type RunRequest = z.output<typeof RunInput>

/** Exactly what will be done, once the gate has said yes. */
export interface Plan {
  readonly spec: SandboxSpec
  /** The directory it works in, resolved. */
  readonly workspace: string
  /** The agent whose own that directory becomes. */
  readonly workspaceOf?: string
  /** What a person should know before it starts. */
  readonly notes: readonly string[]
  /** The grants that make the sandbox wider than its profile; when one ends, the run ends. */
  readonly grants: readonly string[]
  /** Who runs, as far as it goes on record. */
  readonly identity?: Readonly<Record<string, string>>
  /** Whether policy and grants still say what the plan was made from. */
  stillHolds(): boolean
  /** Frees what was made for the plan, such as the agent's socket. */
  dispose(): Promise<void>
}

export interface Prepared {
  readonly runId: string
  readonly agent: string
  readonly verdict: Verdict
  readonly permit: Permit
  readonly plan: Plan
  /** Called once it has begun. @throws when what must outlive it could not be written */
  readonly begun: () => void
  /** Takes back what was made for it alone, when it does not begin. */
  readonly takeBack: () => Promise<void>
}

export interface RunsOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  /** Turns a request into a plan. @throws SandboxError when it cannot be shown or enforced; that is a refusal too */
  readonly plan: (request: RunRequest, who: Principal, runId: string) => Promise<Plan>
  /** The door: spends the permit, then starts. */
  readonly open: (
    permit: Permit,
    spec: SandboxSpec,
    options: { runId: string; agent: string; workspace: string; terminal?: TerminalSize },
  ) => Promise<Running>
  /** Records a refusal that no decision made: a plan that could not be. */
  readonly refused: (who: Principal, action: Omit<Action, 'bytes'>, error: unknown) => Promise<void>
  /** The capabilities a run is to be given, those its secrets need among them. */
  readonly grantsOf: (request: RunRequest) => readonly string[]
  /** Owner's words for the run's own grants. @returns the grant's id */
  readonly addGrant: (credential: Credential, request: RunRequest, capability: string) => Promise<string>
  /** Takes such a grant back, on record. */
  readonly withdrawGrant: (id: string, by: Principal, why: string) => Promise<void>
  /** Makes a directory an agent's, for the time being. */
  readonly claimWorkspace: (agent: string, path: string) => Claim
  readonly settlements: Settlements
  /** Told of each run that has begun. */
  readonly began: (running: Running, request: RunRequest) => void
  /** Told of what could not be taken back. */
  readonly bug: (error: unknown) => void
  readonly forgetAfterMs: number
}

/** How long the end of a run waits to be on record before it is told all the same. */
const RECORD_WAIT_MS = 2000

export interface LiveRun {
  readonly running: Running
  readonly workspace: string
  readonly grants: readonly string[]
  readonly spec: SandboxSpec
}

/** Runs, from the question to the end. A plan is kept only as long as its permit can be spent. */
export class Runs {
  readonly #options: RunsOptions
  readonly #prepared = new Map<
    string,
    Prepared & { readonly request: RunRequest; readonly timer: NodeJS.Timeout }
  >()
  readonly #live = new Map<string, LiveRun>()
  readonly #recorded = new WeakMap<Running, Promise<boolean>>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  /** Plans, asks the gate, and keeps the plan for whoever comes with the permit. @throws DeniedError, SandboxError */
  async prepare(credential: Credential, request: RunRequest): Promise<Prepared> {
    const made = new Made(this.#options.bug)
    agentOf(request) // before anything is given to nobody
    try {
      await this.#giveGrants(credential, request, made)
      const prepared = await this.#ask(credential, request, made)
      const { permit } = prepared
      const timer = setTimeout(() => this.#forget(permit), this.#options.forgetAfterMs).unref()
      this.#prepared.set(permit.claims.id, { ...prepared, request, timer })
      return prepared
    } catch (error) {
      await made.takeBack()
      throw error
    }
  }

  async #giveGrants(credential: Credential, request: RunRequest, made: Made): Promise<void> {
    const { rooms, addGrant, withdrawGrant, grantsOf } = this.#options
    for (const capability of grantsOf(request)) {
      const id = await addGrant(credential, request, capability)
      const by = rooms.identify(credential)
      made.add(() => withdrawGrant(id, by, 'the run it was given for did not begin'))
    }
  }

  async #ask(credential: Credential, request: RunRequest, made: Made): Promise<Prepared> {
    const { rooms } = this.#options
    const asking = request.kind === 'exec' ? speaker(credential, request.agent) : credential
    const who = rooms.identify(asking)
    const agent = agentOf(request, who)
    const runId = newId()
    await askNamed([request.workspace, ...request.argv], request.cwd ?? request.workspace, '/')
    const { plan, claim } = await this.#plan(request, who, runId, made)
    const asked = {
      ...actionFor(request, agent, plan.spec.argv[0] ?? ''),
      bytes: plan.spec.digest,
      about: aboutOf(plan, runId),
    }
    const action = await ratedAction(asked, { ...plan.spec, workspace: plan.workspace }, plan.spec)
    const verdict = await pass({ id: newId(), credential: asking, action, door: 'sandbox' }, rooms)
    const permit = permitOf(verdict)
    return {
      ...{ runId, agent, verdict, permit, plan },
      begun: () => claim?.keep(),
      takeBack: () => made.takeBack(),
    }
  }

  async #plan(
    request: RunRequest,
    who: Principal,
    runId: string,
    made: Made,
  ): Promise<{ plan: Plan; claim?: Claim }> {
    const { refused, claimWorkspace } = this.#options
    try {
      const plan = await this.#options.plan(request, who, runId)
      made.add(() => plan.dispose())
      if (plan.workspaceOf === undefined) return { plan }
      // before the gate is asked, for rules speak of workspaces
      const claim = claimWorkspace(plan.workspaceOf, plan.workspace)
      made.add(() => claim.drop())
      return { plan, claim }
    } catch (error) {
      await refused(who, actionFor(request, agentOf(request, who), request.argv[0] ?? ''), error)
      throw error
    }
  }

  /** Spends the permit behind a token and starts what was planned. @throws PermitError, SandboxError, RunError */
  async open(token: string): Promise<Running> {
    const permit = this.#options.permits.find(token, 'sandbox')
    const prepared = this.#prepared.get(permit.claims.id)
    if (prepared === undefined) {
      // a spent permit is told as such, not hidden behind "unknown"
      this.#options.permits.check(permit, 'sandbox', permit.claims.bytes)
      throw new RunError(RUN_ERRORS, 'RUN_UNKNOWN', {
        what: 'nothing was prepared for that permit',
        fix: 'ask for the run again',
      })
    }
    clearTimeout(prepared.timer)
    this.#prepared.delete(permit.claims.id)
    // the decision was about starting the agent: what the sandbox shows came from rules and grants that may be gone
    if (!holds(prepared.plan)) {
      const isThis = (claims: PermitClaims): boolean => claims.id === permit.claims.id
      this.#options.permits.cancel(isThis, 'a rule or grant the sandbox was planned with has changed')
    }
    return await this.start(prepared, prepared.request)
  }

  /** Starts a prepared run at once; the library's way, where no token crosses a border. */
  async start(prepared: Prepared, request: RunRequest): Promise<Running> {
    const { plan, runId } = prepared
    const running = await this.#begin(prepared, request)
    this.#live.set(runId, { running, workspace: plan.workspace, grants: plan.grants, spec: plan.spec })
    this.#options.began(running, request)
    running.exit
      .then(() => {
        this.#live.delete(runId)
        return plan.dispose()
      })
      .catch(() => undefined) // a socket that would not close must not end the daemon with every other run
    // a revocation that came while this was being built found no run to end; a run that cannot be ended is an error
    if (!holds(plan)) await running.kill('a rule or grant the sandbox was planned with has changed')
    return running
  }

  async #begin(prepared: Prepared, request: RunRequest): Promise<Running> {
    const { permit, plan, runId, agent } = prepared
    const { terminal } = request
    const at = { runId, agent, workspace: plan.workspace, ...(terminal === undefined ? {} : { terminal }) }
    const settled = this.#options.settlements.expect(permit.claims.id)
    let running: Running | undefined
    try {
      running = await this.#options.open(permit, plan.spec, at)
      this.#recorded.set(running, settled)
      prepared.begun()
      return running
    } catch (error) {
      await running?.kill('what it needs to be on record could not be written').catch(this.#options.bug)
      this.#options.settlements.tell(permit.claims.id, false) // refused at the door, it is never settled
      await prepared.takeBack()
      throw error
    }
  }

  /** Once a run has ended: whether that is on record, as far as can be waited for. */
  async isRecorded(running: Running): Promise<boolean> {
    return await withinMs(this.#recorded.get(running) ?? Promise.resolve(true), RECORD_WAIT_MS)
  }

  live(): readonly LiveRun[] {
    return [...this.#live.values()]
  }

  /** Ends every run that was made wider by this grant. */
  async endUsersOf(grant: string, why: string): Promise<number> {
    const users = this.live().filter(({ grants }) => grants.includes(grant))
    await Promise.all(users.map(({ running }) => running.kill(why)))
    return users.length
  }

  #forget(permit: Permit): void {
    const prepared = this.#prepared.get(permit.claims.id)
    this.#prepared.delete(permit.claims.id)
    void prepared?.takeBack()
  }
}

/** A plan that cannot be judged again counts as overtaken, and is disposed of like one. */
function holds(plan: Plan): boolean {
  try {
    return plan.stillHolds()
  } catch {
    return false
  }
}

/** Who runs: the named agent, or for a command somebody gives directly, who gives it: `owner`, or a guest. */
function agentOf(request: RunRequest, who?: Principal): string {
  if (request.agent !== undefined) return request.agent
  if (request.kind === 'exec') return who?.id ?? 'owner'
  throw new RunError(RUN_ERRORS, 'RUN_AGENT_UNNAMED', {
    what: 'the run names no agent',
    fix: 'name it: warder run --agent NAME -- …',
  })
}

/** Only the owner may speak for an agent; an agent or a guest that names another is still itself. */
export function speaker(credential: Credential, as: string | undefined): Credential {
  const isOwner = credential.kind === 'peer' || credential.kind === 'library'
  return as === undefined || !isOwner ? credential : { ...credential, as }
}

function actionFor(request: RunRequest, agent: string, program: string): Omit<Action, 'bytes'> {
  const named =
    request.kind === 'run'
      ? { namespace: 'agent', verb: 'start', resource: agent }
      : { namespace: 'process', verb: 'spawn', resource: program }
  return { ...named, risk: 'medium', ...(request.reason === undefined ? {} : { reason: request.reason }) }
}
